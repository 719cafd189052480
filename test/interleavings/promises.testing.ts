// What has to hold once everything is quiet, read from WeChat's ledger and both tables: no rule of the product is used.
import type { Shop } from './shop.testing.ts';
import { FEE, NO, STOCK } from './shop.testing.ts';

const KEPT = new Set(['PAID', 'PART_REFUNDED', 'REFUNDED']);
const GIVEN_UP = new Set(['CANCELLED', 'PAY_FAILED']);
const AFTER: Readonly<Record<string, readonly string[]>> = {
  PAID: ['PART_REFUNDED', 'REFUNDED'],
  PART_REFUNDED: ['REFUNDED'],
  REFUNDED: [],
  CANCELLED: [],
  PAY_FAILED: [],
};

type Check = (shop: Shop) => string[];
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const unless = (holds: boolean, what: string): string[] => (holds ? [] : [what]);

const captured = ({ wechat }: Shop) => [...wechat.trades.values()].filter(({ state }) => state === 'SUCCESS');
const statusOf = ({ order }: Shop): string => order.orders.get(NO)?.status ?? 'no order';
const givenBack = ({ wechat }: Shop, transactionId: string): number =>
  sum([...wechat.refunds.values()].filter((one) => one.transactionId === transactionId).map((one) => one.amountFen));

/** All money ends as a paid order, or as booked surplus that is on its way back or open for somebody to decide. */
const moneyIsExplained: Check = (shop) =>
  captured(shop).flatMap(({ transactionId, takenFee }) => {
    const payment = shop.order.payments.find((one) => one.transactionId === transactionId);
    if (payment?.role === 'MAIN') return unless(KEPT.has(statusOf(shop)), `I1 ${transactionId}: ${statusOf(shop)}`);
    if (payment?.role === 'AMOUNT') {
      const open = shop.order.anomalies.some((one) => one.kind === 'AMOUNT' && one.transactionId === transactionId);
      return unless(statusOf(shop) === 'REVIEW' && open, `I1 ${transactionId} waits, but ${statusOf(shop)}`);
    }
    if (payment) return unless(givenBack(shop, transactionId) === takenFee, `I1 ${transactionId} did not go back`);
    return unless(shop.pay.anomalies.has(transactionId), `I1 ${transactionId} is booked nowhere`);
  });

const paidOnce: Check = ({ order, pay }) => [
  ...unless(order.log.filter(({ to }) => to === 'PAID').length <= 1, 'I2 PAID more than once'),
  ...unless(order.payments.filter(({ role }) => role === 'MAIN').length <= 1, 'I2 paid by two payments'),
  ...unless(
    new Set(order.payments.map(({ transactionId }) => transactionId)).size === order.payments.length,
    'I2 a transaction is booked twice',
  ),
  ...order.payments.flatMap(({ outTradeNo, orderNo }) =>
    unless(pay.attempts.get(outTradeNo)?.orderNo === orderNo, `I2 ${outTradeNo} belongs to another order`),
  ),
];

const stockAddsUp: Check = (shop) => {
  const { reservations, stock, refunds } = shop.order;
  const status = statusOf(shop);
  const restocked =
    status === 'REFUNDED' && [...refunds.values()].some((one) => one.restock && one.state === 'SUCCESS');
  const wanted = GIVEN_UP.has(status) || restocked ? 'RETURNED' : KEPT.has(status) ? 'SOLD' : 'RESERVED';
  const held = sum(reservations.filter(({ state }) => state !== 'RETURNED').map(({ quantity }) => quantity));
  return [
    ...unless(stock + held === STOCK, `I3 ${stock} on the shelf and ${held} held of ${STOCK}`),
    ...reservations.flatMap(({ state }) => unless(state === wanted, `I3 ${status} with a reservation ${state}`)),
  ];
};

const pointsOnce: Check = (shop) => {
  const rows = (reason: string) => shop.order.points.filter((one) => one.reason === reason).map(({ points }) => points);
  const due = KEPT.has(statusOf(shop)) ? [Math.floor(FEE / 100)] : [];
  const back = statusOf(shop) === 'REFUNDED' ? [-Math.floor(FEE / 100)] : [];
  return [
    ...unless(String(rows('PAID')) === String(due), `I4 ${statusOf(shop)} with points ${rows('PAID').join()}`),
    ...unless(
      String(rows('REFUNDED')) === String(back),
      `I4 ${statusOf(shop)} with ${rows('REFUNDED').join()} taken back`,
    ),
  ];
};

