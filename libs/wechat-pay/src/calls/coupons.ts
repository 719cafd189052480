import { isTransactionId, type Fields } from '../protocol/index.ts';
import { doubt, optional, optionalFen } from './answers.ts';

/** The part of a refund that goes back to a coupon. */
export interface CouponRefund {
  readonly couponRefundId: string;
  /** Fen; missing where WeChat Pay does not tell it. */
  readonly couponRefundFee?: number | undefined;
  /** `CASH` was paid for by the merchant in advance, `NO_CASH` was not; not always told. */
  readonly couponType?: string | undefined;
}

const MOST_COUPONS = 100;

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
