// The tables of `order` in memory. Each method is one transaction of its adapter in apps/order/src/out/mysql, with the same
// conditions in its WHERE clauses, taken from the same transition tables.
import type { Rule } from '../../apps/order/src/domain/closing.ts';
import { mayMove, type Move, type OrderState, type OrderStatus } from '../../apps/order/src/domain/order-states.ts';
import {
  automaticRefundNo,
  givesBackByItself,
  type RefundOrigin,
  type RefundState,
} from '../../apps/order/src/domain/refund.ts';
import { decideSettle, type Payment, type PaymentRole, pointsFor } from '../../apps/order/src/domain/settlement.ts';
import { type Moved, OrderChanges, type Settled } from '../../apps/order/src/flow/ports.ts';
import { closeRequested, endOf, orderPlaced } from '../../apps/order/src/out/mysql/order-moves.ts';
import { refundRequested } from '../../apps/order/src/out/mysql/refund-requests.ts';
import type { Event } from '#contract';
import { type Around, row, transaction } from './around.testing.ts';

export interface OrderRow extends OrderState {
  title: string;
  closeSentAt: number | null;
}
export interface PaymentRow extends Payment {
  role: PaymentRole;
  refundedFen: number;
  reservedFen: number;
}
export interface RefundRequestRow {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  reason: string;
  origin: RefundOrigin;
  restock: boolean;
  state: RefundState;
  sentAt: number;
  sends?: number;
}
interface Reservation {
  orderNo: string;
  quantity: number;
  state: 'RESERVED' | 'SOLD' | 'RETURNED';
}

export class OrderBooks {
  readonly orders = new Map<string, OrderRow>();
  readonly log: { orderNo: string; from: OrderStatus | null; to: OrderStatus }[] = [];
  readonly payments: PaymentRow[] = [];
  readonly reservations: Reservation[] = [];
  readonly points: { orderNo: string; reason: 'PAID' | 'REFUNDED'; points: number }[] = [];
  readonly anomalies: { kind: string; orderNo: string; transactionId: string; state: 'OPEN' | 'DONE' }[] = [];
  readonly refunds = new Map<string, RefundRequestRow>();
  readonly keys = new Map<string, { fingerprint: string; body: string }>();
  stock = 0;

  constructor(
    private readonly around: Around,
    /** An order has ended without money: is there really none? */
    private readonly gaveUp: (orderNo: string) => void,
  ) {}

  fingerprint(): string {
    const orders = [...this.orders.values()].map((one) => [
      one.orderNo,
      one.status,
      one.closingReason,
      one.closeSentAt,
    ]);
    const { log, reservations, points, anomalies, stock } = this;
    const payments = this.payments.map((one) => [
      one.transactionId,
      one.role,
      one.refundedFen,
      one.reservedFen,
      one.source,
    ]);
    const refunds = [...this.refunds.values()];
    return JSON.stringify([orders, log, payments, reservations, points, anomalies, stock, refunds]);
  }

  /** Writes one change of state with all that follows from it. Answers the events. @throws Conflict */
  write(order: OrderState, move: Move, locked: boolean): Event[] {
    if (!mayMove(order.status, move.to)) throw new Error(`${order.orderNo}: ${order.status} may not become ${move.to}`);
    const kept = row(this.orders, order.orderNo);
    if (locked && kept.status !== order.status) throw new Error(`${order.orderNo} changed although it was locked`);
    kept.status = move.to;
    if ('closingReason' in move)
      Object.assign(kept, { closingReason: move.closingReason, closeSentAt: this.around.now });
    this.log.push({ orderNo: order.orderNo, from: order.status, to: move.to });
    const now = new Date(this.around.now);
    if (move.to === 'PAID') {
      this.change(order.orderNo, 'RESERVED', 'SOLD');
      this.points.push({ orderNo: order.orderNo, reason: 'PAID', points: pointsFor(order.totalFee) });
    }
    if (move.to === 'CANCELLED' || move.to === 'PAY_FAILED') {
      this.giveBack(order.orderNo, 'RESERVED');
      this.gaveUp(order.orderNo);
    }
    if ('closingReason' in move) return [closeRequested(order.orderNo, move.closingReason, now)];
    return move.to === 'PART_REFUNDED' || move.to === 'REFUNDED' ? [] : endOf(order, move.to, now);
  }

  giveBack(orderNo: string, held: 'RESERVED' | 'SOLD'): void {
    this.stock += this.change(orderNo, held, 'RETURNED');
  }

  private change(orderNo: string, from: Reservation['state'], to: Reservation['state']): number {
    let changed = 0;
    for (const one of this.reservations) {
      if (one.orderNo !== orderNo || one.state !== from) continue;
      one.state = to;
      changed += one.quantity;
    }
    return changed;
  }
}

export class OrderChangesInMemory extends OrderChanges {
  constructor(
    private readonly around: Around,
    private readonly books: OrderBooks,
  ) {
    super();
  }

  override settle(payments: readonly Payment[]): Promise<Settled[]> {
    const what = `order settles ${payments.map(({ transactionId }) => transactionId).join()}`;
    return this.locking(
      what,
      payments.map(({ orderNo }) => orderNo),
      (orders) => {
        return payments.map((payment) => this.one(orders.get(payment.orderNo), payment));
      },
    );
  }

