import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { execute, failPoint, Outbox, protection } from '#platform';
import { type Rule } from '../../domain/closing.ts';
import { type OrderState } from '../../domain/order-states.ts';
import { automaticRefundNo, givesBackByItself } from '../../domain/refund.ts';
import { decideSettle, type Payment, type PaymentRole } from '../../domain/settlement.ts';
import { OrderChanges, type Moved, type Settled } from '../../flow/ports.ts';
import { togetherOrSingly } from './batch.ts';
import { commit } from './commit.ts';
import {
  closeRequested,
  endOf,
  expectRows,
  lockExpired,
  lockOrders,
  orderPlaced,
  writeMoves,
  type Change,
  type Locked,
} from './order-moves.ts';
import { writeRefunds } from './refund-requests.ts';

const comparesAmounts = protection('amount-check');

interface ClosingRow {
  orderNo: string;
  reason: 'timeout' | 'buyer' | 'failed';
  totalFee: string;
  title: string;
  expiresAt: Date;
  now: Date;
}

interface Booking {
  payment: Payment;
  role: PaymentRole;
}

/** Changes of orders in MySQL. What was recorded in the outbox is published straight after the commit. */
@Injectable()
export class MysqlOrderChanges extends OrderChanges {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override settle(payments: readonly Payment[]): Promise<Settled[]> {
    return togetherOrSingly(payments, (batch) => commit(this.dataSource, this.outbox, (em) => settleBatch(em, batch)));
  }

  override move(orderNos: readonly string[], rule: Rule): Promise<Moved[]> {
    return togetherOrSingly(orderNos, (batch) =>
      commit(this.dataSource, this.outbox, async (em) => moveLocked(em, batch, await lockOrders(em, batch), rule)),
    );
  }

  override moveExpired(rule: Rule, limit: number): Promise<Moved[]> {
    return commit(this.dataSource, this.outbox, async (em) => {
      const locked = await lockExpired(em, limit);
      return moveLocked(em, [...locked.orders.keys()], locked, rule);
    });
  }

