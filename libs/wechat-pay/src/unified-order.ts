import { isIP } from 'node:net';
import { type CallResult, unknown } from './call-result.ts';
import { isCodeUrl } from './code-url.ts';
import { InvalidRequest } from './invalid-request.ts';
import { beijingTime, type Fields, isOutTradeNo, isSendable, MAX_FEN } from './protocol/index.ts';

/** An order to be made at WeChat Pay. Repeating it with equal content gives a fresh code for the same order. */
export interface UnifiedOrderRequest {
  /** 1 to 32 of `0-9 A-Z a-z _ - | * @`, unique per merchant; one number is at most one payment. */
  readonly outTradeNo: string;
  /** What the user reads while paying: 1 to 127 bytes. */
  readonly body: string;
  /** Whole fen, at least 1. */
  readonly totalFee: number;
  /** The device's address, or this server's for NATIVE. */
  readonly spbillCreateIp: string;
  readonly timeStart?: Date | undefined;
  /** When the order stops being payable; only the first request for a number can set it. */
  readonly timeExpire: Date;
  /** Merchant's number of the product: 1 to 32 bytes; NATIVE demands it. */
  readonly productId: string;
  readonly tradeType: 'NATIVE';
  /** Comes back in notification and query: at most 127 bytes. */
  readonly attach?: string | undefined;
}

/** What the buyer needs for paying. `codeUrl` is the content of the QR code, good for two hours. */
export interface PreparedOrder {
  readonly prepayId: string;
  readonly codeUrl?: string | undefined;
  readonly tradeType: string;
}

/**
 * The fields of a unified order, every one checked: limits are bytes, times Beijing's.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1.
 * @throws InvalidRequest naming the field.
 */
export function unifiedOrderFields(order: UnifiedOrderRequest, notifyUrl: string): Record<string, string> {
  if (!isOutTradeNo(order.outTradeNo)) throw new InvalidRequest('out_trade_no', 'is not an order number');
  if (!Number.isSafeInteger(order.totalFee) || order.totalFee < 1 || order.totalFee > MAX_FEN)
    throw new InvalidRequest('total_fee', 'is not a whole number of fen from 1 to ten digits');
  if (isIP(order.spbillCreateIp) === 0) throw new InvalidRequest('spbill_create_ip', 'is not an IP address');
  if (order.timeStart !== undefined && order.timeStart >= order.timeExpire)
    throw new InvalidRequest('time_expire', 'is not after time_start');
  const fields: Record<string, string> = {
    body: text('body', order.body, 1, 127),
    out_trade_no: order.outTradeNo,
    total_fee: String(order.totalFee),
    spbill_create_ip: order.spbillCreateIp,
    time_expire: time('time_expire', order.timeExpire),
    notify_url: notifyUrl,
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- callers in plain JavaScript exist
    trade_type: order.tradeType === 'NATIVE' ? 'NATIVE' : reject('trade_type', 'is not supported'),
    product_id: text('product_id', order.productId, 1, 32),
  };
  if (order.timeStart !== undefined) fields['time_start'] = time('time_start', order.timeStart);
  if (order.attach !== undefined) fields['attach'] = text('attach', order.attach, 0, 127);
  return fields;
}

/** Reads the accepted answer. Without a usable code the order exists but cannot be paid: unknown, repeat it. */
export function preparedOrder(fields: Readonly<Fields>, order: UnifiedOrderRequest): CallResult<PreparedOrder> {
  const { prepay_id: prepayId = '', trade_type: tradeType = '', code_url: codeUrl = '' } = fields;
  if (tradeType !== order.tradeType) return unknown('answer for another trade_type');
  if (prepayId === '' || prepayId.length > 64) return unknown('answer without prepay_id');
  if (!isCodeUrl(codeUrl)) return unknown('answer without a weixin:// code_url');
  return { kind: 'ok', value: { prepayId, codeUrl, tradeType } };
}

function text(field: string, value: string, minBytes: number, maxBytes: number): string {
  const bytes = Buffer.byteLength(value);
  if (bytes < minBytes || bytes > maxBytes)
    throw new InvalidRequest(field, `has ${bytes} bytes, allowed are ${minBytes} to ${maxBytes}`);
  if (!isSendable(value)) throw new InvalidRequest(field, 'has a character that WeChat Pay does not carry');
  return value;
}

function time(field: string, value: Date): string {
  try {
    return beijingTime(value);
  } catch {
    throw new InvalidRequest(field, 'is not a time');
  }
}

function reject(field: string, why: string): never {
  throw new InvalidRequest(field, why);
}
