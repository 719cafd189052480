/** The field checks of the order endpoints (protocol: native.php?chapter=9_1, 9_2, 9_3, 9_9). */
import { type Fields, readFen } from '#wechat-pay/protocol';
import { isIP } from 'node:net';
import { isForeignOpenid } from '../domain/identifiers.ts';
import { tradeTypes } from '../domain/order.ts';
import type { OrderRequest } from '../flow/unified-order.ts';
import { type Opened, refuse, type Refusal } from './envelope.ts';
import { checkAll, isNotifyUrl, optional, type Read, readTime, text } from './field-checks.ts';
import { refusals, wrongForm } from './texts.ts';

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

/** What each trade type wants besides. */
const neededBy: Readonly<Record<string, string>> = { NATIVE: 'product_id', JSAPI: 'openid', MWEB: 'scene_info' };

/** Fields with few values; WeChat Pay may take others, but a merchant's error would go unnoticed. */
const choices: Readonly<Record<string, readonly string[]>> = {
  fee_type: ['', 'CNY'],
  limit_pay: ['', 'no_credit'],
  receipt: ['', 'Y', 'N'],
  profit_sharing: ['', 'Y', 'N'],
};

/** The merchant's number as the order pages allow it; the refund pages alone add `@`. */
const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*]+$/;

/** Sent anew with every request, so not part of what a repeat must have in common with the first one. */
const NOT_CONTENT = new Set(['nonce_str', 'sign', 'sign_type']);

export function readUnifiedOrder({ fields, signType, gatewayUrl }: Opened): Read<OrderRequest> {
  const refusal = checkAll(fields, orderRequired, orderLimits) ?? checkOrderForms(fields);
  if (refusal) return refusal;
  const totalFee = readFen(fields['total_fee']);
  if (totalFee === undefined) return refuse(refusals.totalFee);
  const timeExpire = readTime(fields['time_expire']);
  if (timeExpire === 'malformed') return refuse(wrongForm('time_expire'));
  if (readTime(fields['time_start']) === 'malformed') return refuse(wrongForm('time_start'));
  const tradeType = tradeTypes.find((type) => type === fields['trade_type']);
  if (!tradeType) return refuse(wrongForm('trade_type'));
  return {
    kind: 'read',
    request: {
      outTradeNo: text(fields, 'out_trade_no'),
      appid: text(fields, 'appid'),
      mchId: text(fields, 'mch_id'),
      tradeType,
      body: text(fields, 'body'),
      totalFee,
      notifyUrl: text(fields, 'notify_url'),
      attach: fields['attach'],
      deviceInfo: fields['device_info'],
      openid: tradeType === 'JSAPI' ? text(fields, 'openid') : undefined,
      productId: optional(fields, 'product_id'),
      content: contentOf(fields),
      signType,
      timeExpire,
      gatewayUrl,
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

function checkOrderForms(fields: Fields): Refusal | undefined {
  const tradeType = text(fields, 'trade_type');
  if (!tradeTypes.some((type) => type === tradeType)) return refuse(wrongForm('trade_type'));
  const needed = neededBy[tradeType];
  if (needed !== undefined && text(fields, needed).trim() === '') return refuse(refusals.missing, needed);
  if (tradeType === 'JSAPI' && isForeignOpenid(text(fields, 'openid'), text(fields, 'appid'))) {
    return refuse(refusals.foreignOpenid);
  }
  if (tradeType === 'MWEB' && !isH5Scene(text(fields, 'scene_info'))) return refuse(wrongForm('scene_info'));
  if (!OUT_TRADE_NO.test(text(fields, 'out_trade_no'))) return refuse(wrongForm('out_trade_no'));
  if (isIP(text(fields, 'spbill_create_ip')) === 0) return refuse(wrongForm('spbill_create_ip'));
  const other = Object.entries(choices).find(([name, known]) => !known.includes(text(fields, name)));
  if (other) return refuse(wrongForm(other[0]));
  if (!isNotifyUrl(text(fields, 'notify_url'))) return refuse(wrongForm('notify_url'));
  return undefined;
}

/** JSON with `h5_info.type`. */
function isH5Scene(json: string): boolean {
  try {
    const { h5_info: info } = JSON.parse(json) as { h5_info?: { type?: unknown } };
    return typeof info?.type === 'string' && ['Wap', 'IOS', 'Android'].includes(info.type);
  } catch {
    return false;
  }
}

/** One text for everything that a repeat under the same number must repeat. */
function contentOf(fields: Fields): string {
  const content = Object.entries(fields).filter(([name, value]) => !NOT_CONTENT.has(name) && value !== '');
  return JSON.stringify(content.sort(([a], [b]) => (a < b ? -1 : 1)));
}
