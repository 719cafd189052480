/**
 * The promises, each read from evidence alone: the checker shares no rule with the product, so that both cannot be wrong
 * in the same way. The simulator's ledger is the judge of what was really paid.
 */
import type { LedgerEntry } from '../stack/client.ts';
import type { Evidence, PaymentFact } from './evidence.ts';

export interface Broken {
  invariant: string;
  what: string;
  orderNo?: string;
}

/** States in which the money of an order was kept, wholly or in part. */
const PAID = new Set(['PAID', 'PART_REFUNDED', 'REFUNDED']);
const RETURNED = new Set(['CANCELLED', 'PAY_FAILED']);
/** What may follow once an order has ended. */
const AFTER_END: Readonly<Record<string, readonly string[]>> = {
  PAID: ['PART_REFUNDED', 'REFUNDED'],
  PART_REFUNDED: ['REFUNDED'],
  REFUNDED: [],
  CANCELLED: [],
  PAY_FAILED: [],
};
/** What a notification may have been stored as when it was answered SUCCESS. */
const STORED = new Set([
  'settled',
  'already-settled',
  'amount-mismatch',
  'second-transaction',
  'failure-stored',
  'failure-too-late',
]);
/** The machine may be slow; the promise is about hanging. */
const SLOWNESS_MS = 1_000;
const ANSWER_WITHIN_MS = { code: 15_000, other: 5_000 };

type Check = (evidence: Evidence) => Broken[];

interface Captured {
  outTradeNo: string;
  transactionId: string;
  totalFee: number;
  at: number;
}

export const capturedIn = (ledger: readonly LedgerEntry[]): Captured[] =>
  ledger
    .filter(({ kind }) => kind === 'captured')
    .map(({ outTradeNo = '', transactionId = '', totalFee = 0, at }) => ({
      outTradeNo,
      transactionId,
      totalFee,
      at: Date.parse(at),
    }));

const by = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};

/** I1: all money ends as a paid order, or as booked surplus that is open for somebody to decide or give back. */
const moneyIsExplained: Check = ({ ledger, orders, payments, attempts, anomaliesOfOrder, anomaliesOfPay }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const booked = new Map(payments.map((payment) => [payment.transactionId, payment]));
  const flagged = new Set([...anomaliesOfOrder, ...anomaliesOfPay].map(({ transactionId }) => transactionId));
  const orderOf = new Map(attempts.map(({ outTradeNo, orderNo }) => [outTradeNo, orderNo]));
  return capturedIn(ledger).flatMap(({ transactionId, outTradeNo }) => {
    const payment = booked.get(transactionId);
    const isMain = payment?.role === 'MAIN' && PAID.has(statusOf.get(payment.orderNo) ?? '');
    const isSurplus = payment?.role !== 'MAIN' && flagged.has(transactionId);
    if (isMain || isSurplus) return [];
    const orderNo = payment?.orderNo ?? orderOf.get(outTradeNo) ?? outTradeNo;
    const is = payment ? `booked as ${payment.role}, its order is ${statusOf.get(payment.orderNo)}` : 'not booked';
    return [{ invariant: 'I1', orderNo, what: `transaction ${transactionId} was captured and is ${is}` }];
  });
};

/** I2: an order becomes PAID once, by one transaction, and a transaction belongs to one order. */
const paidOnce: Check = ({ log, payments, attempts }) => {
  const twice = [
    ...by(
      log.filter(({ to }) => to === 'PAID'),
      ({ orderNo }) => orderNo,
    ),
  ]
    .filter(([, moves]) => moves.length > 1)
    .map(([orderNo, moves]) => ({ invariant: 'I2', orderNo, what: `became PAID ${moves.length} times` }));
  const mains = [
    ...by(
      payments.filter(({ role }) => role === 'MAIN'),
      ({ orderNo }) => orderNo,
    ),
  ]
    .filter(([, those]) => those.length > 1)
    .map(([orderNo, those]) => ({ invariant: 'I2', orderNo, what: `${those.length} main payments` }));
  const owner = new Map(attempts.map(({ outTradeNo, orderNo }) => [outTradeNo, orderNo]));
  const strange = payments
    .filter(({ outTradeNo, orderNo }) => owner.get(outTradeNo) !== orderNo)
    .map(({ orderNo, outTradeNo }) => ({ invariant: 'I2', orderNo, what: `booked ${outTradeNo}, another order's` }));
  return [...twice, ...mains, ...strange];
};

