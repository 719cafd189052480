import { type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { event } from '#platform';
import { mayMove, type OrderState } from '../../domain/order-states.ts';
import { afterRefund, isReserved, mayEnd, type RefundEnd, type RefundState } from '../../domain/refund.ts';
import { pointsFor, type PaymentRole } from '../../domain/settlement.ts';
import { type RefundBooked, type RefundResult } from '../../flow/ports.ts';
import { expectRows, giveBack, lockOrders, writeMoves } from './order-moves.ts';

interface Known {
  state: RefundState;
  transactionId: string;
  amountFen: string;
}

interface Booked {
  role: PaymentRole;
  totalFee: string;
  refundedFen: string;
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
    `SELECT state, transaction_id AS transactionId, amount_fen AS amountFen FROM refund_request
     WHERE out_refund_no = ? FOR UPDATE`,
    [outRefundNo],
  );
  if (known && (known.transactionId !== transactionId || Number(known.amountFen) !== amountFen)) {
    return nothing('other-refund');
  }
  if (known && !mayEnd(known.state, end)) return nothing('repeat');
  const [before] = await em.query<Booked[]>(
    'SELECT role, total_fee AS totalFee, refunded_fen AS refundedFen FROM order_payment WHERE transaction_id = ? AND order_no = ?',
    [transactionId, orderNo],
  );
  if (!before) return nothing('unknown-payment');
  if (known) await endRequest(em, result, known.state, now);
  else await takeOver(em, result, now);
  await moveAmounts(em, result, known?.state);
  if (end !== 'SUCCESS') {
    await openAnomaly(em, result, end, now);
    return nothing('booked');
  }
  if (before.role !== 'MAIN') {
    await closeAnomaly(em, result, before.role);
    return nothing('booked');
  }
  const refundedFen = Number(before.refundedFen) + amountFen;
  return { result: 'booked', events: await moveOrder(em, order, refundedFen, result, now) };
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

/** Reserved money becomes refunded, or is free again; ABNORMAL money stays set aside. */
async function moveAmounts(em: EntityManager, result: RefundResult, from: RefundState | undefined): Promise<void> {
  const { transactionId, amountFen, end } = result;
  const before = from !== undefined && isReserved(from) ? amountFen : 0;
  const after = isReserved(end) ? amountFen : 0;
  const sql = `UPDATE order_payment SET reserved_fen = reserved_fen + ?, refunded_fen = refunded_fen + ?
    WHERE transaction_id = ?`;
  await expectRows(em, 1, sql, [after - before, end === 'SUCCESS' ? amountFen : 0, transactionId]);
}

const todo: Readonly<Record<Exclude<RefundEnd, 'SUCCESS'>, string>> = {
  REFUSED: 'WeChat refused it; the amount is free again. Open: remove the cause and request it anew',
  CLOSED: 'WeChat closed it without paying; the amount is free again. Open: request it anew',
  ABNORMAL:
    'the account of the buyer could not take it. Open: repay the buyer by other means; the amount stays set aside',
};

async function openAnomaly(
  em: EntityManager,
  { orderNo, transactionId, outRefundNo, amountFen, reason }: RefundResult,
  end: Exclude<RefundEnd, 'SUCCESS'>,
  now: Date,
): Promise<void> {
  const detail = `refund ${outRefundNo} of ${amountFen} fen: ${todo[end]} (${reason})`.slice(0, 255);
  await em.query(
    `INSERT INTO anomaly (kind, order_no, transaction_id, detail, state, opened_at) VALUES (?, ?, ?, ?, 'OPEN', ?)
     ON DUPLICATE KEY UPDATE detail = ?, state = 'OPEN', opened_at = ?`,
    [`REFUND_${end}`, orderNo, transactionId, detail, now, detail, now],
  );
}

/** The money that did not fit is back with the buyer: nothing is open any more. */
async function closeAnomaly(
  em: EntityManager,
  { transactionId, outRefundNo }: RefundResult,
  role: PaymentRole,
): Promise<void> {
  await em.query(
    `UPDATE anomaly SET state = 'DONE', detail = LEFT(CONCAT(detail, ?), 255)
     WHERE transaction_id = ? AND kind = ? AND state = 'OPEN'`,
    [`; given back by ${outRefundNo}`, transactionId, role],
  );
}

async function moveOrder(
  em: EntityManager,
  order: OrderState,
  refundedFen: number,
  { outRefundNo }: RefundResult,
  now: Date,
): Promise<Event[]> {
  const to = afterRefund(refundedFen, order.totalFee);
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
    "SELECT COUNT(*) AS n FROM refund_request WHERE order_no = ? AND restock = 1 AND state = 'SUCCESS'",
    [orderNo],
  );
  if (Number(asked?.n ?? 0) > 0) await giveBack(em, [orderNo], 'SOLD');
}
