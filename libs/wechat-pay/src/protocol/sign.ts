import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Fields } from './fields.ts';

/** The two signing algorithms of API v2, by their name on the wire. */
export type SignType = 'MD5' | 'HMAC-SHA256';

const SIGN = /^(?:[0-9A-F]{32}|[0-9A-F]{64})$/;

/**
 * The text that is signed: all fields but `sign` with a non-empty value, sorted by the bytes of their names, joined
 * raw (no trimming, no URL or XML escapes), and the API key at the end.
 * Source: pay.weixin.qq.com/doc/v2/merchant/4011985891.
 */
export function stringToSign(fields: Readonly<Fields>, apiKey: string): string {
  let text = '';
  // The default sort compares UTF-16 units, which for the ASCII names of this protocol is byte order; a locale's
  // order would be wrong.
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (name === 'sign' || value === undefined || value === '') continue;
    text += `${name}=${value}&`;
  }
  return `${text}key=${apiKey}`;
}

/**
 * Signs fields: 32 (MD5) or 64 (HMAC-SHA256) upper-case hexadecimal digits. A `sign` among the fields is left out.
 * For HMAC too the message ends with `&key=…`; the published example is only reached that way.
 * Source: pay.weixin.qq.com/doc/v2/merchant/4011985891.
 * @throws TypeError when the key is empty: such a signature would prove nothing.
 */
export function signFields(fields: Readonly<Fields>, apiKey: string, signType: SignType): string {
  if (apiKey === '') throw new TypeError('the API key is empty');
  const digest = signType === 'MD5' ? createHash('md5') : createHmac('sha256', apiKey);
  return digest.update(stringToSign(fields, apiKey), 'utf8').digest('hex').toUpperCase();
}

/**
 * Verifies `sign` over all received fields, known or not, in constant time. The length of the sign tells its
 * algorithm: WeChat Pay mostly leaves `sign_type` out of what it sends, and a message must not choose how it is
 * checked. `allowed` restricts, so that MD5 can be refused to a merchant who signs with HMAC only.
 * @returns the algorithm that fits, or undefined: no sign, wrong form, algorithm not allowed, wrong sign.
 */
export function verifyFields(
  fields: Readonly<Fields>,
  apiKey: string,
  allowed: readonly SignType[],
): SignType | undefined {
  const sign = fields['sign'];
  if (sign === undefined || !SIGN.test(sign)) return undefined;
  const signType: SignType = sign.length === 64 ? 'HMAC-SHA256' : 'MD5';
  if (!allowed.includes(signType)) return undefined;
  const expected = Buffer.from(signFields(fields, apiKey, signType), 'latin1');
  return timingSafeEqual(expected, Buffer.from(sign, 'latin1')) ? signType : undefined;
}