/** I3: per product, what was there = on the shelf + kept for open orders + sold; every reservation follows its order. */
const stockAddsUp: Check = ({ stockBefore, stock, reservations, orders }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const wanted = (status: string): string =>
    PAID.has(status) ? 'SOLD' : RETURNED.has(status) ? 'RETURNED' : 'RESERVED';
  const wrong = reservations.flatMap(({ orderNo, state }) => {
    const status = statusOf.get(orderNo) ?? 'no order';
    if (state === wanted(status)) return [];
    return [{ invariant: 'I3', orderNo, what: `the order is ${status}, its reservation ${state}` }];
  });
  const left = new Map(stock.map((one) => [one.productId, one.stock]));
  const shelves = stockBefore.flatMap(({ productId, stock: before }) => {
    const held = reservations
      .filter((one) => one.productId === productId && one.state !== 'RETURNED')
      .reduce((sum, { quantity }) => sum + quantity, 0);
    const now = (left.get(productId) ?? 0) + held;
    return now === before ? [] : [{ invariant: 'I3', what: `${productId}: ${before} before, ${now} now` }];
  });
  return [...wrong, ...shelves];
};

/** I4: one row of points for each paid order, of its own size, and none for others. */
const pointsOnce: Check = ({ orders, points }) => {
  const given = by(
    points.filter(({ reason }) => reason === 'PAID'),
    ({ orderNo }) => orderNo,
  );
  return orders.flatMap(({ orderNo, status, totalFee }) => {
    const rows = given.get(orderNo) ?? [];
    const due = PAID.has(status) ? Math.floor(totalFee / 100) : undefined;
    const asDue = due === undefined ? rows.length === 0 : rows.length === 1 && rows[0]?.points === due;
    return asDue ? [] : [{ invariant: 'I4', orderNo, what: `${status} with ${rows.length} rows of points` }];
  });
};

/** I5: the sum of what WeChat took is the sum of what is booked or open as an anomaly, fen by fen. */
const sumsAgree: Check = ({ ledger, payments, anomaliesOfPay }) => {
  const taken = new Map(capturedIn(ledger).map((one) => [one.transactionId, one]));
  const booked = new Map(payments.map((one) => [one.transactionId, one]));
  const wrong = payments.flatMap((payment) => {
    const real = taken.get(payment.transactionId)?.totalFee;
    if (real === payment.totalFee) return [];
    const what = `${payment.transactionId} is booked with ${payment.totalFee} fen, WeChat took ${real ?? 'nothing'}`;
    return [{ invariant: 'I5', orderNo: payment.orderNo, what }];
  });
  const sum = (those: readonly { totalFee: number }[]) => those.reduce((total, one) => total + one.totalFee, 0);
  const open = new Set(anomaliesOfPay.map(({ transactionId }) => transactionId));
  const aside = [...taken.values()].filter((one) => !booked.has(one.transactionId) && open.has(one.transactionId));
  const [captured, explained] = [sum([...taken.values()]), sum(payments) + sum(aside)];
  const what = `WeChat took ${captured} fen, ${explained} are booked or open`;
  return captured === explained ? wrong : [...wrong, { invariant: 'I5', what }];
};

/** I6: whatever was answered SUCCESS is written down with the bytes that were answered. */
const successIsStored: Check = ({ ledger, notices }) => {
  const stored = notices.filter(({ outcome }) => STORED.has(outcome));
  const paid = new Set(stored.map(({ transactionId }) => transactionId));
  const failed = new Set(stored.filter(({ kind }) => kind === 'failed').map(({ outTradeNo }) => outTradeNo));
  return ledger
    .filter(({ kind, accepted }) => kind === 'notified' && accepted === true)
    .filter(({ transactionId, outTradeNo = '' }) => !(transactionId ? paid.has(transactionId) : failed.has(outTradeNo)))
    .map(({ outTradeNo = '' }) => ({
      invariant: 'I6',
      orderNo: outTradeNo,
      what: 'a notification was answered SUCCESS and is stored nowhere',
    }));
};