const sumsAgree: Check = (shop) => {
  const taken = new Map(captured(shop).map((one) => [one.transactionId, one.takenFee]));
  const booked = new Set(shop.order.payments.map(({ transactionId }) => transactionId));
  const aside = [...shop.pay.anomalies].filter(([transactionId]) => !booked.has(transactionId));
  const explained =
    sum(shop.order.payments.map(({ totalFee }) => totalFee)) + sum(aside.map(([, one]) => one.totalFee));
  return [
    ...unless(explained === sum([...taken.values()]), `I5 ${explained} fen explained of ${sum([...taken.values()])}`),
    ...shop.order.payments.flatMap(({ transactionId, totalFee, refundedFen, reservedFen }) => [
      ...unless(taken.get(transactionId) === totalFee, `I5 ${transactionId} is booked with ${totalFee} fen`),
      ...unless(
        refundedFen === givenBack(shop, transactionId),
        `I5 ${transactionId}: ${refundedFen} booked as refunded`,
      ),
      ...unless(reservedFen === 0, `I5 ${transactionId}: ${reservedFen} are set aside for ever`),
    ]),
  ];
};

const paidWithProof: Check = (shop) => {
  if (!KEPT.has(statusOf(shop))) return [];
  const main = shop.order.payments.find(({ role }) => role === 'MAIN');
  if (!main) return ['I7 PAID without a payment'];
  const { transactionId, outTradeNo, totalFee } = main;
  const attempt = shop.pay.attempts.get(outTradeNo);
  const trade = captured(shop).find((one) => one.transactionId === transactionId);
  const kept = shop.pay.notices.get(outTradeNo)?.outcome;
  const told = attempt?.settleSource === 'notify' ? kept !== undefined && kept !== 'unclear' : attempt?.settleSource;
  return [
    ...unless(totalFee === FEE && trade?.takenFee === FEE, `I7 PAID by ${trade?.takenFee ?? 'no'} fen`),
    ...unless(attempt?.state === 'SUCCESS' && attempt.transactionId === transactionId, 'I7 PAID without an attempt'),
    ...unless(Boolean(told), 'I7 PAID although neither a notification nor a query says so'),
  ];
};

const endsAreFinal: Check = (shop) => {
  const { log, payments } = shop.order;
  const moves = log.flatMap(({ from, to }, i) => {
    const last = log[i - 1]?.to ?? null;
    const left = last !== null && AFTER[last]?.includes(to) === false;
    return [
      ...unless(from === last, `I8 from ${from} when it was ${last}`),
      ...unless(!left, `I8 left ${last} for ${to}`),
    ];
  });
  const early = payments.filter(
    ({ role, transactionId }) => role === 'LATE' && !shop.wechat.takenAfterClose.has(transactionId),
  );
  return [
    ...moves,
    ...unless(log.at(-1)?.to === statusOf(shop), `I8 ${statusOf(shop)} is not what the log says`),
    ...early.map(({ transactionId }) => `I8 ended without ${transactionId}, which had been taken before`),
  ];
};

const refundsFit: Check = (shop) => {
  const { wechat, order } = shop;
  const asked = [...wechat.refunds.values()];
  return [
    ...wechat.contradictions.map((number) => `I9 ${number} stands for two amounts`),
    ...captured(shop).flatMap(({ transactionId, takenFee }) =>
      unless(givenBack(shop, transactionId) <= takenFee, `I9 ${givenBack(shop, transactionId)} back of ${takenFee}`),
    ),
    ...asked.flatMap(({ outRefundNo, amountFen, state }) => {
      const ours = order.refunds.get(outRefundNo);
      return unless(
        ours?.amountFen === amountFen && ours.state === state,
        `I9 ${outRefundNo} ${state}: ${ours?.state}`,
      );
    }),
    ...[...order.refunds.values()].flatMap(({ outRefundNo, state }) =>
      unless(state !== 'SUCCESS' || wechat.refunds.has(outRefundNo), `I9 ${outRefundNo} was never carried out`),
    ),
  ];
};

/** Nothing waits any more, and both services say the same. */
const atRest: Check = (shop) => {
  const status = statusOf(shop);
  const heard = shop.pay.payables.get(NO);
  const known = KEPT.has(status) ? 'PAID' : status;
  const requests = [...shop.order.refunds.values()].filter(({ state }) => state === 'REQUESTED');
  return [
    ...unless(status in AFTER || status === 'REVIEW', `I10 still ${status}`),
    ...unless(heard?.orderStatus === known, `I12 pay believes ${heard?.orderStatus}, the order is ${status}`),
    ...unless(status === 'REVIEW' || heard?.state === 'DONE', `I10 pay is still ${heard?.state}`),
    ...requests.map(({ outRefundNo }) => `I10 refund ${outRefundNo} has not ended`),
    ...[...shop.unanswered.payments, ...shop.unanswered.refunds].map((one) => `I10 the notice of ${one} is not taken`),
  ];
};

const CHECKS = [
  moneyIsExplained,
  paidOnce,
  stockAddsUp,
  pointsOnce,
  sumsAgree,
  paidWithProof,
  endsAreFinal,
  refundsFit,
];

/** Everything that does not hold in a shop at rest: the promises by their numbers in docs/reliability.md. */
export const broken = (shop: Shop): string[] => [
  ...shop.wrong,
  ...CHECKS.flatMap((check) => check(shop)),
  ...atRest(shop),
];

/** Whether everything has come to rest. */
export const isAtRest = (shop: Shop): boolean => atRest(shop).length === 0;
