/**
 * What stands in the ledger: everything that happened, one entry per line, in order. The state of the simulator is
 * the sum of these entries, so a restart that reads them ends where the process before it stopped.
 */
import type { ClockState } from './clock.ts';
import type { NoticeTry, OrderFacts, Payment, SignType } from './order.ts';

export interface CodeFacts {
  signType: SignType;
  prepayId: string;
  codeUrl: string;
  codeExpiresOn: number;
}

export type LedgerEvent =
  | ({ kind: 'ordered'; createdOn: number; expiresOn: number } & OrderFacts & CodeFacts)
  /** The same number with the same content: a fresh code, the old one is dead. */
  | ({ kind: 'ordered-again'; outTradeNo: string } & CodeFacts)
  | ({ kind: 'captured'; outTradeNo: string; orderedFee: number } & Payment)
  /** `fail`: the merchant is told by a signed `result_code=FAIL`; `payerror`: only a query shows it. */
  | { kind: 'attempt-failed'; outTradeNo: string; outcome: 'fail' | 'payerror' }
  | { kind: 'closed'; outTradeNo: string; by: 'merchant' | 'expiry' }
  /** `notice` counts the order's notices from 0. */
  | ({ kind: 'notified'; outTradeNo: string; transactionId: string | null; notice: number } & Omit<NoticeTry, 'at'>)
  | ({ kind: 'clock' } & ClockState)
  | { kind: 'reset' };

/** `at` is what the merchant's clock showed (ISO 8601, UTC); `seq` counts from 1 over the life of the file. */
export type LedgerEntry = { seq: number; at: string } & LedgerEvent;
