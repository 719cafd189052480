/** One refund and the machine that moves it (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_5). */
import { couponSum, unsettled, type Coupon } from './coupon.ts';

export type RefundStatus = 'PROCESSING' | 'SUCCESS' | 'REFUNDCLOSE' | 'CHANGE';
export type RefundEnd = Exclude<RefundStatus, 'PROCESSING'>;

/** The whole machine: a refund ends once. */
export const refundMachine: Readonly<Record<RefundStatus, readonly RefundEnd[]>> = {
  PROCESSING: ['SUCCESS', 'REFUNDCLOSE', 'CHANGE'],
  SUCCESS: [],
  REFUNDCLOSE: [],
  CHANGE: [],
};

export type RefundAccount = 'REFUND_SOURCE_UNSETTLED_FUNDS' | 'REFUND_SOURCE_RECHARGE_FUNDS';

/** What was accepted. Times with `On` are points of the time line, those with `At` epoch milliseconds. */
export interface RefundFacts {
  outRefundNo: string;
  refundId: string;
  refundFee: number;
  account: RefundAccount;
  notifyUrl?: string | undefined;
  /** Each coupon's part; the rest of the amount goes back in cash. */
  coupons?: Coupon[] | undefined;
  acceptedAt: number;
  acceptedOn: number;
  /** When it will end by itself, and how. */
  endsOn: number;
  endsAs: RefundEnd;
}

export interface Refund extends RefundFacts {
  status: RefundStatus;
  endedAt?: number;
  endedOn?: number;
}

/** Of the amount, what the user gets in cash. */
export const cashRefundFee = ({ refundFee, coupons }: RefundFacts): number => refundFee - couponSum(coupons);

/** Of the amount, what the merchant pays. */
export const settlementRefundFee = ({ refundFee, coupons }: RefundFacts): number => refundFee - unsettled(coupons);
