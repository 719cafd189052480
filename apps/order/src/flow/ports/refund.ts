/** Refunds: requests, how they ended at WeChat, and what operators repair. */
import type { RefundEnd, RefundOrigin, RefundRefusal, RefundState, RepaidHow } from '../../domain/refund.ts';

/** An operator's wish to give money of an order back. */
export interface RefundWish {
  orderNo: string;
  amountFen: number;
  /** Shown to the buyer; at most 80 characters. */
  reason: string;
  /** Whether the goods are on the shelf again once everything is given back. */
  restock: boolean;
  /** Who asks. */
  operator: string;
  key: string;
  fingerprint: string;
}

export type RefundPlacement =
  | { kind: 'requested' | 'replayed'; body: string }
  | { kind: 'key-reused' | 'key-busy' | 'unknown-order' | RefundRefusal };

/** How a refund ended at WeChat, as `pay` tells it. */
export interface RefundResult {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
  refundId: string | undefined;
  amountFen: number;
  end: RefundEnd;
  reason: string;
}

/**
 * What became of one result. `repeat`: known already. `unknown-order`, `unknown-payment`: not heard of yet.
 * `other-refund`: this number belongs to another amount or payment; nothing was changed.
 */
export type RefundBooked = 'booked' | 'repeat' | 'unknown-order' | 'unknown-payment' | 'other-refund';

/** Requests for refunds, and what became of them. */
export abstract class Refunds {
  /**
   * One transaction: key, cap, request, outbox. The cap is decided by one UPDATE: refunded + reserved + x ≤ paid.
   * @param answer renders what is stored under the key and answered to every repeat
   */
  abstract request(wish: RefundWish, answer: (outRefundNo: string) => string): Promise<RefundPlacement>;
  /**
   * One transaction with all that follows: amounts, state of the order, points, stock, anomaly, event. One told as
   * ABNORMAL that was repaid since is answered: `pay` has not heard of it.
   */
  abstract conclude(result: RefundResult): Promise<RefundBooked>;
  /**
   * Records the command again for at most `limit` requests: first `firstMs` after it was made, then after twice as long
   * each time, at last every `atMostMs`.
   */
  abstract resend(firstMs: number, atMostMs: number, limit: number): Promise<number>;
}

/** An operator's wish to give money of an anomaly back under a new number. */
export type RequestAnewWish = Pick<RefundWish, 'reason' | 'operator' | 'key' | 'fingerprint'> & { anomalyId: string };

/** `nothing-left`: all of it is back or on its way. `not-by-refund`: no refund can settle this kind of anomaly. */
export type AnewRefusal =
  | 'unknown-anomaly'
  | 'anomaly-closed'
  | 'in-review'
  | 'under-way'
  | 'nothing-left'
  | 'not-by-refund'
  | 'exceeds-paid'
  | 'too-many-refunds';

export type AnewPlacement =
  { kind: 'requested' | 'replayed'; body: string } | { kind: 'key-reused' | 'key-busy' | AnewRefusal };

/** How the buyer got the money of an ABNORMAL refund after all. */
export interface Repayment {
  outRefundNo: string;
  how: RepaidHow;
  note: string;
  operator: string;
}

/**
 * `repeat`: recorded before, just so. `repaid-otherwise`: recorded before in other words, so the buyer may have been paid
 * twice. `exceeds-paid`: other refunds have given the money back since.
 */
export type RepaidBooked =
  'recorded' | 'repeat' | 'repaid-otherwise' | 'exceeds-paid' | 'unknown-refund' | 'not-abnormal';

/** What operators repair about refunds. Each change is one transaction with its audit row. */
export abstract class RefundRepairs {
  /** Requests what is left of an anomaly's money, or a refused or closed refund again, under a new number. */
  abstract requestAnew(
    wish: RequestAnewWish,
    answer: (refund: { outRefundNo: string; amountFen: number }) => string,
  ): Promise<AnewPlacement>;
  /** ABNORMAL → REPAID, with the books and the order as if WeChat had paid; `pay` is told. */
  abstract recordRepaid(repayment: Repayment): Promise<RepaidBooked>;
  /** Newest first; `before` is the number of the last one on the page before. */
  abstract list(query: { state?: RefundState; before?: string; limit: number }): Promise<RefundDetail[]>;
  abstract find(outRefundNo: string): Promise<RefundDetail | undefined>;
}

export interface RefundView {
  outRefundNo: string;
  transactionId: string;
  amountFen: number;
  reason: string;
  origin: RefundOrigin;
  status: RefundState;
  requestedAt: Date;
  endedAt: Date | null;
}

/** A refund as an operator sees it. */
export interface RefundDetail extends RefundView {
  orderNo: string;
  refundId: string | null;
  requestedBy: string;
  restock: boolean;
  replaces: string | null;
  repaidHow: RepaidHow | null;
  note: string | null;
}
