import { type OrderState } from './order-states.ts';

/**
 * What a payment is to its order: the money that pays it (MAIN), money after the order had ended (LATE), money beside
 * other money (DOUBLE), or money of another amount that an operator has to judge (AMOUNT).
 */
export const paymentRoles = ['MAIN', 'LATE', 'DOUBLE', 'AMOUNT'] as const;
export type PaymentRole = (typeof paymentRoles)[number];

/** A confirmed payment as `pay` reports it. `totalFee` in fen. */
export interface Payment {
  orderNo: string;
  outTradeNo: string;
  transactionId: string;
  totalFee: number;
  paidAt: Date;
  source: string;
  /** `pay` asked for another amount: never taken for the order's own, whatever it is. */
  differs?: boolean;
}

export type Settlement =
  /** Book the payment in this role; MAIN makes the order PAID, AMOUNT puts it into REVIEW, the others leave it. */
  | { kind: 'book'; role: PaymentRole }
  /** This transaction is booked for this order already. */
  | { kind: 'repeat' }
  /** This transaction is booked for another order: believed by nobody. */
  | { kind: 'foreign' }
  | { kind: 'unknown-order' };

/**
 * Decides what one payment means for its order. Money is never dropped: whatever cannot pay the order is booked in the
 * role that says why. An order is paid only by its own amount, and only once.
 *
 * @param order the order as locked, or undefined when there is none
 * @param payment the payment
 * @param bookedFor the order this transaction is booked for, or undefined
 */
export function decideSettle(
  order: Pick<OrderState, 'orderNo' | 'status' | 'totalFee'> | undefined,
  payment: Pick<Payment, 'totalFee' | 'differs'>,
  bookedFor: string | undefined,
): Settlement {
  if (order === undefined) return { kind: 'unknown-order' };
  if (bookedFor !== undefined) return { kind: bookedFor === order.orderNo ? 'repeat' : 'foreign' };
  switch (order.status) {
    case 'WAIT_PAY':
    case 'CLOSING':
      return { kind: 'book', role: payment.totalFee === order.totalFee && !payment.differs ? 'MAIN' : 'AMOUNT' };
    case 'PAID':
    case 'PART_REFUNDED':
    case 'REFUNDED':
    case 'REVIEW': // other money for this order waits for an operator: this is the second, whatever its amount
      return { kind: 'book', role: 'DOUBLE' };
    case 'CANCELLED':
    case 'PAY_FAILED':
      return { kind: 'book', role: 'LATE' };
  }
}

/** Points for a paid order: one for each full yuan (100 fen). */
export function pointsFor(totalFee: number): number {
  return Math.floor(totalFee / 100);
}
