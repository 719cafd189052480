import { createCipheriv, createHash } from 'node:crypto';

/**
 * Encrypts the content of a refund notification: AES-256-ECB, where the 32 characters of the lower-case hex MD5 of the
 * API key are the key bytes (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_16).
 */
export function encryptReqInfo(plain: string, apiKey: string): string {
  const key = createHash('md5').update(apiKey).digest('hex');
  const cipher = createCipheriv('aes-256-ecb', key, null);
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}
