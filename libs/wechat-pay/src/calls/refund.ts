import { InvalidRequest } from '../invalid-request.ts';
import { type Fields, isOutRefundNo, isOutTradeNo, isTransactionId } from '../protocol/index.ts';
import { type CallResult, unknown } from '../wire/call-result.ts';
import { type Judgement } from '../wire/judge.ts';
import { doubt, onlyYuan, optionalFen, reading, required, requiredFen } from './answers.ts';
import { fen, notifyUrl, outTradeNo, text, wechatNumber } from './checks.ts';
import { type CouponRefund, couponRefunds } from './coupons.ts';

/** A refund. Amounts in fen. */
export type RefundRequest = ({ readonly transactionId: string } | { readonly outTradeNo: string }) & {
  /**
   * 1 to 64 of `0-9 A-Z a-z _ - | * @`, unique per merchant: the same number never refunds twice. Keep it through
   * every repeat.
   */
  readonly outRefundNo: string;
  /** The amount of the order, the same for every refund of it. */
  readonly totalFee: number;
  /** The amount of this refund. */
  readonly refundFee: number;
  /** Shown to the user: at most 80 bytes. */
  readonly refundDesc?: string | undefined;
  /** Which funds to take, for merchants with the old funds only. */
  readonly refundAccount?: 'REFUND_SOURCE_UNSETTLED_FUNDS' | 'REFUND_SOURCE_RECHARGE_FUNDS' | undefined;
  /** Where this refund's notification goes, instead of the address set in the merchant console. */
  readonly notifyUrl?: string | undefined;
};

/** A refund that WeChat Pay took on. The money has not arrived: refundQuery or the notification tells when. */
export interface AcceptedRefund {
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly totalFee: number;
  readonly refundFee: number;
  /** refundFee less the part of coupons that were not paid for in advance. */
  readonly settlementRefundFee?: number | undefined;
  readonly settlementTotalFee?: number | undefined;
  readonly cashFee?: number | undefined;
  /** What goes back to the user himself. */
  readonly cashRefundFee?: number | undefined;
  readonly couponRefundFee?: number | undefined;
  readonly coupons: readonly CouponRefund[];
}

// Refused now, but the refund stands: the same number goes through once the funds are topped up, the certificate is
// renewed or the order is ready. A new number could refund twice.
const KEPT = new Set(['NOTENOUGH', 'CERT_ERROR', 'ORDER_NOT_READY']);

const ACCOUNTS: readonly unknown[] = [undefined, 'REFUND_SOURCE_UNSETTLED_FUNDS', 'REFUND_SOURCE_RECHARGE_FUNDS'];

/**
 * The fields of a refund.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_4.
 * @throws InvalidRequest naming the field.
 */
export function refundFields(request: RefundRequest): Record<string, string> {
  const { outRefundNo, totalFee, refundFee, refundDesc, refundAccount } = request;
  if (!isOutRefundNo(outRefundNo)) throw new InvalidRequest('out_refund_no', 'is not a refund number');
  if (refundFee > totalFee) throw new InvalidRequest('refund_fee', 'is more than total_fee');
  if (!ACCOUNTS.includes(refundAccount)) throw new InvalidRequest('refund_account', 'is not a source of refunds');
  return {
    ...('transactionId' in request
      ? { transaction_id: wechatNumber('transaction_id', request.transactionId) }
      : { out_trade_no: outTradeNo(request.outTradeNo) }),
    out_refund_no: outRefundNo,
    total_fee: fen('total_fee', totalFee),
    refund_fee: fen('refund_fee', refundFee),
    ...(refundDesc !== undefined && { refund_desc: text('refund_desc', refundDesc, 0, 80) }),
    ...(refundAccount !== undefined && { refund_account: refundAccount }),
    ...(request.notifyUrl !== undefined && { notify_url: notifyUrl(request.notifyUrl) }),
  };
}

/**
 * Reads the judged answer. `unknown` with a code of KEPT means: keep the number, remove the cause, repeat. An accepted
 * answer must be about this refund of this order with these amounts.
 */
export function acceptedRefund(judgement: Judgement, request: RefundRequest): CallResult<AcceptedRefund> {
  if (judgement.kind === 'refused' && KEPT.has(judgement.code)) return unknown(judgement.code);
  return judgement.kind === 'ok' ? reading(() => accepted(judgement.value, request)) : judgement;
}

function accepted(fields: Readonly<Fields>, request: RefundRequest): AcceptedRefund {
  onlyYuan(fields);
  const refund: AcceptedRefund = {
    transactionId: required(fields, 'transaction_id', isTransactionId),
    outTradeNo: required(fields, 'out_trade_no', isOutTradeNo),
    outRefundNo: required(fields, 'out_refund_no', isOutRefundNo),
    refundId: required(fields, 'refund_id', isTransactionId),
    totalFee: requiredFen(fields, 'total_fee'),
    refundFee: requiredFen(fields, 'refund_fee'),
    settlementRefundFee: optionalFen(fields, 'settlement_refund_fee'),
    settlementTotalFee: optionalFen(fields, 'settlement_total_fee'),
    cashFee: optionalFen(fields, 'cash_fee'),
    cashRefundFee: optionalFen(fields, 'cash_refund_fee'),
    couponRefundFee: optionalFen(fields, 'coupon_refund_fee'),
    coupons: couponRefunds(fields),
  };
  if (refund.outRefundNo !== request.outRefundNo) doubt('answer for another refund');
  const sameOrder =
    'transactionId' in request
      ? refund.transactionId === request.transactionId
      : refund.outTradeNo === request.outTradeNo;
  if (!sameOrder) doubt('answer for another order');
  if (refund.totalFee !== request.totalFee || refund.refundFee !== request.refundFee)
    doubt('answer for another amount');
  return refund;
}
