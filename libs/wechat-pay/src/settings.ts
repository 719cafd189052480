import { InvalidRequest } from './invalid-request.ts';
import { type MerchantKeys } from './judge.ts';

/** Checks the merchant's identity and key by their documented forms. @throws InvalidRequest without any value. */
export function checkMerchant({ appid, mchId, apiKey }: MerchantKeys): void {
  if (!/^[0-9A-Za-z]{1,32}$/.test(appid)) throw new InvalidRequest('appid', 'is not 1 to 32 letters and digits');
  if (!/^[0-9]{1,32}$/.test(mchId)) throw new InvalidRequest('mch_id', 'is not 1 to 32 digits');
  if (!/^[0-9A-Za-z]{32}$/.test(apiKey)) throw new InvalidRequest('API key', 'is not 32 letters and digits');
}

/**
 * Checks where notifications go: an absolute URL of at most 256 bytes without query, fragment, login or blanks; with
 * any of these WeChat Pay sends none.
 * @throws InvalidRequest
 */
export function checkNotifyUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = /^https?:\/\/[\x21-\x7e]+$/.test(text) && !/[?#]/.test(text) && Buffer.byteLength(text) <= 256;
  if (url === undefined || !plain || url.username !== '' || url.password !== '')
    throw new InvalidRequest('notify_url', 'is not an http(s) URL of at most 256 bytes without query and login');
}

// Hosts that may be spoken to without TLS: a simulator on this machine, or the one in the compose network, which has
// this name there.
const PLAIN_HOSTS = /^(?:localhost|simulator|\[::1\]|127(?:\.\d{1,3}){3})$/;

/**
 * The base URL, which must be https except for a simulator: answers are signed, but requests and answers are nobody
 * else's business, and an unsigned refusal is only as good as the connection.
 * @throws InvalidRequest
 */
export function checkedBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new InvalidRequest('base URL', 'is not a URL without query and login');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && PLAIN_HOSTS.test(url.hostname)))
    throw new InvalidRequest('base URL', 'must be https (http only for a simulator)');
  return url;
}