/** I7: no order is PAID without proof: its own amount, taken by WeChat, told by a stored notification or a query. */
const paidWithProof: Check = ({ orders, payments, attempts, notices, ledger }) => {
  const mainOf = new Map(payments.filter(({ role }) => role === 'MAIN').map((one) => [one.orderNo, one]));
  const taken = new Map(capturedIn(ledger).map((one) => [one.transactionId, one]));
  const attemptOf = new Map(attempts.map((one) => [one.outTradeNo, one]));
  const told = new Set(notices.filter(({ outcome }) => STORED.has(outcome)).map(({ transactionId }) => transactionId));
  const lacks = (main: PaymentFact | undefined, totalFee: number): string | undefined => {
    if (!main) return 'no payment';
    if (main.totalFee !== totalFee) return `paid ${main.totalFee} fen of ${totalFee}`;
    if (taken.get(main.transactionId)?.totalFee !== totalFee) return 'WeChat took another amount, or nothing';
    const attempt = attemptOf.get(main.outTradeNo);
    if (attempt?.state !== 'SUCCESS' || attempt.transactionId !== main.transactionId) return 'no successful attempt';
    const proof = attempt.settleSource === 'notify' ? told.has(main.transactionId) : attempt.settleSource !== null;
    return proof ? undefined : 'neither a notification nor a query proves it';
  };
  return orders
    .filter(({ status }) => PAID.has(status))
    .flatMap(({ orderNo, totalFee }) => {
      const missing = lacks(mainOf.get(orderNo), totalFee);
      return missing === undefined ? [] : [{ invariant: 'I7', orderNo, what: `is PAID: ${missing}` }];
    });
};

/** I8: what has ended stays so, each change starts where the last one stopped, and money is late only after the end. */
const endsAreFinal: Check = ({ log, orders, payments, ledger }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const moves = by(log, ({ orderNo }) => orderNo);
  const broken = [...moves].flatMap(([orderNo, those]) => {
    const found: Broken[] = [];
    let last: string | null = null;
    for (const { from, to } of those) {
      if (from !== last)
        found.push({ invariant: 'I8', orderNo, what: `went from ${from} to ${to} when it was ${last}` });
      else if (last !== null && AFTER_END[last]?.includes(to) === false)
        found.push({ invariant: 'I8', orderNo, what: `left ${last} for ${to}` });
      last = to;
    }
    if (last !== statusOf.get(orderNo))
      found.push({ invariant: 'I8', orderNo, what: `is ${statusOf.get(orderNo)}, its log ends with ${last}` });
    return found;
  });
  const takenAt = new Map(capturedIn(ledger).map((one) => [one.transactionId, one.at]));
  const early = payments.filter(({ role, orderNo, transactionId }) => {
    const end = moves.get(orderNo)?.find(({ to }) => RETURNED.has(to));
    return role === 'LATE' && end !== undefined && (takenAt.get(transactionId) ?? Infinity) < end.at.getTime();
  });
  const what = 'ended without its money, which WeChat had taken before';
  return [...broken, ...early.map(({ orderNo }) => ({ invariant: 'I8', orderNo, what }))];
};

/** I10: everything has come to rest. */
const atRest: Check = ({ orders, outbox, queues, overdue, restless, copies, mostCopies }) => [
  ...orders
    .filter(({ status }) => status === 'WAIT_PAY' || status === 'CLOSING')
    .map(({ orderNo, status }) => ({ invariant: 'I10', orderNo, what: `is still ${status}` })),
  ...outbox.map(({ app, messageId, attempts, lastError }) => ({
    invariant: 'I10',
    what: `outbox of ${app} still holds ${messageId} (${attempts} tries, ${lastError})`,
  })),
  ...queues
    .filter(({ messages }) => messages !== 0)
    .map(({ name, messages }) => ({ invariant: 'I10', what: `queue ${name}: ${messages ?? 'not there'}` })),
  ...(overdue.length > 0 ? [{ invariant: 'I10', what: `${overdue.length} orders are overdue in Redis` }] : []),
  ...[...copies]
    .filter(([, count]) => count > mostCopies)
    .map(([id, count]) => ({
      invariant: 'I10',
      what: `${id} was published ${count} times, at most ${mostCopies} expected`,
    })),
  ...(restless.length > 0 ? [{ invariant: 'I10', what: `did not come to rest: ${restless.join('; ')}` }] : []),
];

