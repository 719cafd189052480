/**
 * Whether an address may be given to a browser as the payment page: https at wx.tenpay.com, or at a configured host by
 * its own scheme, and not the page of an order without prepay_id, which a refused answer carries.
 */
export function isMwebUrl(text: string, hosts: readonly URL[]): boolean {
  if (text.length > 2_000 || !/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.searchParams.get('prepay_id') === '') return false;
  return url.origin === 'https://wx.tenpay.com' || hosts.some((host) => host.origin === url.origin);
}
