/** The figures of a run, and the story of one order. */
import { capturedIn, PAID, sum } from './invariants/broken.ts';
import type { Evidence } from './evidence.ts';

export interface Figures {
  orders: number;
  paid: number;
  cancelled: number;
  failed: number;
  inReview: number;
  payments: number;
  latePayments: number;
  latePaymentsRefunded: number;
  doublePayments: number;
  doublePaymentsRefunded: number;
  /** Requests of operators and of the rules, and how they ended. */
  refunds: number;
  refundsSucceeded: number;
  refundsRefusedOrClosed: number;
  refundsAbnormal: number;
  refundedFen: number;
  faultsInjected: number;
  notificationsSent: number;
  notificationsDropped: number;
  requests: number;
  buyersGaveUp: number;
  parkedMessages: number;
  /** How often one message was published, and handed to a consumer, at most; 0: nobody counted. */
  mostCopies: number;
  mostDeliveries: number;
  longestNoticeMs: number;
  longestAnswerMs: number;
  /** From the money to the books, over all payments. */
  longestToSettleMs: number;
  /** From the money, or from the end of the last fault if that was later, to the books. */
  longestToSettleAfterHealingMs: number;
  /** From the end of the last fault until nothing moved any more. */
  toRestMs: number;
  /** Resident memory in the end by that after the warm-up, of the process that grew most; 0: not measured. */
  mostMemoryGrowth: number;
}

export interface Times {
  faults: number;
  healedAt: number;
  restedAt: number;
  gaveUp: number;
  /** Orders that came before the run; they are not counted among its orders. */
  warmUpOrders: ReadonlySet<string>;
}

export function figuresOf(evidence: Evidence, { faults, healedAt, restedAt, gaveUp, warmUpOrders }: Times): Figures {
  const { payments, ledger, calls, parked, refundRequests } = evidence;
  const orders = evidence.orders.filter(({ orderNo }) => !warmUpOrders.has(orderNo));
  const count = (status: string) => orders.filter((one) => one.status === status).length;
  const inRole = (role: string) => payments.filter((one) => one.role === role);
  const back = (role: string) => inRole(role).filter((one) => one.refundedFen === one.totalFee).length;
  const ended = (...states: string[]) => refundRequests.filter(({ state }) => states.includes(state)).length;
  const notified = ledger.filter(({ kind }) => kind === 'notified');
  const takenAt = new Map(capturedIn(ledger).map((one) => [one.transactionId, one.at]));
  const longest = (from: (taken: number) => number): number =>
    payments.reduce((most, { transactionId, bookedAt }) => {
      const taken = takenAt.get(transactionId) ?? bookedAt.getTime();
      return Math.max(most, bookedAt.getTime() - from(taken));
    }, 0);
  return {
    orders: orders.length,
    paid: orders.filter(({ status }) => PAID.has(status)).length,
    cancelled: count('CANCELLED'),
    failed: count('PAY_FAILED'),
    inReview: count('REVIEW'),
    payments: takenAt.size,
    latePayments: inRole('LATE').length,
    latePaymentsRefunded: back('LATE'),
    doublePayments: inRole('DOUBLE').length,
    doublePaymentsRefunded: back('DOUBLE'),
    refunds: refundRequests.length,
    refundsSucceeded: ended('SUCCESS'),
    refundsRefusedOrClosed: ended('REFUSED', 'CLOSED'),
    refundsAbnormal: ended('ABNORMAL'),
    refundedFen: sum(payments.map(({ refundedFen }) => refundedFen)),
    faultsInjected: faults,
    notificationsSent: notified.length,
    notificationsDropped: notified.filter(({ replied }) => replied === 'dropped' || replied === 'off').length,
    requests: calls.length,
    buyersGaveUp: gaveUp,
    parkedMessages: parked.length,
    mostCopies: Math.max(0, ...evidence.copies.values()),
    mostDeliveries: Math.max(0, ...evidence.deliveries.values()),
    longestNoticeMs: notified.reduce((most, { tookMs = 0 }) => Math.max(most, tookMs), 0),
    longestAnswerMs: calls.reduce((most, { ms, what }) => (what === 'phone' ? most : Math.max(most, ms)), 0),
    longestToSettleMs: longest((taken) => taken),
    longestToSettleAfterHealingMs: longest((taken) => Math.max(taken, healedAt)),
    toRestMs: restedAt - healedAt,
    mostMemoryGrowth: evidence.memory.reduce((most, one) => Math.max(most, round(one.after / one.before)), 0),
  };
}

const round = (ratio: number): number => Math.round(ratio * 100) / 100;

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
    ...mine('refund in order', evidence.refundRequests),
    ...mine('refund in pay', evidence.refunds),
    ...mine('anomaly of order', evidence.anomaliesOfOrder),
    ...mine('anomaly of pay', evidence.anomaliesOfPay),
    ...timed,
  ];
}
