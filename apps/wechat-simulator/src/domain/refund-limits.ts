/** What limits the refunds of an order, and which part of it each gives back (protocol: native.php?chapter=9_4). */
import { couponSum, type Coupon } from './coupon.ts';
import type { Order } from './order.ts';

const MAX_REFUNDS = 50;
const REFUNDS_APART_MS = 60_000;
const REFUNDABLE_FOR_MS = 365 * 86_400_000;

export type RefundRefusal =
  'not-paid' | 'overdue' | 'other-total' | 'all-refunded' | 'too-much' | 'too-many' | 'too-soon';

/** What is or will be back with the user; a refund that was closed gives its amount free again. */
const refundedFee = (order: Order): number =>
  order.refunds.filter(({ status }) => status !== 'REFUNDCLOSE').reduce((sum, { refundFee }) => sum + refundFee, 0);

/**
 * Why a new refund cannot be accepted; undefined when it can.
 * @param line where the time line stands
 */
export function refundRefusal(
  order: Order,
  { totalFee, refundFee }: { totalFee: number; refundFee: number },
  line: number,
): RefundRefusal | undefined {
  const { payment, refunds } = order;
  if (!payment) return 'not-paid';
  if (line - payment.paidOn > REFUNDABLE_FOR_MS) return 'overdue';
  if (totalFee !== payment.totalFee) return 'other-total';
  const left = payment.totalFee - refundedFee(order);
  if (left === 0) return 'all-refunded';
  if (refundFee > left) return 'too-much';
  if (refunds.length >= MAX_REFUNDS) return 'too-many';
  const last = refunds.at(-1);
  return last && line - last.acceptedOn < REFUNDS_APART_MS ? 'too-soon' : undefined;
}

/**
 * Each coupon's part of the next refund. Cash and coupons go back in proportion, rounded so that everything has gone
 * back when the whole price has; coupons are used up one after the other.
 */
export function couponParts(order: Order, refundFee: number): Coupon[] {
  const { payment } = order;
  if (!payment?.coupons) return [];
  const goneBack = order.refunds
    .filter(({ status }) => status !== 'REFUNDCLOSE')
    .flatMap(({ coupons = [] }) => coupons);
  const fee = couponSum(payment.coupons);
  const [cashLeft, couponsLeft] = [
    payment.totalFee - fee - (refundedFee(order) - couponSum(goneBack)),
    fee - couponSum(goneBack),
  ];
  const due = portion(refundedFee(order) + refundFee, fee, payment.totalFee) - couponSum(goneBack);
  let open = clamp(due, Math.max(0, refundFee - cashLeft), Math.min(refundFee, couponsLeft));
  return payment.coupons.flatMap((coupon) => {
    const left = coupon.feeFen - couponSum(goneBack.filter(({ id }) => id === coupon.id));
    const feeFen = Math.min(open, left);
    open -= feeFen;
    return feeFen > 0 ? [{ ...coupon, feeFen }] : [];
  });
}

/** `of × part / whole`, rounded down; amounts of 10 digits are too long for a floating product. */
const portion = (of: number, part: number, whole: number): number =>
  Number((BigInt(of) * BigInt(part)) / BigInt(whole));

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
