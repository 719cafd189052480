import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { newOrderNo, Outbox, writeAudit } from '#platform';
import { refundRefusal, type RefundRefusal } from '../../domain/refund.ts';
import {
  Refunds,
  type RefundBooked,
  type RefundPlacement,
  type RefundResult,
  type RefundWish,
} from '../../flow/ports.ts';
import { commit } from './commit.ts';
import { Abandon, answerAgain, takeKey } from './idempotency-keys.ts';
import { expectRows, lockOrders } from './order-moves.ts';
import { bookRefund } from './refund-results.ts';
import { capsRefunds, refundRequested, setAside, writeRefunds } from './refund-requests.ts';

interface MainPayment {
  transactionId: string;
  totalFee: string;
  refundedFen: string;
  reservedFen: string;
  refunds: string;
}

/** Refunds of orders in MySQL. */
@Injectable()
export class MysqlRefunds extends Refunds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async request(wish: RefundWish, answer: (outRefundNo: string) => string): Promise<RefundPlacement> {
    const outRefundNo = `R${newOrderNo()}`;
    const body = answer(outRefundNo);
    try {
      await commit(this.dataSource, this.outbox, async (em) => {
        await takeKey(em, wish, body);
        return { result: undefined, events: await reserve(em, wish, outRefundNo) };
      });
      return { kind: 'requested', body };
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
      return answerAgain(this.dataSource, wish, (error as Abandon<RefundRefusal | 'unknown-order'>).because);
    }
  }

  override conclude(result: RefundResult): Promise<RefundBooked> {
    return commit(this.dataSource, this.outbox, (em) => bookRefund(em, result));
  }

  override resend(firstMs: number, atMostMs: number, limit: number): Promise<number> {
    return commit(this.dataSource, this.outbox, async (em) => {
      const rows = await em.query<
        { outRefundNo: string; orderNo: string; transactionId: string; amountFen: string; reason: string; now: Date }[]
      >(
        `SELECT out_refund_no AS outRefundNo, order_no AS orderNo, transaction_id AS transactionId,
           amount_fen AS amountFen, reason, UTC_TIMESTAMP(3) AS now
         FROM refund_request FORCE INDEX (ix_refund_request_sent)
         WHERE state = 'REQUESTED' AND sent_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND
           AND sent_at <= UTC_TIMESTAMP(3) - INTERVAL LEAST(?, ? * POW(2, LEAST(sends, 20))) MICROSECOND
         ORDER BY sent_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [firstMs * 1000, atMostMs * 1000, firstMs * 1000, limit],
      );
      const [first] = rows;
      if (!first) return { result: 0, events: [] };
      const sql = `UPDATE refund_request FORCE INDEX (PRIMARY) SET sent_at = ?, sends = sends + 1
        WHERE out_refund_no IN (?) AND state = 'REQUESTED'`;
      await expectRows(em, rows.length, sql, [first.now, rows.map(({ outRefundNo }) => outRefundNo)]);
      const events = rows.map((row) => refundRequested({ ...row, amountFen: Number(row.amountFen) }, row.now));
      return { result: rows.length, events };
    });
  }
}

/** Sets the amount aside and writes the request with its audit row. @throws Abandon when the order does not allow it */
async function reserve(em: EntityManager, wish: RefundWish, outRefundNo: string): Promise<Event[]> {
  const { orderNo, amountFen, reason, restock, operator } = wish;
  const { orders, now } = await lockOrders(em, [orderNo]);
  const order = orders.get(orderNo);
  if (!order) throw new Abandon('unknown-order');
  const [main] = await em.query<MainPayment[]>(
    `SELECT transaction_id AS transactionId, total_fee AS totalFee, refunded_fen AS refundedFen,
       reserved_fen AS reservedFen,
       (SELECT COUNT(*) FROM refund_request r
         WHERE r.transaction_id = p.transaction_id AND r.state <> 'REFUSED') AS refunds
     FROM order_payment p WHERE order_no = ? AND role = 'MAIN'`,
    [orderNo],
  );
  const amounts = main && {
    totalFee: Number(main.totalFee),
    refundedFen: capsRefunds ? Number(main.refundedFen) : 0,
    reservedFen: capsRefunds ? Number(main.reservedFen) : 0,
  };
  const refusal = refundRefusal(order.status, amounts, Number(main?.refunds ?? 0), amountFen);
  if (refusal) throw new Abandon(refusal);
  if (!main) throw new Abandon('order-not-paid');
  const { transactionId } = main;
  if (!(await setAside(em, transactionId, amountFen))) throw new Abandon('exceeds-paid');
  const refund = { outRefundNo, orderNo, transactionId, amountFen, reason, restock, origin: 'MANUAL' } as const;
  const before = { status: order.status, payment: { transactionId, ...amounts } };
  await writeAudit(em, { actor: operator, action: 'refund.request', subject: outRefundNo, before, after: refund });
  return writeRefunds(em, now, [{ ...refund, requestedBy: operator }]);
}