  private one(order: OrderState | undefined, payment: Payment): Settled {
    const { transactionId } = payment;
    const unique = this.around.has('unique transaction');
    const bookedFor = unique
      ? this.books.payments.find((one) => one.transactionId === transactionId)?.orderNo
      : undefined;
    const totalFee = this.around.has('amounts compared') ? payment.totalFee : (order?.totalFee ?? 0);
    const differs = this.around.has('amounts compared') && payment.differs === true;
    const decision = decideSettle(order, { totalFee, differs }, bookedFor);
    if (decision.kind !== 'book') return decision;
    if (!order) throw new Error('a payment was booked without an order');
    const { role } = decision;
    const { status: from } = order;
    const move = { MAIN: 'PAID', AMOUNT: 'REVIEW', LATE: undefined, DOUBLE: undefined } as const;
    const to = move[role];
    const events = to ? this.books.write(order, { to, why: role }, this.locks) : [];
    const back = givesBackByItself(role);
    this.books.payments.push({ ...payment, role, refundedFen: 0, reservedFen: back ? payment.totalFee : 0 });
    if (role !== 'MAIN')
      this.books.anomalies.push({ kind: role, orderNo: order.orderNo, transactionId, state: 'OPEN' });
    this.around.tell([...events, ...(back ? [this.automatic(role, payment)] : [])]);
    return { kind: 'booked', role, from };
  }

  private automatic(origin: RefundOrigin, { orderNo, transactionId, totalFee: amountFen }: Payment): Event {
    const outRefundNo = automaticRefundNo(transactionId);
    const request = { outRefundNo, orderNo, transactionId, amountFen, reason: 'automatic', origin, restock: false };
    this.books.refunds.set(outRefundNo, { ...request, state: 'REQUESTED', sentAt: this.around.now });
    return refundRequested(request, new Date(this.around.now));
  }

  override move(orderNos: readonly string[], rule: Rule): Promise<Moved[]> {
    return this.locking(`order moves ${orderNos.join()} ${rule.name}`, orderNos, (orders) =>
      orderNos.map((orderNo) => this.moved(orderNo, orders.get(orderNo), rule)),
    );
  }

  override moveExpired(rule: Rule, limit: number): Promise<Moved[]> {
    return this.around.turns.take('order moves what has expired', () => {
      const { now } = this.around;
      const expired = [...this.books.orders.values()]
        .filter(({ status, expiresAt }) => status === 'WAIT_PAY' && expiresAt.getTime() <= now)
        .slice(0, limit);
      return expired.map((order) => this.moved(order.orderNo, { ...order }, rule));
    });
  }

  private moved(orderNo: string, order: OrderState | undefined, rule: Rule): Moved {
    if (!order) return { orderNo, from: undefined, to: undefined };
    const move = rule(order, new Date(this.around.now));
    if (!move) return { orderNo, from: order.status, to: undefined };
    this.around.tell(this.books.write(order, move, this.locks));
    if (move.to === 'CLOSING' && !this.around.has('close before cancel')) {
      const given = { ...order, status: 'CLOSING' as const };
      this.around.tell(this.books.write(given, { to: 'CANCELLED', why: 'without asking' }, this.locks));
    }
    return { orderNo, from: order.status, to: move.to };
  }

  override resendCloses(olderThanMs: number, limit: number): Promise<number> {
    return this.around.turns.take('order resends closes', () => {
      const { now } = this.around;
      const silent = [...this.books.orders.values()]
        .filter(
          ({ status, closeSentAt }) => status === 'CLOSING' && closeSentAt !== null && closeSentAt <= now - olderThanMs,
        )
        .slice(0, limit);
      for (const order of silent) {
        order.closeSentAt = now;
        const { orderNo, closingReason } = order;
        const at = new Date(now);
        this.around.tell([
          orderPlaced(order, at),
          ...(closingReason ? [closeRequested(orderNo, closingReason, at)] : []),
        ]);
      }
      return silent.length;
    });
  }

  override tellEnds(orderNos: readonly string[]): Promise<void> {
    return this.around.turns.take(`order tells the end of ${orderNos.join()}`, () => {
      const known = orderNos.flatMap((orderNo) => this.books.orders.get(orderNo) ?? []);
      this.around.tell(known.flatMap((order) => endOf(order, order.status, new Date(this.around.now))));
    });
  }

  override forgetKeys(): Promise<number> {
    return Promise.resolve(0);
  }

  private get locks(): boolean {
    return this.around.has('order compare-and-set');
  }

  private locking<T>(
    what: string,
    orderNos: readonly string[],
    work: (orders: Map<string, OrderState>) => T,
  ): Promise<T> {
    const read = () => {
      const those = orderNos.flatMap((orderNo) => this.books.orders.get(orderNo) ?? []);
      return new Map<string, OrderState>(those.map((order) => [order.orderNo, { ...order }]));
    };
    return transaction(this.around, this.locks, what, read, work);
  }
}
