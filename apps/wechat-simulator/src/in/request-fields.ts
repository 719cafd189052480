/** The field checks of every endpoint: presence, length in bytes, form (protocol: native.php?chapter=9_1, 9_2, 9_3). */
import { type Fields, fromBeijingTime, readFen } from '#wechat-pay/protocol';
import { isIP } from 'node:net';
import type { OrderRequest } from '../flow/unified-order.ts';
import { refuse, type OpenedRequest, type Refusal } from './envelope.ts';
import { refusals, tooLong, wrongForm } from './texts.ts';

type Opened = Extract<OpenedRequest, { kind: 'opened' }>;

/** Longest values of `unifiedorder`, in bytes of UTF-8. */
const orderLimits: Readonly<Record<string, number>> = {
  device_info: 32,
  body: 127,
  detail: 6000,
  attach: 127,
  out_trade_no: 32,
  fee_type: 16,
  spbill_create_ip: 64,
  goods_tag: 32,
  notify_url: 256,
  trade_type: 16,
  product_id: 32,
  limit_pay: 32,
  openid: 128,
  receipt: 8,
  scene_info: 256,
  profit_sharing: 1,
  version: 32,
};
const numberLimits: Readonly<Record<string, number>> = { out_trade_no: 32, transaction_id: 32 };

const orderRequired = ['body', 'out_trade_no', 'total_fee', 'spbill_create_ip', 'notify_url', 'trade_type'];

/** The merchant's number as the order pages allow it; the refund pages alone add `@`. */
const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*]+$/;

/** Sent anew with every request, so not part of what a repeat must have in common with the first one. */
const NOT_CONTENT = new Set(['nonce_str', 'sign', 'sign_type']);

export type Read<T> = { kind: 'read'; request: T } | Refusal;

/** NATIVE orders only; the other trade types are answered like products that the merchant has not opened. */
export function readUnifiedOrder({ fields, signType }: Opened): Read<OrderRequest> {
  const refusal = checkAll(fields, orderRequired, orderLimits) ?? checkOrderForms(fields);
  if (refusal) return refusal;
  const totalFee = readFen(fields['total_fee']);
  if (totalFee === undefined) return refuse(refusals.totalFee);
  const timeExpire = readTime(fields['time_expire']);
  if (timeExpire === 'malformed') return refuse(wrongForm('time_expire'));
  if (readTime(fields['time_start']) === 'malformed') return refuse(wrongForm('time_start'));
  return {
    kind: 'read',
    request: {
      outTradeNo: text(fields, 'out_trade_no'),
      appid: text(fields, 'appid'),
      mchId: text(fields, 'mch_id'),
      tradeType: text(fields, 'trade_type'),
      body: text(fields, 'body'),
      totalFee,
      notifyUrl: text(fields, 'notify_url'),
      attach: fields['attach'],
      deviceInfo: fields['device_info'],
      content: contentOf(fields),
      signType,
      timeExpire,
    },
  };
}

/** By WeChat's number if both are there. */
export function readOrderQuery({ fields }: Opened): Read<{ transactionId?: string; outTradeNo?: string }> {
  const refusal = checkAll(fields, [], numberLimits);
  if (refusal) return refusal;
  if (fields['transaction_id']) return { kind: 'read', request: { transactionId: fields['transaction_id'] } };
  if (fields['out_trade_no']) return { kind: 'read', request: { outTradeNo: fields['out_trade_no'] } };
  return refuse(refusals.missing, 'transaction_id or out_trade_no');
}

export function readCloseOrder({ fields }: Opened): Read<{ outTradeNo: string }> {
  const refusal = checkAll(fields, ['out_trade_no'], numberLimits);
  return refusal ?? { kind: 'read', request: { outTradeNo: text(fields, 'out_trade_no') } };
}

function checkAll(
  fields: Fields,
  required: readonly string[],
  limits: Readonly<Record<string, number>>,
): Refusal | undefined {
  const missing = required.find((name) => text(fields, name).trim() === '');
  if (missing !== undefined) return refuse(refusals.missing, missing);
  for (const [name, limit] of Object.entries(limits)) {
    if (Buffer.byteLength(text(fields, name)) > limit) return refuse(tooLong(name));
  }
  return undefined;
}

function checkOrderForms(fields: Fields): Refusal | undefined {
  const tradeType = text(fields, 'trade_type');
  if (!['NATIVE', 'JSAPI', 'APP', 'MWEB'].includes(tradeType)) return refuse(wrongForm('trade_type'));
  if (tradeType !== 'NATIVE') return refuse(refusals.noProduct, tradeType);
  if (text(fields, 'product_id').trim() === '') return refuse(refusals.missing, 'product_id');
  if (!OUT_TRADE_NO.test(text(fields, 'out_trade_no'))) return refuse(wrongForm('out_trade_no'));
  if (isIP(text(fields, 'spbill_create_ip')) === 0) return refuse(wrongForm('spbill_create_ip'));
  if (!['', 'CNY'].includes(text(fields, 'fee_type'))) return refuse(wrongForm('fee_type'));
  if (!isNotifyUrl(text(fields, 'notify_url'))) return refuse(wrongForm('notify_url'));
  return undefined;
}

/** A full address that needs no login and has no query. */
function isNotifyUrl(url: string): boolean {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return false;
  return !/[?#\s]/.test(url) && new URL(url).username === '';
}

function readTime(time: string | undefined): number | 'malformed' | undefined {
  if (time === undefined || time === '') return undefined;
  try {
    return fromBeijingTime(time).getTime();
  } catch {
    return 'malformed';
  }
}

/** One text for everything that a repeat under the same number must repeat. */
function contentOf(fields: Fields): string {
  const content = Object.entries(fields).filter(([name, value]) => !NOT_CONTENT.has(name) && value !== '');
  return JSON.stringify(content.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const text = (fields: Fields, name: string): string => fields[name] ?? '';
