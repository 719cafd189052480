import { type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { event, protection } from '#platform';
import { mayMove, type Move, type OrderState } from '../../domain/order-states.ts';
import { pointsFor } from '../../domain/settlement.ts';
import { Conflict } from './batch.ts';
import { type OrderRow } from './rows.ts';

// Every statement names its index: with many keys and a small table the optimizer would scan the whole table, and wait
// for rows that other transactions hold and this one does not want. A range over the key also locks in ascending order.

const comparesAndSets = protection('compare-and-set');
const returnsOnce = protection('stock-once');
const forUpdate = comparesAndSets ? 'FOR UPDATE' : '';
const stillHeld = returnsOnce ? 'AND state = ?' : '';

/** A locked order, what to do with it, and for PAID by which money and when that was paid. */
export interface Change {
  order: OrderState;
  move: Move;
  paidAt?: Date;
  transactionId?: string;
}

export interface Locked {
  orders: Map<string, OrderState>;
  /** Database time; only meaningful when an order was found. */
  now: Date;
}

type LockedRow = Pick<OrderRow, 'orderNo' | 'buyerId' | 'status' | 'closingReason' | 'totalFee' | 'expiresAt'> & {
  now: Date;
};

const columns = `order_no AS orderNo, buyer_id AS buyerId, status, closing_reason AS closingReason,
  total_fee AS totalFee, expires_at AS expiresAt, UTC_TIMESTAMP(3) AS now`;

/** Locks these orders in ascending order, the order in which everybody locks them. */
export async function lockOrders(em: EntityManager, orderNos: readonly string[]): Promise<Locked> {
  const sql = `SELECT ${columns} FROM orders FORCE INDEX (PRIMARY) WHERE order_no IN (?) ORDER BY order_no ${forUpdate}`;
  return toLocked(await em.query<LockedRow[]>(sql, [[...new Set(orderNos)]]));
}

/** Locks at most `limit` orders whose time is up by the database's clock and that nobody else has locked. */
export async function lockExpired(em: EntityManager, limit: number): Promise<Locked> {
  const sql = `SELECT ${columns} FROM orders FORCE INDEX (ix_orders_expiry)
    WHERE status = 'WAIT_PAY' AND expires_at <= UTC_TIMESTAMP(3)
    ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`;
  return toLocked(await em.query<LockedRow[]>(sql, [limit]));
}

/**
 * Writes changes of state with all that follows from them: log, stock, points. Each order at most once.
 * @returns the events to record in the same transaction
 * @throws Conflict when a row was not as it was read: roll back
 */
export async function writeMoves(em: EntityManager, now: Date, changes: readonly Change[]): Promise<Event[]> {
  if (changes.length === 0) return [];
  for (const group of groups(changes)) await updateOrders(em, now, group);
  const log = changes.map(({ order, move }) => [order.orderNo, order.status, move.to, move.why, now]);
  await em.query('INSERT INTO order_log (order_no, from_status, to_status, reason, `at`) VALUES ?', [log]);
  const paid = changes.filter(({ move }) => move.to === 'PAID').map(({ order }) => order);
  if (paid.length > 0) await sell(em, paid);
  const given = changes.filter(({ move }) => move.to === 'CANCELLED' || move.to === 'PAY_FAILED');
  if (given.length > 0)
    await giveBack(
      em,
      given.map(({ order }) => order.orderNo),
      'RESERVED',
    );
  return changes.flatMap((change) => eventOf(change, now));
}

/** An order that may be paid: what `pay` has to know of it. */
export function orderPlaced(
  { orderNo, totalFee, title, expiresAt }: { orderNo: string; totalFee: number; title: string; expiresAt: Date },
  now: Date,
): Event {
  const facts = { orderNo, totalFee, title, expiresAt: expiresAt.toISOString() };
  return event('order.placed', `order.placed:${orderNo}`, facts, now);
}

/** The command to close an order at WeChat. The same text however often it is told: a repeat is the same command. */
export function closeRequested(orderNo: string, reason: NonNullable<OrderState['closingReason']>, now: Date): Event {
  return event('payment.close.requested', `payment.close.requested:${orderNo}`, { orderNo, reason }, now);
}

function toLocked(rows: LockedRow[]): Locked {
  const orders = rows.map(({ orderNo, buyerId, status, closingReason, totalFee, expiresAt }): OrderState => {
    return { orderNo, buyerId, status, closingReason, totalFee: Number(totalFee), expiresAt };
  });
  return { orders: new Map(orders.map((order) => [order.orderNo, order])), now: rows[0]?.now ?? new Date(0) };
}

/** Changes that one UPDATE can write: same old state, same new one, same reason. */
function groups(changes: readonly Change[]): Change[][] {
  const byKind = new Map<string, Change[]>();
  for (const change of changes) {
    const { order, move } = change;
    if (!mayMove(order.status, move.to))
      throw new Error(`order ${order.orderNo}: ${order.status} may not become ${move.to}`);
    const kind = [order.status, move.to, 'closingReason' in move ? move.closingReason : ''].join();
    byKind.set(kind, [...(byKind.get(kind) ?? []), change]);
  }
  return [...byKind.values()];
}

async function updateOrders(em: EntityManager, now: Date, group: readonly Change[]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const { order, move } = first;
  const set: string[] = ['status = ?', 'updated_at = ?'];
  const values: unknown[] = [move.to, now];
  if (move.to === 'CLOSING') {
    set.push('closing_reason = ?', 'close_sent_at = ?');
    values.push(move.closingReason, now);
  }
  if (move.to === 'PAID') {
    set.push(`paid_at = CASE order_no ${'WHEN ? THEN ? '.repeat(group.length)}END`);
    values.push(...group.flatMap(({ order: { orderNo }, paidAt = now }) => [orderNo, paidAt]));
  }
  const sql = `UPDATE orders FORCE INDEX (PRIMARY) SET ${set.join(', ')} WHERE order_no IN (?)${comparesAndSets ? ' AND status = ?' : ''}`;
  const orderNos = group.map(({ order: { orderNo } }) => orderNo);
  await expectRows(em, group.length, sql, [...values, orderNos, ...(comparesAndSets ? [order.status] : [])]);
}

async function sell(em: EntityManager, paid: readonly OrderState[]): Promise<void> {
  const orderNos = paid.map(({ orderNo }) => orderNo);
  const sql = `UPDATE reservation FORCE INDEX (PRIMARY) SET state = 'SOLD'
    WHERE order_no IN (?) AND state = 'RESERVED'`;
  const { affectedRows } = await em.query<{ affectedRows: number }>(sql, [orderNos]);
  if (affectedRows < paid.length) throw new Conflict(`${affectedRows} reservations for ${paid.length} paid orders`);
  const points = paid.map(({ orderNo, buyerId, totalFee }) => [orderNo, 'PAID', buyerId, pointsFor(totalFee)]);
  await em.query('INSERT INTO point_ledger (order_no, reason, buyer_id, points) VALUES ?', [points]);
}

/** Stock goes back once: only what is still in the state `held`, and the state changes in the same transaction. */
export async function giveBack(
  em: EntityManager,
  orderNos: readonly string[],
  held: 'RESERVED' | 'SOLD',
): Promise<void> {
  const reserved = await em.query<{ productId: string; quantity: number }[]>(
    `SELECT product_id AS productId, quantity FROM reservation FORCE INDEX (PRIMARY)
     WHERE order_no IN (?) ${stillHeld}
     ORDER BY order_no, product_id FOR UPDATE`,
    [orderNos, held],
  );
  if (reserved.length === 0) return;
  const sql = `UPDATE reservation FORCE INDEX (PRIMARY) SET state = 'RETURNED'
    WHERE order_no IN (?) AND state = ?`;
  if (returnsOnce) await expectRows(em, reserved.length, sql, [orderNos, held]);
  const back = new Map<string, number>();
  for (const { productId, quantity } of reserved) back.set(productId, (back.get(productId) ?? 0) + quantity);
  await expectRows(
    em,
    back.size,
    `UPDATE product FORCE INDEX (PRIMARY)
     SET stock = stock + CASE product_id ${'WHEN ? THEN ? '.repeat(back.size)}END WHERE product_id IN (?)`,
    [...[...back].flat(), [...back.keys()]],
  );
}

function eventOf({ order, move, transactionId }: Change, now: Date): Event[] {
  if (move.to === 'CLOSING') return [closeRequested(order.orderNo, move.closingReason, now)];
  // That an order was paid was told when it was; what goes back is told with its amount by who books the refund.
  return move.to === 'PART_REFUNDED' || move.to === 'REFUNDED' ? [] : endOf(order, move.to, now, transactionId);
}

/** How an order has ended, told to whoever wants to know; nothing while it has not. `transactionId`: of what paid it. */
export function endOf(
  { orderNo, totalFee }: Pick<OrderState, 'orderNo' | 'totalFee'>,
  status: OrderState['status'],
  now: Date,
  transactionId?: string,
): Event[] {
  const facts = { orderNo, totalFee, at: now.toISOString() };
  switch (status) {
    case 'PAID':
    case 'PART_REFUNDED':
    case 'REFUNDED':
      return [event('order.paid', `order.paid:${orderNo}`, { ...facts, ...(transactionId && { transactionId }) }, now)];
    case 'CANCELLED':
      return [event('order.cancelled', `order.cancelled:${orderNo}`, facts, now)];
    case 'PAY_FAILED':
      return [event('order.failed', `order.failed:${orderNo}`, facts, now)];
    case 'CLOSING':
    case 'REVIEW':
    case 'WAIT_PAY':
      return [];
  }
}

/** Runs an UPDATE that must match exactly this many rows (`affectedRows` counts matched rows). */
export async function expectRows(em: EntityManager, rows: number, sql: string, values: unknown[]): Promise<void> {
  const { affectedRows } = await em.query<{ affectedRows: number }>(sql, values);
  if (affectedRows !== rows) throw new Conflict(`${affectedRows} rows changed instead of ${rows}`);
}
