/** A coupon the user paid with. `CASH`: somebody prepaid it, so the merchant gets the money; `NO_CASH`: he does not. */
export interface Coupon {
  id: string;
  type: 'CASH' | 'NO_CASH';
  feeFen: number;
}

export const couponSum = (coupons: readonly Coupon[] = []): number =>
  coupons.reduce((sum, { feeFen }) => sum + feeFen, 0);

/** The part of the price that nobody pays: what the merchant does not get. */
export const unsettled = (coupons: readonly Coupon[] = []): number =>
  couponSum(coupons.filter(({ type }) => type === 'NO_CASH'));
