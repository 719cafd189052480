import { type Fields, isTransactionId, readPartFen } from '../protocol/index.ts';
import { doubt, optional, optionalFen } from './answers.ts';

const MOST_COUPONS = 100;

/** What coupons did to a payment. Whoever pays with them pays less than the amount of the order. */
export interface CouponsUsed {
  /** The amount less coupons that were not paid for in advance: what is paid out. Told only with such coupons. */
  readonly settlementTotalFee?: number | undefined;
  /** Sum of all coupons, in fen. */
  readonly couponFee?: number | undefined;
  readonly coupons: readonly Coupon[];
}

export interface Coupon {
  readonly couponId: string;
  readonly couponFee?: number | undefined;
  /** `CASH` was paid for by the merchant in advance, `NO_CASH` was not; not always told. */
  readonly couponType?: string | undefined;
}

/**
 * Reads what is told of coupons, for the books only: a payment stays one however they are told, so what is malformed
 * here counts as not told.
 */
export function couponsUsed(fields: Readonly<Fields>): CouponsUsed {
  const coupons: Coupon[] = [];
  for (let index = 0; index < MOST_COUPONS; index++) {
    const couponId = optional(fields, `coupon_id_${index}`);
    if (couponId === undefined) break;
    const couponFee = readPartFen(fields[`coupon_fee_${index}`]);
    coupons.push({ couponId, couponFee, couponType: optional(fields, `coupon_type_${index}`) });
  }
  return {
    settlementTotalFee: readPartFen(fields['settlement_total_fee']),
    couponFee: readPartFen(fields['coupon_fee']),
    coupons,
  };
}

/** The part of a refund that goes back to a coupon. */
export interface CouponRefund {
  readonly couponRefundId: string;
  /** Fen; missing where WeChat Pay does not tell it. */
  readonly couponRefundFee?: number | undefined;
  /** `CASH` was paid for by the merchant in advance, `NO_CASH` was not; not always told. */
  readonly couponType?: string | undefined;
}

/**
 * Reads the numbered coupon fields into a list, by their ids alone: the count is not always told.
 * @param suffix what stands between name and number: '' in a refund's answer, `_0` for the first refund of a list.
 */
export function couponRefunds(fields: Readonly<Fields>, suffix = ''): CouponRefund[] {
  const coupons: CouponRefund[] = [];
  for (let index = 0; index < MOST_COUPONS; index++) {
    const end = `${suffix}_${index}`;
    const couponRefundId = optional(fields, `coupon_refund_id${end}`);
    if (couponRefundId === undefined) break;
    if (!isTransactionId(couponRefundId)) doubt(`answer with a malformed coupon_refund_id${end}`);
    coupons.push({
      couponRefundId,
      couponRefundFee: optionalFen(fields, `coupon_refund_fee${end}`),
      couponType: optional(fields, `coupon_type${end}`),
    });
  }
  return coupons;
}
