// Refunds of `order` in memory: see order-books.testing.ts.
import { mayMove } from '../../apps/order/src/domain/order-states.ts';
import { afterRefund, bookingOf, mayEnd, refundRefusal, type RefundState } from '../../apps/order/src/domain/refund.ts';
import { pointsFor } from '../../apps/order/src/domain/settlement.ts';
import {
  type RefundBooked,
  type RefundPlacement,
  type RefundResult,
  Refunds,
  type RefundWish,
} from '../../apps/order/src/flow/ports.ts';
import { refundRequested } from '../../apps/order/src/out/mysql/refund-requests.ts';
import { refundRepaid } from '../../apps/order/src/out/mysql/refund-results.ts';
import { event } from '#platform';
import { type Around, transaction } from './around.testing.ts';
import type { OrderBooks, OrderRow, PaymentRow } from './order-books.testing.ts';

export class OrderRefundsInMemory extends Refunds {
  constructor(
    private readonly around: Around,
    private readonly books: OrderBooks,
  ) {
    super();
  }

  override request(wish: RefundWish, answer: (outRefundNo: string) => string): Promise<RefundPlacement> {
    const { orderNo, amountFen, key, fingerprint, reason, restock } = wish;
    const read = () => ({ ...this.books.payments.find((one) => one.orderNo === orderNo && one.role === 'MAIN') });
    const write = (seen: Partial<PaymentRow>): RefundPlacement => {
      const stored = this.books.keys.get(key);
      if (stored)
        return stored.fingerprint === fingerprint ? { kind: 'replayed', body: stored.body } : { kind: 'key-reused' };
      const order = this.books.orders.get(orderNo);
      if (!order) return { kind: 'unknown-order' };
      const main = this.books.payments.find((one) => one.transactionId === seen.transactionId);
      const count = [...this.books.refunds.values()].filter(({ state }) => state !== 'REFUSED').length;
      const refusal = refundRefusal(order.status, main && { ...main, ...seen }, count, amountFen);
      if (refusal) return { kind: refusal };
      if (!main) return { kind: 'order-not-paid' };
      main.reservedFen += amountFen;
      const outRefundNo = `R${key}`;
      const request = { outRefundNo, orderNo, transactionId: main.transactionId, amountFen, reason, restock };
      const fresh = { origin: 'MANUAL', state: 'REQUESTED', sentAt: this.around.now } as const;
      this.books.refunds.set(outRefundNo, { ...request, ...fresh });
      this.around.tell([refundRequested(request, new Date(this.around.now))]);
      const body = answer(outRefundNo);
      this.books.keys.set(key, { fingerprint, body });
      return { kind: 'requested', body };
    };
    return transaction(this.around, this.around.has('refund cap'), `order takes refund ${key}`, read, write);
  }

  override conclude(result: RefundResult): Promise<RefundBooked> {
    const { outRefundNo, end } = result;
    const read = () => this.books.refunds.get(outRefundNo)?.state;
    return transaction(
      this.around,
      this.around.has('refund compare-and-set'),
      `order books refund ${outRefundNo} ${end}`,
      read,
      (from) => this.book(result, from),
    );
  }

  private book(result: RefundResult, from: RefundState | undefined): RefundBooked {
    const { orderNo, transactionId, outRefundNo, amountFen, end } = result;
    const order = this.books.orders.get(orderNo);
    if (!order) return 'unknown-order';
    const known = this.books.refunds.get(outRefundNo);
    if (known && (known.transactionId !== transactionId || known.amountFen !== amountFen)) return 'other-refund';
    if (known && !mayEnd(from, end)) {
      if (from === 'REPAID' && end === 'ABNORMAL') this.around.tell([refundRepaid(result, new Date(this.around.now))]);
      return 'repeat';
    }
    const payment = this.books.payments.find((one) => one.transactionId === transactionId && one.orderNo === orderNo);
    if (!payment) return 'unknown-payment';
    if (known) known.state = end;
    else {
      const console = {
        origin: 'CONSOLE',
        restock: false,
        reason: 'merchant console',
        sentAt: this.around.now,
      } as const;
      this.books.refunds.set(outRefundNo, { outRefundNo, orderNo, transactionId, amountFen, ...console, state: end });
    }
    const { reservedFen, refundedFen } = bookingOf(from, end, amountFen);
    payment.reservedFen += reservedFen;
    if (end !== 'SUCCESS') {
      this.books.anomalies.push({ kind: `REFUND_${end}`, orderNo, transactionId, state: 'OPEN' });
      return 'booked';
    }
    payment.refundedFen += refundedFen;
    if (payment.role === 'MAIN') this.moveOrder(order, payment, outRefundNo);
    const nothingLeft = payment.refundedFen >= payment.totalFee;
    for (const one of this.books.anomalies) {
      if (nothingLeft && one.transactionId === transactionId && one.kind === payment.role) one.state = 'DONE';
    }
    return 'booked';
  }

  private moveOrder(order: OrderRow, { refundedFen, totalFee: paidFen }: PaymentRow, outRefundNo: string): void {
    const { orderNo, totalFee } = order;
    const to = afterRefund(refundedFen, totalFee, paidFen);
    if (to === undefined) return;
    if (mayMove(order.status, to)) this.books.write({ ...order }, { to, why: outRefundNo }, true);
    if (to === 'REFUNDED') {
      const undone = this.books.points.some((one) => one.orderNo === orderNo && one.reason === 'REFUNDED');
      if (!undone) this.books.points.push({ orderNo, reason: 'REFUNDED', points: -pointsFor(totalFee) });
      const asked = [...this.books.refunds.values()].some((one) => one.restock && one.state === 'SUCCESS');
      if (asked) this.books.giveBack(orderNo, 'SOLD');
    }
    const facts = { orderNo, totalFee, at: new Date(this.around.now).toISOString(), refundedFen };
    this.around.tell([event('order.refunded', `order.refunded:${outRefundNo}`, facts, new Date(this.around.now))]);
  }

  override resend(firstMs: number, atMostMs: number, limit: number): Promise<number> {
    return this.around.turns.take('order resends refunds', () => {
      const { now } = this.around;
      const silent = [...this.books.refunds.values()]
        .filter(
          ({ state, sentAt, sends = 0 }) =>
            state === 'REQUESTED' && sentAt <= now - Math.min(firstMs * 2 ** sends, atMostMs),
        )
        .slice(0, limit);
      for (const request of silent) {
        request.sentAt = now;
        request.sends = (request.sends ?? 0) + 1;
        this.around.tell([refundRequested(request, new Date(now))]);
      }
      return silent.length;
    });
  }
}
