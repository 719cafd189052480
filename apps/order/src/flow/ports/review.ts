/** An operator's decision about money that does not fit. */
import type { Decision, ReviewRefusal } from '../../domain/review.ts';

/** An operator's decision about an order in REVIEW. */
export interface ReviewWish {
  orderNo: string;
  decision: Decision;
  note: string;
  operator: string;
  key: string;
  fingerprint: string;
}

/** `refund`: what goes back of the money; null when nothing does. */
export interface Reviewed {
  orderNo: string;
  status: 'PAID' | 'CANCELLED';
  transactionId: string | null;
  refund: { outRefundNo: string; amountFen: number } | null;
}

export type ReviewPlacement =
  | { kind: 'decided' | 'replayed'; body: string }
  | { kind: 'key-reused' | 'key-busy' | 'unknown-order' | ReviewRefusal };

/** Orders whose money an operator judges. */
export abstract class Reviews {
  /**
   * One transaction: key, state of the order with all that follows (stock, points, log, events), role of the payment,
   * refund request, anomaly, audit.
   * @param answer renders what is stored under the key and answered to every repeat
   */
  abstract decide(wish: ReviewWish, answer: (reviewed: Reviewed) => string): Promise<ReviewPlacement>;
}
