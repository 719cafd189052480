import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

const BLOCK = 16;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Encrypts the content of a refund notification: AES-256-ECB with PKCS#7 padding, Base64.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_16.
 */
export function encryptReqInfo(content: string, apiKey: string): string {
  return encryptEcb(content, reqInfoKey(apiKey));
}

/** Decrypts the content of a refund notification. Undefined for everything that this key did not encrypt. */
export function decryptReqInfo(reqInfo: string, apiKey: string): Buffer | undefined {
  return decryptEcb(reqInfo, reqInfoKey(apiKey));
}

/**
 * The AES key of refund notifications: the lower-case hexadecimal MD5 of the API key, whose 32 characters are the 32
 * bytes (they are not decoded).
 */
export function reqInfoKey(apiKey: string): Buffer {
  return Buffer.from(createHash('md5').update(apiKey, 'utf8').digest('hex'), 'latin1');
}

export function encryptEcb(content: string, key: Buffer): string {
  const cipher = createCipheriv('aes-256-ecb', key, null);
  return Buffer.concat([cipher.update(content, 'utf8'), cipher.final()]).toString('base64');
}

export function decryptEcb(text: string, key: Buffer): Buffer | undefined {
  if (!BASE64.test(text) || text.length % 4 !== 0) return undefined;
  const encrypted = Buffer.from(text, 'base64');
  if (encrypted.length === 0 || encrypted.length % BLOCK !== 0) return undefined;
  // One message has one text: bits that decoding drops must be zero.
  if (encrypted.toString('base64') !== text) return undefined;
  // The padding is checked here: OpenSSL would throw, which takes its own time and tells wrong padding apart.
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(encrypted), decipher.final()]);
  const length = paddingLength(padded);
  return length === undefined ? undefined : padded.subarray(0, padded.length - length);
}

/** Looks at the whole last block whatever it holds. */
function paddingLength(padded: Buffer): number | undefined {
  const last = padded[padded.length - 1] ?? 0;
  let wrong = Number(last < 1) | Number(last > BLOCK);
  for (let back = 1; back <= BLOCK; back++) {
    const byte = padded[padded.length - back] ?? 0;
    wrong |= Number(back <= last) & Number(byte !== last);
  }
  return wrong === 0 ? last : undefined;
}
