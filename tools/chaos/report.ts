/** The figures of a run, and the story of one order. */
import { capturedIn } from './invariants.ts';
import type { Evidence } from './evidence.ts';

export interface Figures {
  orders: number;
  paid: number;
  cancelled: number;
  failed: number;
  inReview: number;
  payments: number;
  latePayments: number;
  doublePayments: number;
  faultsInjected: number;
  notificationsSent: number;
  notificationsDropped: number;
  requests: number;
  buyersGaveUp: number;
  parkedMessages: number;
  longestAnswerMs: number;
  /** From the money to the books, over all payments. */
  longestToSettleMs: number;
  /** From the money, or from the end of the last fault if that was later, to the books. */
  longestToSettleAfterHealingMs: number;
  /** From the end of the last fault until nothing moved any more. */
  toRestMs: number;
}

interface Times {
  faults: number;
  healedAt: number;
  restedAt: number;
  gaveUp: number;
}

export function figuresOf(evidence: Evidence, { faults, healedAt, restedAt, gaveUp }: Times): Figures {
  const { orders, payments, ledger, calls, parked } = evidence;
  const count = (status: string) => orders.filter((one) => one.status === status).length;
  const inRole = (role: string) => payments.filter((one) => one.role === role).length;
  const notified = ledger.filter(({ kind }) => kind === 'notified');
  const takenAt = new Map(capturedIn(ledger).map((one) => [one.transactionId, one.at]));
  const longest = (from: (taken: number) => number): number =>
    payments.reduce((most, { transactionId, bookedAt }) => {
      const taken = takenAt.get(transactionId) ?? bookedAt.getTime();
      return Math.max(most, bookedAt.getTime() - from(taken));
    }, 0);
  return {
    orders: orders.length,
    paid: count('PAID'),
    cancelled: count('CANCELLED'),
    failed: count('PAY_FAILED'),
    inReview: count('REVIEW'),
    payments: takenAt.size,
    latePayments: inRole('LATE'),
    doublePayments: inRole('DOUBLE'),
    faultsInjected: faults,
    notificationsSent: notified.length,
    notificationsDropped: notified.filter(({ replied }) => replied === 'dropped' || replied === 'off').length,
    requests: calls.length,
    buyersGaveUp: gaveUp,
    parkedMessages: parked.length,
    longestAnswerMs: calls.reduce((most, { ms, what }) => (what === 'phone' ? most : Math.max(most, ms)), 0),
    longestToSettleMs: longest((taken) => taken),
    longestToSettleAfterHealingMs: longest((taken) => Math.max(taken, healedAt)),
    toRestMs: restedAt - healedAt,
  };
}

/** Everything that is known about one order, in the order of time where there is one. */
export function historyOf(number: string, evidence: Evidence): object[] {
  const orderNo = evidence.attempts.find(({ outTradeNo }) => outTradeNo === number)?.orderNo ?? number;
  const numbers = new Set(
    evidence.attempts.filter((one) => one.orderNo === orderNo).map(({ outTradeNo }) => outTradeNo),
  );
  const mine = <T extends { orderNo?: string | null; outTradeNo?: string | null }>(from: string, items: readonly T[]) =>
    items
      .filter((one) => one.orderNo === orderNo || numbers.has(one.outTradeNo ?? ''))
      .map((one) => ({ from, ...one }));
  const timed = [
    ...mine('log', evidence.log),
    ...mine('wechat', evidence.ledger),
    ...mine('booked', evidence.payments).map((one) => ({ ...one, at: one.bookedAt })),
    ...mine('buyer', evidence.calls),
  ].sort((a, b) => new Date(a.at).getTime() - new Date(b.at).getTime());
  return [
    ...mine('order', evidence.orders),
    ...mine('payable', evidence.payables),
    ...mine('reservation', evidence.reservations),
    ...mine('attempt', evidence.attempts),
    ...mine('notice', evidence.notices),
    ...mine('anomaly of order', evidence.anomaliesOfOrder),
    ...mine('anomaly of pay', evidence.anomaliesOfPay),
    ...timed,
  ];
}