/** I11: the same key is the same order, to the letter; the same key with another basket is refused. */
const keysHold: Check = ({ keys }) =>
  keys
    .filter(({ asPromised }) => !asPromised)
    .map(({ orderNo, what, seen }) => ({ invariant: 'I11', orderNo, what: `${what}: ${seen}` }));

/** I12: what one side said, the other has: every order can be paid there, every success is booked, every end is known. */
const nothingUnheard: Check = ({ orders, payables, attempts, payments, parked }) => {
  const known = new Map(payables.map((one) => [one.orderNo, one]));
  const booked = new Set(payments.map(({ transactionId }) => transactionId));
  const aside = new Set(parked.map(({ messageId }) => messageId));
  const successes = attempts.flatMap(({ state, transactionId, orderNo }) => {
    if (state !== 'SUCCESS' || transactionId === null || booked.has(transactionId)) return [];
    if (aside.has(`payment.succeeded:${transactionId}`)) return [];
    return [{ invariant: 'I12', orderNo, what: `pay has settled ${transactionId}, order has not heard of it` }];
  });
  const ends = orders.flatMap(({ orderNo, status }) => {
    const seen = known.get(orderNo)?.orderStatus;
    if (seen === status || !(status in AFTER_END) || seen === undefined) return [];
    return [{ invariant: 'I12', orderNo, what: `is ${status}, pay believes ${seen}` }];
  });
  return [...successes, ...ends];
};

/** I13: no secret was printed anywhere. */
const nothingLeaks: Check = ({ leaks }) => leaks.map((leak) => ({ invariant: 'I13', what: leak }));

/** I14: whoever was not killed lives, and everybody is ready again by himself. */
const everybodyReturns: Check = ({ crashes, notReady }) =>
  [...crashes, ...(notReady === undefined ? [] : [notReady])].map((what) => ({ invariant: 'I14', what }));

/** I15: no request hangs, and none is answered outside the contract. */
const answersInTime: Check = ({ calls, surprises, silences }) => {
  const late = calls.flatMap(({ what, app, at, ms, orderNo, status }) => {
    const limit = ANSWER_WITHIN_MS[what === 'code' ? 'code' : 'other'] + SLOWNESS_MS;
    const silent = silences.some((one) => one.app === app && one.from <= at + ms && at <= one.to);
    if (what === 'phone' || ms <= limit || silent) return [];
    const text = `${what} at ${app} took ${ms} ms (${status ?? 'no answer'})`;
    return [{ invariant: 'I15', what: text, ...(orderNo !== undefined && { orderNo }) }];
  });
  return [...late, ...surprises.map((what) => ({ invariant: 'I15', what }))];
};

const CHECKS: readonly Check[] = [
  moneyIsExplained,
  paidOnce,
  stockAddsUp,
  pointsOnce,
  sumsAgree,
  successIsStored,
  paidWithProof,
  endsAreFinal,
  atRest,
  keysHold,
  nothingUnheard,
  nothingLeaks,
  everybodyReturns,
  answersInTime,
];

/** Names of what is checked, for the report. */
export const CHECKED = [
  'I1',
  'I2',
  'I3',
  'I4',
  'I5',
  'I6',
  'I7',
  'I8',
  'I10',
  'I11',
  'I12',
  'I13',
  'I14',
  'I15',
] as const;

/** Everything that does not hold. */
export const check = (evidence: Evidence): Broken[] => CHECKS.flatMap((one) => one(evidence));
