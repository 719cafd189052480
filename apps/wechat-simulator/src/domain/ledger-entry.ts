/**
 * What stands in the ledger: everything that happened, one entry per line, in order. The state of the simulator is
 * the sum of these entries, so a restart that reads them ends where the process before it stopped.
 */
import type { ClockState } from './clock.ts';
import type { Forgery } from './faults.ts';
import type { RefundEnd, RefundFacts } from './refund.ts';
import type { Rules } from './rules.ts';
import type { NoticeTry, OrderFacts, Payment, SignType } from './order.ts';

export interface CodeFacts {
  signType: SignType;
  prepayId: string;
  codeUrl: string;
  codeExpiresOn: number;
}

export type FailedOutcome = 'fail' | 'payerror' | 'notenough' | 'leave';

export type LedgerEvent =
  | ({ kind: 'ordered'; createdOn: number; expiresOn: number } & OrderFacts & CodeFacts)
  /** The same number with the same content: a fresh code, the old one is dead. */
  | ({ kind: 'ordered-again'; outTradeNo: string } & CodeFacts)
  /** `althoughClosed`: the user's money was on its way when the order was closed. */
  | ({ kind: 'captured'; outTradeNo: string; orderedFee: number; althoughClosed?: true | undefined } & Payment)
  /**
   * `fail`: the merchant is told by a signed `result_code=FAIL`; `payerror` and `leave` (USERPAYING): only a query
   * shows it; `notenough`: nobody is told.
   */
  | { kind: 'attempt-failed'; outTradeNo: string; outcome: FailedOutcome }
  | { kind: 'closed'; outTradeNo: string; by: 'merchant' | 'expiry' | 'wechat' }
  /** `notice` counts the order's notices from 0. */
  | ({
      kind: 'notified';
      outTradeNo: string;
      transactionId: string | null;
      outRefundNo?: string | undefined;
      notice: number;
    } & Omit<NoticeTry, 'at'>)
  | ({ kind: 'refunded'; outTradeNo: string; totalFee: number } & RefundFacts)
  | {
      kind: 'refund-ended';
      outTradeNo: string;
      outRefundNo: string;
      status: RefundEnd;
      endedAt: number;
      endedOn: number;
    }
  /** A message that WeChat Pay never sent, and what the merchant said to it. Accepted: he was fooled. */
  | { kind: 'forged'; outTradeNo: string; forgery: Forgery; status: number | null; replied: string; accepted: boolean }
  | { kind: 'shortened'; longUrl: string; shortUrl: string }
  /** Mode 1: a product code was scanned and the merchant was asked. */
  | { kind: 'scanned'; productId: string; prepayId: string | null; replied: string }
  | { kind: 'rules'; changes: Partial<Rules> }
  | ({ kind: 'clock' } & ClockState)
  | { kind: 'reset' };

/** `at` is what the merchant's clock showed (ISO 8601, UTC); `seq` counts from 1 over the life of the file. */
export type LedgerEntry = { seq: number; at: string } & LedgerEvent;
