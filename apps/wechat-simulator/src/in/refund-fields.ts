/** The field checks of refund and refund query (protocol: native.php?chapter=9_4, 9_5). */
import { type Fields, isTransactionId, readFen } from '#wechat-pay/protocol';
import type { RefundKey } from '../flow/query-refund.ts';
import type { RefundRequest } from '../flow/refund.ts';
import { type Opened, refuse, type Refusal } from './envelope.ts';
import { checkAll, isNotifyUrl, optional, type Read, text } from './field-checks.ts';
import { refusals, wrongForm } from './texts.ts';

const refundLimits: Readonly<Record<string, number>> = {
  transaction_id: 32,
  out_trade_no: 32,
  out_refund_no: 64,
  refund_fee_type: 8,
  refund_desc: 80,
  refund_account: 30,
  notify_url: 256,
  op_user_id: 32,
};
const queryLimits: Readonly<Record<string, number>> = {
  transaction_id: 32,
  out_trade_no: 32,
  out_refund_no: 64,
  refund_id: 32,
};
const OUT_REFUND_NO = /^[0-9A-Za-z_\-|*@]+$/;

export function readRefund({ fields }: Opened): Read<RefundRequest> | 'transaction-id' {
  const refusal = checkAll(fields, ['out_refund_no', 'total_fee', 'refund_fee'], refundLimits) ?? checkForms(fields);
  if (refusal) return refusal;
  const transactionId = optional(fields, 'transaction_id');
  const outTradeNo = optional(fields, 'out_trade_no');
  if (transactionId === undefined && outTradeNo === undefined) {
    return refuse(refusals.missing, 'transaction_id or out_trade_no');
  }
  if (transactionId !== undefined && !isTransactionId(transactionId)) return 'transaction-id';
  const totalFee = readFen(fields['total_fee']);
  if (totalFee === undefined) return refuse(refusals.totalFee);
  const refundFee = readFen(fields['refund_fee']);
  if (refundFee === undefined) return refuse(refusals.refundFee);
  const account =
    text(fields, 'refund_account') === 'REFUND_SOURCE_RECHARGE_FUNDS'
      ? 'REFUND_SOURCE_RECHARGE_FUNDS'
      : 'REFUND_SOURCE_UNSETTLED_FUNDS';
  const outRefundNo = text(fields, 'out_refund_no');
  const notifyUrl = optional(fields, 'notify_url');
  return {
    kind: 'read',
    request: { transactionId, outTradeNo, outRefundNo, totalFee, refundFee, account, notifyUrl },
  };
}

export function readRefundQuery({ fields }: Opened): Read<RefundKey> | 'transaction-id' {
  const refusal = checkAll(fields, [], queryLimits);
  if (refusal) return refusal;
  const offset = text(fields, 'offset');
  if (!/^(\d{1,6})?$/.test(offset)) return refuse(wrongForm('offset'));
  const key = {
    refundId: optional(fields, 'refund_id'),
    outRefundNo: optional(fields, 'out_refund_no'),
    transactionId: optional(fields, 'transaction_id'),
    outTradeNo: optional(fields, 'out_trade_no'),
  };
  if (Object.values(key).every((value) => value === undefined)) return refuse(refusals.missing, 'a number');
  const byTransaction = key.refundId === undefined && key.outRefundNo === undefined;
  if (byTransaction && key.transactionId !== undefined && !isTransactionId(key.transactionId)) return 'transaction-id';
  return { kind: 'read', request: { ...key, offset: offset === '' ? undefined : Number(offset) } };
}

function checkForms(fields: Fields): Refusal | undefined {
  if (!OUT_REFUND_NO.test(text(fields, 'out_refund_no'))) return refuse(wrongForm('out_refund_no'));
  if (!['', 'CNY'].includes(text(fields, 'refund_fee_type'))) return refuse(wrongForm('refund_fee_type'));
  const accounts = ['', 'REFUND_SOURCE_UNSETTLED_FUNDS', 'REFUND_SOURCE_RECHARGE_FUNDS'];
  if (!accounts.includes(text(fields, 'refund_account'))) return refuse(wrongForm('refund_account'));
  const notifyUrl = text(fields, 'notify_url');
  return notifyUrl !== '' && !isNotifyUrl(notifyUrl) ? refuse(wrongForm('notify_url')) : undefined;
}
