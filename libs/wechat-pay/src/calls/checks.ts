import { InvalidRequest } from '../invalid-request.ts';
import {
  beijingTime,
  isOutTradeNo,
  isSendable,
  isTransactionId,
  MAX_FEN,
  nonceStr,
  type SignType,
} from '../protocol/index.ts';

// What may be sent, checked field by field. Every function gives the text for the wire or throws InvalidRequest.

/** Text within limits counted in bytes, of characters that WeChat Pay carries. */
export function text(field: string, value: string | undefined, minBytes: number, maxBytes: number): string {
  // Plain JavaScript can leave out what the types demand.
  if (typeof value !== 'string') throw new InvalidRequest(field, 'is not a text');
  const bytes = Buffer.byteLength(value);
  if (bytes < minBytes || bytes > maxBytes)
    throw new InvalidRequest(field, `has ${bytes} bytes, allowed are ${minBytes} to ${maxBytes}`);
  if (!isSendable(value)) throw new InvalidRequest(field, 'has a character that WeChat Pay does not carry');
  return value;
}

/** Whole fen from 1 to ten digits. */
export function fen(field: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 1 || value > MAX_FEN)
    throw new InvalidRequest(field, 'is not a whole number of fen from 1 to ten digits');
  return String(value);
}

/** Whether it is set; a text such as `N` would be taken for yes or no at random. */
export function flag(field: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new InvalidRequest(field, 'is not true or false');
  return value === true;
}

/** What must not be guessed: 1 to 32 letters and digits; a new one by default. */
export function nonce(field: string, value: string | undefined): string {
  if (value !== undefined && !/^[0-9A-Za-z]{1,32}$/.test(text(field, value, 1, 32)))
    throw new InvalidRequest(field, 'is not letters and digits');
  return value ?? nonceStr();
}

/** @throws InvalidRequest for anything but the two algorithms of the protocol. */
export function algorithm(value: SignType): SignType {
  if (!SIGN_TYPES.includes(value)) throw new InvalidRequest('sign_type', 'is neither MD5 nor HMAC-SHA256');
  return value;
}

const SIGN_TYPES: readonly string[] = ['MD5', 'HMAC-SHA256'] satisfies SignType[];

/** A time, in Beijing. */
export function time(field: string, value: Date): string {
  try {
    return beijingTime(value);
  } catch {
    throw new InvalidRequest(field, 'is not a time');
  }
}

export function outTradeNo(value: string): string {
  if (!isOutTradeNo(value)) throw new InvalidRequest('out_trade_no', 'is not an order number');
  return value;
}

/** A number that WeChat Pay gave: of an order or of a refund. */
export function wechatNumber(field: 'transaction_id' | 'refund_id', value: string): string {
  if (!isTransactionId(value)) throw new InvalidRequest(field, 'is not a number of WeChat Pay');
  return value;
}

/**
 * Where notifications go: an absolute URL of at most 256 bytes without query, fragment, login or blanks; with any of
 * these WeChat Pay sends none.
 */
export function notifyUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const plain = /^https?:\/\/[\x21-\x7e]+$/.test(value) && !/[?#]/.test(value) && Buffer.byteLength(value) <= 256;
  if (url === undefined || !plain || url.username !== '' || url.password !== '')
    throw new InvalidRequest('notify_url', 'is not an http(s) URL of at most 256 bytes without query and login');
  return value;
}
