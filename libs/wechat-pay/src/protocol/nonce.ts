import { randomBytes } from 'node:crypto';

/** An unpredictable `nonce_str`: 32 characters, digits and lower-case letters. */
export function nonceStr(): string {
  return randomBytes(16).toString('hex');
}
