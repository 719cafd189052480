import { createHmac, timingSafeEqual } from 'node:crypto';

/** A link outlives its order by this, so that the buyer still sees how it ended. */
const VALID_AFTER_EXPIRY_SECONDS = 7 * 24 * 60 * 60;
const MAX_TOKEN = 128;

const tokenOf = (secret: string, orderNo: string, expiry: number): string => {
  const mac = createHmac('sha256', secret).update(`paypair.pay-link|${orderNo}|${expiry}`).digest('base64url');
  return `${Buffer.from(String(expiry)).toString('base64url')}.${mac}`;
};

/**
 * The `t` of a pay link: `base64url(last valid second) + '.' + base64url(HMAC-SHA256)`. Whoever holds it may see this
 * one order and pay it, nothing else.
 *
 * @param expiresAt of the order; the link stays valid for seven days longer
 */
export const signPayLink = (secret: string, orderNo: string, expiresAt: Date): string =>
  tokenOf(secret, orderNo, Math.floor(expiresAt.getTime() / 1000) + VALID_AFTER_EXPIRY_SECONDS);

/** Checks a token for one order in constant time. Only a genuine one is called expired. */
export function openPayLink(
  secret: string,
  token: string,
  orderNo: string,
  now: Date,
): 'valid' | 'expired' | 'invalid' {
  const expiry = Buffer.from(token.slice(0, MAX_TOKEN).split('.', 1)[0] ?? '', 'base64url').toString('latin1');
  if (token.length > MAX_TOKEN || !/^[1-9][0-9]{0,11}$/.test(expiry)) return 'invalid';
  const given = Buffer.from(token);
  const genuine = Buffer.from(tokenOf(secret, orderNo, Number(expiry)));
  if (given.length !== genuine.length || !timingSafeEqual(given, genuine)) return 'invalid';
  return now.getTime() <= Number(expiry) * 1000 ? 'valid' : 'expired';
}
