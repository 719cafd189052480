import { type Attempt, type AttemptState, codeUrlExpiresAt, isOpen } from './attempt.ts';
import type { Payable } from './payable.ts';
import { isGivenBack, type RefundState } from './refund.ts';
import type { TradeType } from './way.ts';

export const shownOrderStatuses = ['WAIT_PAY', 'CLOSING', 'PAID', 'CANCELLED', 'PAY_FAILED', 'REVIEW'] as const;
export type ShownOrderStatus = (typeof shownOrderStatuses)[number];
export const shownTradeStates = ['NOTPAY', 'SUCCESS', 'CLOSED', 'FAILED'] as const;
export type ShownTradeState = (typeof shownTradeStates)[number];
export const phases = [
  ...(['waiting', 'confirming', 'paid', 'closing', 'closed'] as const),
  ...(['failed', 'expired', 'review', 'refunding', 'refunded'] as const),
] as const;
export type Phase = (typeof phases)[number];

/** What a buyer is told about an order: by query, by stream and on the page. Times ISO 8601, amounts in fen. */
export interface StatusView {
  orderNo: string;
  outTradeNo: string | null;
  orderStatus: ShownOrderStatus;
  /** The way to pay that is open, or by which it was paid; null before the first. */
  tradeType: TradeType | null;
  tradeState: ShownTradeState | null;
  /** Where the newest refund of the order stands; null without one. */
  refundStatus: RefundState | null;
  phase: Phase;
  totalFee: number;
  title: string;
  expiresAt: string;
  paidAt: string | null;
  codeUrlExpiresAt: string | null;
  serverTime: string;
}

const shownState: Readonly<Record<AttemptState, ShownTradeState>> = {
  CREATED: 'NOTPAY',
  NOTPAY: 'NOTPAY',
  SUCCESS: 'SUCCESS',
  CLOSED: 'CLOSED',
  FAILED: 'FAILED',
};

/** The attempt that stands for the order: the paid one, else the open one, else the newest. */
export function leadingAttempt(attempts: readonly Attempt[]): Attempt | undefined {
  const newestFirst = attempts.toSorted((a, b) => b.seq - a.seq);
  return newestFirst.find((a) => a.state === 'SUCCESS') ?? newestFirst.find(isOpen) ?? newestFirst[0];
}

/**
 * "paid" only when the order is PAID; money that `order` has not booked yet is "confirming". Money that came after the
 * order had ended goes back by itself: "refunding" until the buyer has it.
 */
function phaseOf(payable: Payable, paid: boolean, refund: RefundState | null, now: Date): Phase {
  const ended = payable.orderStatus === 'CANCELLED' || payable.orderStatus === 'PAY_FAILED';
  if (ended && (paid || refund !== null)) return isGivenBack(refund) ? 'refunded' : 'refunding';
  const timedOut = payable.closeReason === 'timeout';
  switch (payable.orderStatus) {
    case 'PAID':
      return 'paid';
    case 'REVIEW':
      return 'review';
    case 'PAY_FAILED':
      return 'failed';
    case 'CANCELLED':
      return timedOut ? 'expired' : 'closed';
    case 'WAIT_PAY':
      if (paid) return 'confirming';
      if (payable.state !== 'OPEN') return 'closing';
      return payable.expiresAt.getTime() <= now.getTime() ? 'expired' : 'waiting';
  }
}

/** Puts together what is known of an order at `now`. */
export function statusView(
  payable: Payable,
  attempts: readonly Attempt[],
  refund: RefundState | null,
  now: Date,
): StatusView {
  const leading = leadingAttempt(attempts);
  const paid = leading?.state === 'SUCCESS';
  const closing = payable.orderStatus === 'WAIT_PAY' && payable.state !== 'OPEN' && !paid;
  return {
    orderNo: payable.orderNo,
    outTradeNo: leading?.outTradeNo ?? null,
    orderStatus: closing ? 'CLOSING' : payable.orderStatus,
    tradeType: leading?.tradeType ?? null,
    tradeState: leading ? shownState[leading.state] : null,
    refundStatus: refund,
    phase: phaseOf(payable, paid, refund, now),
    totalFee: payable.totalFee,
    title: payable.title,
    expiresAt: payable.expiresAt.toISOString(),
    paidAt: leading?.paidAt?.toISOString() ?? null,
    codeUrlExpiresAt: (leading && isOpen(leading) && codeUrlExpiresAt(leading)?.toISOString()) || null,
    serverTime: now.toISOString(),
  };
}
