/**
 * What the cashier page is open in: inside WeChat, in another browser of a phone, or on a desk where a phone scans. Only
 * what is offered first depends on it; a browser that hides its name gets the code, which works everywhere.
 */
export type Device = 'desk' | 'mobile' | 'wechat';

/** @param userAgent as the browser sends it */
export function deviceOf(userAgent: string | undefined): Device {
  if (userAgent === undefined) return 'desk';
  if (/\bMicroMessenger\//.test(userAgent)) return 'wechat';
  return /\b(iPhone|iPod)\b|\bAndroid\b.*\bMobile\b|\bMobile\b.*\bFirefox\b/.test(userAgent) ? 'mobile' : 'desk';
}
