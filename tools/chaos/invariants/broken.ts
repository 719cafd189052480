/** What the checks have in common. They share no rule with the product, so that both cannot be wrong in the same way. */
import type { LedgerEntry } from '../../stack/client.ts';
import type { Evidence } from '../evidence.ts';

export interface Broken {
  invariant: string;
  what: string;
  orderNo?: string;
}

/** One promise, read from evidence alone. */
export type Check = (evidence: Evidence) => Broken[];

/** States in which the money of an order was kept, wholly or in part, or was kept before it went back. */
export const PAID: ReadonlySet<string> = new Set(['PAID', 'PART_REFUNDED', 'REFUNDED']);
/** States in which an order ended without money. */
export const RETURNED: ReadonlySet<string> = new Set(['CANCELLED', 'PAY_FAILED']);
/** What may follow once an order has ended. */
export const AFTER_END: Readonly<Record<string, readonly string[]>> = {
  PAID: ['PART_REFUNDED', 'REFUNDED'],
  PART_REFUNDED: ['REFUNDED'],
  REFUNDED: [],
  CANCELLED: [],
  PAY_FAILED: [],
};
/** What a notification may have been stored as when it was answered SUCCESS. */
export const STORED: ReadonlySet<string> = new Set([
  'settled',
  'already-settled',
  'amount-mismatch',
  'second-transaction',
  'failure-stored',
  'failure-too-late',
]);

/** Money that WeChat took. */
export interface Captured {
  outTradeNo: string;
  transactionId: string;
  totalFee: number;
  at: number;
  /** Where it stands in the ledger. */
  seq: number;
}

export const capturedIn = (ledger: readonly LedgerEntry[]): Captured[] =>
  ledger
    .filter(({ kind }) => kind === 'captured')
    .map(({ outTradeNo = '', transactionId = '', totalFee = 0, at, seq }) => ({
      ...{ outTradeNo, transactionId, totalFee, seq },
      at: Date.parse(at),
    }));

/** A refund that WeChat took on. `status` is how it ended, or PROCESSING. */
export interface RefundAtWechat {
  outRefundNo: string;
  outTradeNo: string;
  transactionId: string;
  refundFee: number;
  status: string;
}

/** Every time WeChat took a refund on: two entries with one number are two refunds. */
export function refundsIn(ledger: readonly LedgerEntry[]): RefundAtWechat[] {
  const paid = new Map(capturedIn(ledger).map((one) => [one.outTradeNo, one.transactionId]));
  const ended = new Map(
    ledger.flatMap(({ kind, outRefundNo = '', status }) =>
      kind === 'refund-ended' ? [[outRefundNo, String(status)] as const] : [],
    ),
  );
  return ledger
    .filter(({ kind }) => kind === 'refunded')
    .map(({ outRefundNo = '', outTradeNo = '', refundFee = 0 }) => ({
      ...{ outRefundNo, outTradeNo, refundFee },
      transactionId: paid.get(outTradeNo) ?? '',
      status: ended.get(outRefundNo) ?? 'PROCESSING',
    }));
}

export const by = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
};

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
