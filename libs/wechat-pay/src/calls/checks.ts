import { InvalidRequest } from '../invalid-request.ts';
import { beijingTime, isOutTradeNo, isSendable, isTransactionId, MAX_FEN } from '../protocol/index.ts';

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
