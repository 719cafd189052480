const CODE_URL = /^weixin:\/\/[\x21-\x7e]{1,500}$/;

/**
 * Whether a text may be shown as a payment code: `weixin://` and printable ASCII without blanks. Any other scheme in a
 * QR code would lead buyers somewhere else.
 */
export function isCodeUrl(text: string): boolean {
  return CODE_URL.test(text);
}
