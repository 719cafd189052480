/** Notifications as they go over the wire (protocol: native.php?chapter=9_7 and 9_16), genuine and forged. */
import { beijingTime, type Fields, nonceStr, signFields, writeXml } from '#wechat-pay/protocol';
import { clockTime } from '../domain/bill.ts';
import { couponSum, unsettled } from '../domain/coupon.ts';
import type { Forgery } from '../domain/faults.ts';
import { cashRefundFee, settlementRefundFee } from '../domain/refund.ts';
import type { NoticeMessage } from '../flow/ports.ts';
import { encryptReqInfo } from './req-info.ts';

type Values = Record<string, string | number | undefined>;

const FOREIGN_KEY = 'this-is-not-the-key-of-a-merchant';

/** The message alphabetically, signed with the algorithm of the order, or with its content encrypted. */
export function noticeXml(message: NoticeMessage, apiKey: string): string {
  const { form } = message;
  if (message.about === 'refund') return refundXml(message, form.forgery ? forgedRefund(form.forgery) : {}, apiKey);
  const values = sorted({
    ...(message.about === 'payment' ? paymentFields(message) : failureFields(message)),
    sign: '',
  });
  values['sign'] = signFields(textsOf(values), apiKey, form.signType);
  return form.forgery ? forge(values, form.forgery) : writeXml(values);
}

function commonFields({ order, form }: NoticeMessage): Values {
  const { deviceInfo, attach } = order;
  return {
    return_code: 'SUCCESS',
    appid: order.appid,
    mch_id: order.mchId,
    nonce_str: nonceStr(),
    sign_type: form.namesSignType ? form.signType : undefined,
    device_info: deviceInfo ?? (form.emptyFields ? '' : undefined),
    is_subscribe: 'N',
    trade_type: order.tradeType,
    fee_type: 'CNY',
    out_trade_no: order.outTradeNo,
    attach: attach ?? (form.emptyFields ? '' : undefined),
    ...(form.unknownFields && { rate_value: '100', simulator_field_2030: '新字段 & more' }),
  };
}

function paymentFields(message: Extract<NoticeMessage, { about: 'payment' }>): Values {
  const { totalFee, coupons = [], openid, bankType, transactionId, paidAt } = message.payment;
  return {
    ...commonFields(message),
    result_code: 'SUCCESS',
    openid,
    bank_type: bankType,
    total_fee: totalFee,
    cash_fee: totalFee - couponSum(coupons),
    settlement_total_fee: unsettled(coupons) > 0 ? totalFee - unsettled(coupons) : undefined,
    ...(coupons.length > 0 && { coupon_fee: couponSum(coupons), coupon_count: coupons.length }),
    ...Object.fromEntries(
      coupons.flatMap(({ id, type, feeFen }, n): [string, string | number][] => [
        [`coupon_id_${n}`, id],
        [`coupon_type_${n}`, type],
        [`coupon_fee_${n}`, feeFen],
      ]),
    ),
    transaction_id: transactionId,
    time_end: beijingTime(new Date(paidAt)),
  };
}

const failureFields = (message: Extract<NoticeMessage, { about: 'failure' }>): Values => ({
  ...commonFields(message),
  result_code: 'FAIL',
  err_code: 'BANKERROR',
  err_code_des: '银行系统异常',
  openid: message.openid,
  total_fee: message.order.totalFee,
});

/** What a refund notification says inside, as in its own XML document. */
function refundFields({ order, payment, refund }: Extract<NoticeMessage, { about: 'refund' }>): Values {
  const { coupons = [] } = payment;
  return {
    out_refund_no: refund.outRefundNo,
    out_trade_no: order.outTradeNo,
    refund_account: refund.account,
    refund_fee: refund.refundFee,
    refund_id: refund.refundId,
    refund_recv_accout: '支付用户零钱',
    refund_request_source: 'API',
    refund_status: refund.status,
    settlement_refund_fee: settlementRefundFee(refund),
    settlement_total_fee: payment.totalFee - unsettled(coupons),
    cash_refund_fee: refund.coupons ? cashRefundFee(refund) : undefined,
    success_time: refund.status === 'SUCCESS' && refund.endedAt !== undefined ? clockTime(refund.endedAt) : undefined,
    total_fee: payment.totalFee,
    transaction_id: payment.transactionId,
  };
}

type RefundForgery = { apiKey?: string; drop?: boolean; outer?: Values; prefix?: string };

function refundXml(
  message: Extract<NoticeMessage, { about: 'refund' }>,
  forgery: RefundForgery,
  apiKey: string,
): string {
  const inner = writeXml(sorted(refundFields(message)))
    .replace(/^<xml>/, '<root>')
    .replace(/<\/xml>$/, '</root>');
  const outer: Values = {
    return_code: 'SUCCESS',
    appid: message.order.appid,
    mch_id: message.order.mchId,
    nonce_str: nonceStr(),
    req_info: forgery.drop ? undefined : encryptReqInfo(inner, forgery.apiKey ?? apiKey),
    ...forgery.outer,
  };
  return (forgery.prefix ?? '') + writeXml(outer);
}

/** Without the key nobody can change what is inside; the outside is open to everybody. */
function forgedRefund(forgery: Forgery): RefundForgery {
  switch (forgery) {
    case 'appid':
      return { outer: { appid: 'wx0000000000000000' } };
    case 'mch_id':
      return { outer: { mch_id: '1900000000' } };
    case 'unsigned':
      return { drop: true };
    case 'fail':
      return { drop: true, outer: { return_code: 'FAIL' } };
    case 'doctype':
      return { prefix: DOCTYPE };
    case 'sign':
    case 'amount':
    case 'order':
      return { apiKey: FOREIGN_KEY };
  }
}

const DOCTYPE = '<!DOCTYPE xml [<!ENTITY a "SUCCESS">]>';

/** Changes a signed message as somebody would who has seen it but has no key. */
function forge(signed: Values, forgery: Forgery): string {
  const changed = (changes: Values): string => writeXml({ ...signed, ...changes });
  const sign = String(signed['sign']);
  switch (forgery) {
    case 'sign':
      return changed({ sign: (sign.startsWith('0') ? '1' : '0') + sign.slice(1) });
    case 'unsigned':
      return changed({ sign: undefined });
    case 'amount':
      return changed({ total_fee: Number(signed['total_fee']) + 1 });
    case 'appid':
      return changed({ appid: 'wx0000000000000000' });
    case 'mch_id':
      return changed({ mch_id: '1900000000' });
    case 'order':
      return changed({ out_trade_no: `${String(signed['out_trade_no']).slice(0, 30)}-X` });
    case 'fail':
      return changed({ result_code: 'FAIL', err_code: 'BANKERROR', sign: undefined });
    case 'doctype':
      return DOCTYPE + changed({});
  }
}

const sorted = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const textsOf = (values: Values): Fields =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
