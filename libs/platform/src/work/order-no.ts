import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O, U, and in the order of ASCII, so that text order is number order. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 9;
const RANDOM_CHARACTERS = 13;

const encode = (value: bigint, length: number): string => {
  let text = '';
  for (let rest = value, i = 0; i < length; i += 1, rest >>= 5n) text = `${ALPHABET.charAt(Number(rest & 31n))}${text}`;
  return text;
};

/**
 * A new order number: 9 characters of time in milliseconds and 13 of randomness (65 bits), so 22 of `[0-9A-Z]`. Sorted
 * as text it is sorted by time, which keeps inserts at the end of the index; it cannot be guessed from another one.
 */
export function newOrderNo(now: Date = new Date(), random: (bytes: number) => Buffer = randomBytes): string {
  const noise = BigInt(`0x${random(9).toString('hex')}`);
  return encode(BigInt(now.getTime()), TIME_CHARACTERS) + encode(noise, RANDOM_CHARACTERS);
}