  override resendCloses(olderThanMs: number, limit: number): Promise<number> {
    return commit(this.dataSource, this.outbox, async (em) => {
      const rows = await em.query<ClosingRow[]>(
        `SELECT order_no AS orderNo, closing_reason AS reason, total_fee AS totalFee, title, expires_at AS expiresAt,
                UTC_TIMESTAMP(3) AS now
         FROM orders FORCE INDEX (ix_orders_close_sent) WHERE status = 'CLOSING' AND close_sent_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND
         ORDER BY close_sent_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [olderThanMs * 1000, limit],
      );
      const [first] = rows;
      if (!first) return { result: 0, events: [] };
      const sql = `UPDATE orders FORCE INDEX (PRIMARY) SET close_sent_at = ? WHERE order_no IN (?) AND status = 'CLOSING'`;
      await expectRows(em, rows.length, sql, [first.now, rows.map(({ orderNo }) => orderNo)]);
      return {
        result: rows.length,
        events: rows.flatMap((row) => [
          orderPlaced({ ...row, totalFee: Number(row.totalFee) }, row.now),
          closeRequested(row.orderNo, row.reason, row.now),
        ]),
      };
    });
  }

  override tellEnds(orderNos: readonly string[]): Promise<void> {
    return commit(this.dataSource, this.outbox, async (em) => {
      const { orders, now } = await lockOrders(em, orderNos);
      const paidBy = await mainPayments(em, [...orders.keys()]);
      const events = [...orders.values()].flatMap((order) =>
        endOf(order, order.status, now, paidBy.get(order.orderNo)),
      );
      return { result: undefined, events };
    });
  }

  override async forgetKeys(olderThanMs: number, limit: number): Promise<number> {
    const { affectedRows } = await execute(
      this.dataSource,
      'DELETE FROM idempotency WHERE created_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND ORDER BY created_at LIMIT ?',
      [olderThanMs * 1000, limit],
    );
    return affectedRows;
  }
}

async function moveLocked(
  em: EntityManager,
  orderNos: readonly string[],
  { orders, now }: Locked,
  rule: Rule,
): Promise<{ result: Moved[]; events: Event[] }> {
  const changes: Change[] = [];
  const seen = new Map<string, OrderState>(orders);
  const result = orderNos.map((orderNo): Moved => {
    const order = seen.get(orderNo);
    if (!order) return { orderNo, from: undefined, to: undefined };
    const move = rule(order, now);
    if (!move) return { orderNo, from: order.status, to: undefined };
    changes.push({ order, move });
    seen.set(orderNo, after(order, move.to, 'closingReason' in move ? move.closingReason : order.closingReason));
    return { orderNo, from: order.status, to: move.to };
  });
  return { result, events: await writeMoves(em, now, changes) };
}

async function settleBatch(
  em: EntityManager,
  payments: readonly Payment[],
): Promise<{ result: Settled[]; events: Event[] }> {
  const { orders, now } = await lockOrders(
    em,
    payments.map(({ orderNo }) => orderNo),
  );
  const bookedFor = await findBooked(
    em,
    payments.map(({ transactionId }) => transactionId),
  );
  const changes: Change[] = [];
  const bookings: Booking[] = [];
  const result = payments.map((payment): Settled => {
    const order = orders.get(payment.orderNo);
    const totalFee = comparesAmounts ? payment.totalFee : (order?.totalFee ?? 0);
    const differs = comparesAmounts && payment.differs === true;
    const decision = decideSettle(order, { totalFee, differs }, bookedFor.get(payment.transactionId));
    if (decision.kind !== 'book') return decision;
    if (!order) throw new Error('a payment was booked without an order');
    const { role } = decision;
    bookings.push({ payment, role });
    bookedFor.set(payment.transactionId, payment.orderNo);
    if (role === 'MAIN' || role === 'AMOUNT') {
      const move = role === 'MAIN' ? ({ to: 'PAID', why: `paid (${payment.source})` } as const) : amountDiffers;
      changes.push({ order, move, paidAt: payment.paidAt, transactionId: payment.transactionId });
      orders.set(payment.orderNo, after(order, move.to, order.closingReason));
    }
    return { kind: 'booked', role, from: order.status };
  });
  const events = await writeMoves(em, now, changes);
  await book(em, now, bookings);
  const refunds = await giveBackMoney(em, now, bookings);
  failPoint('settle.booked', payments);
  return { result, events: [...events, ...refunds] };
}

const amountDiffers = { to: 'REVIEW', why: 'amount differs' } as const;

const after = (order: OrderState, status: OrderState['status'], closingReason: OrderState['closingReason']) => ({
  ...order,
  status,
  closingReason,
});

async function findBooked(em: EntityManager, transactionIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await em.query<{ transactionId: string; orderNo: string }[]>(
    'SELECT transaction_id AS transactionId, order_no AS orderNo FROM order_payment WHERE transaction_id IN (?)',
    [transactionIds],
  );
  return new Map(rows.map(({ transactionId, orderNo }) => [transactionId, orderNo]));
}

/** The transaction that pays each of these orders, where one does. */
async function mainPayments(em: EntityManager, orderNos: readonly string[]): Promise<Map<string, string>> {
  if (orderNos.length === 0) return new Map();
  const rows = await em.query<{ transactionId: string; orderNo: string }[]>(
    `SELECT transaction_id AS transactionId, order_no AS orderNo FROM order_payment
     WHERE order_no IN (?) AND role = 'MAIN'`,
    [orderNos],
  );
  return new Map(rows.map(({ transactionId, orderNo }) => [orderNo, transactionId]));
}

/** Money that pays no order is requested back in the transaction that books it: nobody can forget it. */
function giveBackMoney(em: EntityManager, now: Date, bookings: readonly Booking[]): Promise<Event[]> {
  const refunds = bookings.flatMap(({ payment, role }) => {
    if (!givesBackByItself(role)) return [];
    const { orderNo, transactionId, totalFee: amountFen } = payment;
    const reason = automaticReason[role];
    const automatic = { restock: false, origin: role, requestedBy: '', outRefundNo: automaticRefundNo(transactionId) };
    return [{ orderNo, transactionId, amountFen, reason, ...automatic }];
  });
  return writeRefunds(em, now, refunds);
}

/** Shown to the buyer by WeChat. */
const automaticReason = { LATE: '订单已关闭，自动退款', DOUBLE: '重复付款，自动退款' } as const;

const done = (role: PaymentRole, { transactionId }: Payment): string =>
  givesBackByItself(role)
    ? `refund ${automaticRefundNo(transactionId)} requested`
    : 'open: accept it for the order, or give it back';

async function book(em: EntityManager, now: Date, bookings: readonly Booking[]): Promise<void> {
  if (bookings.length === 0) return;
  const rows = bookings.map(({ payment: p, role }) => [
    p.transactionId,
    p.orderNo,
    p.outTradeNo,
    role,
    p.totalFee,
    p.paidAt,
    p.source,
    now,
    givesBackByItself(role) ? p.totalFee : 0,
  ]);
  await em.query(
    `INSERT INTO order_payment
       (transaction_id, order_no, out_trade_no, role, total_fee, paid_at, source, booked_at, reserved_fen) VALUES ?`,
    [rows],
  );
  const odd = bookings.filter(({ role }) => role !== 'MAIN');
  if (odd.length === 0) return;
  const anomalies = odd.map(({ payment: p, role }) => [
    role,
    p.orderNo,
    p.transactionId,
    `${p.totalFee} fen for ${p.outTradeNo}, paid ${p.paidAt.toISOString()}; ${done(role, p)}`,
    'OPEN',
    now,
  ]);
  await em.query('INSERT INTO anomaly (kind, order_no, transaction_id, detail, state, opened_at) VALUES ?', [
    anomalies,
  ]);
}
