/** Money that goes back: what `order` wants, our rows, and WeChat. */
import type {
  Refund,
  RefundAtWechat,
  RefundEnd,
  RefundOrigin,
  RefundRequest,
  RefundState,
} from '../../domain/refund.ts';

/** What `order` wants given back. */
export interface RefundCommand {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
  amountFen: number;
  reason: string;
}

/** `other`: the number stands for another refund already. */
export type RefundRecorded = 'recorded' | 'known' | 'unknown-payment' | 'other';

/** A refund that WeChat could not pay out, and whose buyer has the money by other means. */
export type Repayment = Omit<RefundCommand, 'reason'>;

/**
 * `known`: nothing to change. `unknown-refund`: not heard of yet. `other`: the number stands for another refund.
 */
export type RepaymentRecorded = 'recorded' | 'known' | 'unknown-refund' | 'other';

/** Refunds in MySQL. What ends one is told to `order` by the same transaction. */
export abstract class Refunds {
  /** Stores a command; for one that has ended already, tells WeChat's end again. */
  abstract record(command: RefundCommand): Promise<RefundRecorded>;
  abstract find(outRefundNo: string): Promise<Refund | undefined>;
  /** Where the newest refund of an order stands; null without one. */
  abstract stateOf(orderNo: string): Promise<RefundState | null>;
  /** Leases due refunds to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<Refund[]>;
  /**
   * Commits that WeChat is called now, unless another refund of the same payment was called less than `apartMs` ago:
   * then this one is due when that time is over. `again`: it was called itself less than `settlesMs` ago, and that call
   * may still reach WeChat.
   */
  abstract begin(refund: Refund, apartMs: number, settlesMs: number): Promise<'call' | 'again' | 'later'>;
  /** WeChat has taken it on: REQUESTED → PROCESSING. */
  abstract accepted(outRefundNo: string, refundId: string): Promise<void>;
  /** Ends it once, whoever learned of it; answers whether it was this call. */
  abstract conclude(
    outRefundNo: string,
    end: RefundEnd,
    refundId: string | undefined,
    reason: string,
  ): Promise<boolean>;
  /** ABNORMAL → REPAID; the anomaly of a payment closes when all of it is back. */
  abstract repaid(repayment: Repayment): Promise<RepaymentRecorded>;
  /** Ends the lease; due again in `inMs`, undefined: never. */
  abstract later(outRefundNo: string, inMs: number | undefined, error: string): Promise<void>;
  /** Tells `order` how WeChat has ended a refund once more. */
  abstract tellAgain(outRefundNo: string): Promise<void>;
  /** Due now. */
  abstract hurry(outRefundNo: string): Promise<void>;
  /** Stores a refund made without us, of a payment of ours; answers whether it is new. */
  abstract takeOver(seen: RefundAtWechat): Promise<boolean | 'unknown-payment'>;
}

/** A refund as an operator sees it: where it stands at WeChat, and what keeps it. */
export interface RefundShown {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  origin: RefundOrigin;
  state: RefundState;
  refundId: string | null;
  /** When WeChat was last called with it; null: never. */
  calledAt: Date | null;
  nextTryAt: Date | null;
  tries: number;
  /** Why the last try did not end it, or why WeChat refused it. */
  lastError: string;
  createdAt: Date;
}

export abstract class RefundList {
  /** Newest first; `before` is the number of the last one on the page before. */
  abstract page(query: { state?: RefundState; before?: string; limit: number }): Promise<RefundShown[]>;
}

export interface DueListing {
  transactionId: string;
  /** Before this one. */
  tries: number;
}

/** Payments whose refunds have still to be listed at WeChat: written with the settlement that saw that there are some. */
export abstract class RefundListings {
  /** Leases due payments to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<DueListing[]>;
  /** All of its refunds are known here. */
  abstract done(transactionId: string): Promise<void>;
  /** Ends the lease. */
  abstract later(transactionId: string, inMs: number): Promise<void>;
}

export type RefundAccepted =
  | { kind: 'accepted'; refundId: string }
  | { kind: 'refused'; code: string; text: string }
  | { kind: 'unknown'; reason: string };

export type RefundQueried =
  { kind: 'found'; refund: RefundAtWechat } | { kind: 'absent' } | { kind: 'unknown'; reason: string };

/** Refunds at WeChat. Nothing here throws for what the wire does. */
export abstract class RefundGateway {
  abstract refund(request: RefundRequest, deadlineMs: number): Promise<RefundAccepted>;
  abstract query(outRefundNo: string, deadlineMs: number): Promise<RefundQueried>;
  /** All refunds of a payment; undefined when they could not all be had. */
  abstract list(transactionId: string, deadlineMs: number): Promise<RefundAtWechat[] | undefined>;
  /** What an encrypted notification says, or undefined when it is not WeChat's. */
  abstract openNotice(raw: Buffer): RefundAtWechat | undefined;
}
