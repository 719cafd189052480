import { InvalidRequest } from '../invalid-request.ts';
import { fromBeijingDateTime, type Fields, isOutRefundNo, isOutTradeNo, isTransactionId } from '../protocol/index.ts';
import { type CallResult } from '../wire/call-result.ts';
import { doubt, onlyYuan, optional, optionalFen, reading, required, requiredFen } from './answers.ts';
import { outTradeNo, wechatNumber } from './checks.ts';
import { type CouponRefund, couponRefunds } from './coupons.ts';

/** All refunds of an order, at most ten at a time, beginning with the one at `offset` (from 0). */
export type OrderRefundsRequest = ({ readonly transactionId: string } | { readonly outTradeNo: string }) & {
  readonly offset?: number | undefined;
};

/** Which refunds are asked for: one by its number, or those of an order. */
export type RefundQueryRequest = { readonly refundId: string } | { readonly outRefundNo: string } | OrderRefundsRequest;

const STATUSES = ['SUCCESS', 'REFUNDCLOSE', 'PROCESSING', 'CHANGE'] as const;

/**
 * PROCESSING: ask again. SUCCESS: the money is back. REFUNDCLOSE: nothing was refunded. CHANGE: the user's account could
 * not take it and the merchant has it again; to be settled by hand, not refunded. UNKNOWN is a status newer than this
 * library: neither refunded nor final, and worth an alarm.
 */
export type RefundStatus = (typeof STATUSES)[number] | 'UNKNOWN';

/** One refund, amounts in fen. */
export interface RefundState {
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly refundStatus: RefundStatus;
  /** The amount asked for. */
  readonly refundFee: number;
  readonly settlementRefundFee?: number | undefined;
  /** `ORIGINAL`, `BALANCE`, `OTHER_BALANCE`, `OTHER_BANKCARD`: where the money goes. */
  readonly refundChannel?: string | undefined;
  /** Whose funds it came from. */
  readonly refundAccount?: string | undefined;
  /** The account that received it, for humans; spelled `refund_recv_accout` on the wire. */
  readonly refundRecvAccount?: string | undefined;
  readonly refundSuccessTime?: Date | undefined;
  readonly couponRefundFee?: number | undefined;
  readonly coupons: readonly CouponRefund[];
}

/** One answer: an order and some of its refunds. */
export interface RefundedOrder {
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly totalFee: number;
  readonly settlementTotalFee?: number | undefined;
  readonly cashFee?: number | undefined;
  /** How many refunds the order has; the answer holds at most ten of them. */
  readonly totalRefundCount: number;
  readonly refunds: readonly RefundState[];
}

// What one order can have, with room to spare: WeChat Pay allows 50 partial refunds.
const MOST_REFUNDS = 1_000;

/**
 * The fields of a refund query.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_5.
 * @throws InvalidRequest naming the field.
 */
export function refundQueryFields(request: RefundQueryRequest): Record<string, string> {
  if ('refundId' in request) return { refund_id: wechatNumber('refund_id', request.refundId) };
  if ('outRefundNo' in request) {
    if (!isOutRefundNo(request.outRefundNo)) throw new InvalidRequest('out_refund_no', 'is not a refund number');
    return { out_refund_no: request.outRefundNo };
  }
  const { offset } = request;
  if (offset !== undefined && (!Number.isSafeInteger(offset) || offset < 0 || offset > MOST_REFUNDS))
    throw new InvalidRequest('offset', 'is not a number of refunds to skip');
  return {
    ...('transactionId' in request
      ? { transaction_id: wechatNumber('transaction_id', request.transactionId) }
      : { out_trade_no: outTradeNo(request.outTradeNo) }),
    ...(offset !== undefined && { offset: String(offset) }),
  };
}

/** Reads the accepted answer. It must be about what was asked for and hold as many refunds as it says. */
export function refundedOrder(fields: Readonly<Fields>, request: RefundQueryRequest): CallResult<RefundedOrder> {
  return reading(() => {
    onlyYuan(fields);
    const count = number(fields, 'refund_count') ?? doubt('answer without refund_count');
    const refunds = Array.from({ length: count }, (_none, index) => refundState(fields, `_${index}`));
    if (optional(fields, `refund_id_${count}`) !== undefined) doubt('answer with more refunds than it says');
    const order: RefundedOrder = {
      transactionId: required(fields, 'transaction_id', isTransactionId),
      outTradeNo: required(fields, 'out_trade_no', isOutTradeNo),
      totalFee: requiredFen(fields, 'total_fee'),
      settlementTotalFee: optionalFen(fields, 'settlement_total_fee'),
      cashFee: optionalFen(fields, 'cash_fee'),
      // Told only when there are more than fit into one answer.
      totalRefundCount: number(fields, 'total_refund_count') ?? count,
      refunds,
    };
    if (!isAbout(order, request)) doubt('answer for another refund');
    return order;
  });
}

function refundState(fields: Readonly<Fields>, end: string): RefundState {
  const status = required(fields, `refund_status${end}`, () => true);
  return {
    outRefundNo: required(fields, `out_refund_no${end}`, isOutRefundNo),
    refundId: required(fields, `refund_id${end}`, isTransactionId),
    refundStatus: readRefundStatus(status),
    refundFee: requiredFen(fields, `refund_fee${end}`),
    settlementRefundFee: optionalFen(fields, `settlement_refund_fee${end}`),
    refundChannel: optional(fields, `refund_channel${end}`),
    refundAccount: optional(fields, `refund_account${end}`),
    refundRecvAccount: optional(fields, `refund_recv_accout${end}`),
    refundSuccessTime: successTime(fields, `refund_success_time${end}`),
    couponRefundFee: optionalFen(fields, `coupon_refund_fee${end}`),
    coupons: couponRefunds(fields, end),
  };
}

/** A status by its text; every unheard-of one is UNKNOWN. */
export function readRefundStatus(text: string): RefundStatus {
  return STATUSES.find((known) => known === text) ?? 'UNKNOWN';
}

function number(fields: Readonly<Fields>, name: string): number | undefined {
  const text = optional(fields, name);
  if (text === undefined) return undefined;
  const value = /^(?:0|[1-9][0-9]{0,3})$/.test(text) ? Number(text) : NaN;
  return value <= MOST_REFUNDS ? value : doubt(`answer with a malformed ${name}`);
}

function successTime(fields: Readonly<Fields>, name: string): Date | undefined {
  const text = optional(fields, name);
  try {
    return text === undefined ? undefined : fromBeijingDateTime(text);
  } catch {
    return doubt(`answer with a malformed ${name}`);
  }
}

function isAbout({ transactionId, outTradeNo: number, refunds }: RefundedOrder, request: RefundQueryRequest): boolean {
  if ('refundId' in request) return refunds.some(({ refundId }) => refundId === request.refundId);
  if ('outRefundNo' in request) return refunds.some(({ outRefundNo }) => outRefundNo === request.outRefundNo);
  return 'transactionId' in request ? transactionId === request.transactionId : number === request.outTradeNo;
}
