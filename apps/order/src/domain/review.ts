import { type OrderStatus } from './order-states.ts';
import { refundable } from './refund.ts';

/** What an operator may make of money of another amount. */
export const decisions = ['accept', 'refund'] as const;
export type Decision = (typeof decisions)[number];

/** `too-little`: what is left of the money does not pay the order. `nothing-booked`: there is no money to accept. */
export type ReviewRefusal = 'not-in-review' | 'nothing-booked' | 'too-little';

export type Verdict =
  /** The order ends so, and this much of the money goes back. */
  { kind: 'ends'; to: 'PAID' | 'CANCELLED'; giveBackFen: number } | { kind: ReviewRefusal };

/**
 * Judges an operator's decision about an order in REVIEW. Accepted money pays the order when it is enough, and what is
 * more than the order costs goes back by itself: the buyer owed no more. Amounts in fen.
 *
 * @param payment the money of another amount, or undefined when none is booked
 */
export function judgeReview(
  order: { status: OrderStatus; totalFee: number },
  payment: { totalFee: number; refundedFen: number; reservedFen: number } | undefined,
  decision: Decision,
): Verdict {
  if (order.status !== 'REVIEW') return { kind: 'not-in-review' };
  const here = payment ? refundable(payment) : 0;
  if (decision === 'refund') return { kind: 'ends', to: 'CANCELLED', giveBackFen: here };
  if (!payment) return { kind: 'nothing-booked' };
  if (here < order.totalFee) return { kind: 'too-little' };
  return { kind: 'ends', to: 'PAID', giveBackFen: here - order.totalFee };
}
