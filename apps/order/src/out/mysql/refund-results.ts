import { type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { event } from '#platform';
import { mayMove, type OrderState } from '../../domain/order-states.ts';
import {
  afterRefund,
  bookingOf,
  isPaidTwice,
  mayEnd,
  type RefundEnd,
  type RefundState,
  type RepaidHow,
} from '../../domain/refund.ts';
import { pointsFor, type PaymentRole } from '../../domain/settlement.ts';
import { type RefundBooked, type RefundResult } from '../../flow/ports.ts';
import { closeSettled, openRefundAnomaly } from './anomalies.ts';
import { expectRows, giveBack, lockOrders, writeMoves } from './order-moves.ts';

interface Known {
  state: RefundState;
  transactionId: string;
  amountFen: string;
  repaidHow: RepaidHow | null;
}

/** One refund of one payment. */
export interface RefundOf {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
  amountFen: number;
}

/**
 * Books how one refund ended, with all that follows from it. The order is locked first, as everywhere; each end is
 * booked once, because the request's old state stands in the WHERE clause.
 */
export async function bookRefund(
  em: EntityManager,
  result: RefundResult,
): Promise<{ result: RefundBooked; events: Event[] }> {
  const { orderNo, transactionId, outRefundNo, amountFen, end } = result;
  const nothing = (outcome: RefundBooked) => ({ result: outcome, events: [] });
  const { orders, now } = await lockOrders(em, [orderNo]);
  const order = orders.get(orderNo);
  if (!order) return nothing('unknown-order');
  const [known] = await em.query<Known[]>(
    `SELECT state, transaction_id AS transactionId, amount_fen AS amountFen, repaid_how AS repaidHow
     FROM refund_request
     WHERE out_refund_no = ? FOR UPDATE`,
    [outRefundNo],
  );
  if (known && (known.transactionId !== transactionId || Number(known.amountFen) !== amountFen)) {
    return nothing('other-refund');
  }
  if (known && !mayEnd(known.state, end)) {
    // Whoever still tells that it is ABNORMAL has not heard that the buyer was repaid.
    const isUnheard = known.state === 'REPAID' && end === 'ABNORMAL';
    return { result: 'repeat', events: isUnheard ? [refundRepaid(result, now)] : [] };
  }
  const [booked] = await em.query<object[]>('SELECT 1 FROM order_payment WHERE transaction_id = ? AND order_no = ?', [
    transactionId,
    orderNo,
  ]);
  if (!booked) return nothing('unknown-payment');
  if (known) await endRequest(em, result, known.state, now);
  else await takeOver(em, result, now);
  const surplusFen = await moveAmounts(em, result, known?.state, end);
  if (end !== 'SUCCESS') {
    await openRefundAnomaly(em, `REFUND_${end}`, result, `refund ${outRefundNo}: ${todo(result, end)}`, now);
    return nothing('booked');
  }
  if (surplusFen > 0 || (known?.state === 'REPAID' && isPaidTwice(known.repaidHow))) {
    const detail = `refund ${outRefundNo} of ${amountFen} fen: WeChat has paid what the buyer had been given before`;
    await openRefundAnomaly(em, 'REPAID_TWICE', result, detail, now);
  }
  // What follows from it has followed when it was recorded as repaid.
  if (known?.state === 'REPAID') return nothing('booked');
  return { result: 'booked', events: await given(em, order, result, now) };
}

/** That the buyer was paid without WeChat. The same text however often it is told. */
export const refundRepaid = (
  { orderNo, transactionId, outRefundNo, amountFen }: RefundOf,
  now: Date,
): Event<'refund.repaid'> => {
  const facts = { orderNo, transactionId, outRefundNo, amountFen };
  return event('refund.repaid', `refund.repaid:${outRefundNo}`, facts, now);
};

/**
 * Reserved money becomes refunded, or is free again; ABNORMAL money stays set aside.
 * @returns how many fen the books cannot take: all of the payment had been given back before
 */
export async function moveAmounts(
  em: EntityManager,
  { transactionId, amountFen }: RefundOf,
  from: RefundState | undefined,
  to: RefundState,
): Promise<number> {
  const { reservedFen, refundedFen } = bookingOf(from, to, amountFen);
  const payment = await paymentOf(em, transactionId);
  const surplusFen = Math.max(0, payment.refundedFen + refundedFen - payment.totalFee);
  const sql = `UPDATE order_payment SET reserved_fen = reserved_fen + ?, refunded_fen = refunded_fen + ?
    WHERE transaction_id = ?`;
  await expectRows(em, 1, sql, [reservedFen, refundedFen - surplusFen, transactionId]);
  return surplusFen;
}

/**
 * What follows when the money of a refund is with the buyer and booked: anomalies close, and an order whose own money it
 * was moves on.
 * @returns the events to record in the same transaction
 */
export async function given(em: EntityManager, order: OrderState, refund: RefundOf, now: Date): Promise<Event[]> {
  const { role, totalFee: paidFen, refundedFen } = await paymentOf(em, refund.transactionId);
  await closeSettled(em, { ...refund, role, nothingLeft: refundedFen >= paidFen }, now);
  return role === 'MAIN' ? moveOrder(em, order, { paidFen, refundedFen }, refund, now) : [];
}

/** What was paid and is back of the payment of a refund, in fen. */
export async function paymentOf(
  em: EntityManager,
  transactionId: string,
): Promise<{ role: PaymentRole; totalFee: number; refundedFen: number }> {
  const [row] = await em.query<{ role: PaymentRole; totalFee: string; refundedFen: string }[]>(
    'SELECT role, total_fee AS totalFee, refunded_fen AS refundedFen FROM order_payment WHERE transaction_id = ?',
    [transactionId],
  );
  if (!row) throw new Error('a refund was booked without its payment');
  return { role: row.role, totalFee: Number(row.totalFee), refundedFen: Number(row.refundedFen) };
}

async function endRequest(em: EntityManager, result: RefundResult, from: RefundState, now: Date): Promise<void> {
  const sql = 'UPDATE refund_request SET state = ?, refund_id = ?, ended_at = ? WHERE out_refund_no = ? AND state = ?';
  await expectRows(em, 1, sql, [result.end, result.refundId ?? null, now, result.outRefundNo, from]);
}

/** A refund that was made in the merchant console: it counts like our own, under WeChat's number. */
async function takeOver(em: EntityManager, result: RefundResult, now: Date): Promise<void> {
  const { outRefundNo, orderNo, transactionId, amountFen, end, refundId } = result;
  await em.query(
    `INSERT INTO refund_request (out_refund_no, order_no, transaction_id, amount_fen, reason, restock, origin, state,
       refund_id, requested_by, requested_at, sent_at, ended_at) VALUES (?, ?, ?, ?, ?, 0, 'CONSOLE', ?, ?, '', ?, ?, ?)`,
    [outRefundNo, orderNo, transactionId, amountFen, 'merchant console', end, refundId ?? null, now, now, now],
  );
}

const meaning: Readonly<Record<Exclude<RefundEnd, 'SUCCESS'>, string>> = {
  REFUSED: 'WeChat refused it; the amount is free again. Open: remove the cause and request it anew',
  CLOSED: 'WeChat closed it without paying; the amount is free again. Open: request it anew',
  ABNORMAL:
    'the account of the buyer could not take it. Open: repay the buyer by other means; the amount stays set aside',
};
const todo = ({ amountFen, reason }: RefundResult, end: Exclude<RefundEnd, 'SUCCESS'>): string =>
  `${amountFen} fen: ${meaning[end]} (${reason})`;

async function moveOrder(
  em: EntityManager,
  order: OrderState,
  { paidFen, refundedFen }: { paidFen: number; refundedFen: number },
  { outRefundNo }: RefundOf,
  now: Date,
): Promise<Event[]> {
  const to = afterRefund(refundedFen, order.totalFee, paidFen);
  if (to === undefined) return [];
  const events = mayMove(order.status, to)
    ? await writeMoves(em, now, [{ order, move: { to, why: `refund ${outRefundNo}`.slice(0, 64) } }])
    : [];
  if (to === 'REFUNDED') await undoSale(em, order);
  const facts = { orderNo: order.orderNo, totalFee: order.totalFee, at: now.toISOString(), refundedFen };
  return [...events, event('order.refunded', `order.refunded:${outRefundNo}`, facts, now)];
}

/** Points are taken back once; goods return to the shelf once, and only when a refund asked for it. */
async function undoSale(em: EntityManager, { orderNo, buyerId, totalFee }: OrderState): Promise<void> {
  await em.query('INSERT IGNORE INTO point_ledger (order_no, reason, buyer_id, points) VALUES (?, ?, ?, ?)', [
    orderNo,
    'REFUNDED',
    buyerId,
    -pointsFor(totalFee),
  ]);
  const [asked] = await em.query<{ n: string }[]>(
    "SELECT COUNT(*) AS n FROM refund_request WHERE order_no = ? AND restock = 1 AND state IN ('SUCCESS', 'REPAID')",
    [orderNo],
  );
  if (Number(asked?.n ?? 0) > 0) await giveBack(em, [orderNo], 'SOLD');
}
