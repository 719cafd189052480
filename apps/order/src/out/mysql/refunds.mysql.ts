import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { isDuplicate, newOrderNo, Outbox, serverErrorOf, transact, type RecordedRow } from '#platform';
import { refundRefusal, type RefundRefusal } from '../../domain/refund.ts';
import {
  Refunds,
  type RefundBooked,
  type RefundPlacement,
  type RefundResult,
  type RefundWish,
} from '../../flow/ports.ts';
import { expectRows, lockOrders } from './order-moves.ts';
import { bookRefund } from './refund-results.ts';
import { refundRequested, writeRefunds } from './refund-requests.ts';

/** MySQL's number for a row lock that was not given in time. */
const LOCK_WAIT_TIMEOUT = 1205;

/** Ends the transaction with nothing written. */
class Abandon extends Error {
  constructor(readonly because: 'key-taken' | 'key-busy' | 'unknown-order' | RefundRefusal) {
    super(because);
  }
}

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
      await this.commit(async (em) => {
        await takeKey(em, wish, body);
        return { result: undefined, events: await reserve(em, wish, outRefundNo) };
      });
      return { kind: 'requested', body };
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
      // A repeat of a request that went through is answered like it, whatever the order allows by now.
      return (await this.answerAgain(wish)) ?? { kind: error.because === 'key-taken' ? 'key-busy' : error.because };
    }
  }

  override conclude(result: RefundResult): Promise<RefundBooked> {
    return this.commit((em) => bookRefund(em, result));
  }

  override resend(olderThanMs: number, limit: number): Promise<number> {
    return this.commit(async (em) => {
      const rows = await em.query<
        { outRefundNo: string; orderNo: string; transactionId: string; amountFen: string; reason: string; now: Date }[]
      >(
        `SELECT out_refund_no AS outRefundNo, order_no AS orderNo, transaction_id AS transactionId,
           amount_fen AS amountFen, reason, UTC_TIMESTAMP(3) AS now
         FROM refund_request FORCE INDEX (ix_refund_request_sent)
         WHERE state = 'REQUESTED' AND sent_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND
         ORDER BY sent_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [olderThanMs * 1000, limit],
      );
      const [first] = rows;
      if (!first) return { result: 0, events: [] };
      const sql = `UPDATE refund_request FORCE INDEX (PRIMARY) SET sent_at = ?
        WHERE out_refund_no IN (?) AND state = 'REQUESTED'`;
      await expectRows(em, rows.length, sql, [first.now, rows.map(({ outRefundNo }) => outRefundNo)]);
      const events = rows.map((row) => refundRequested({ ...row, amountFen: Number(row.amountFen) }, row.now));
      return { result: rows.length, events };
    });
  }

  private async answerAgain({ operator, key, fingerprint }: RefundWish): Promise<RefundPlacement | undefined> {
    const [stored] = await this.dataSource.query<{ fingerprint: string; body: string }[]>(
      'SELECT fingerprint, body FROM idempotency WHERE buyer_id = ? AND idem_key = ?',
      [operator, key],
    );
    if (!stored) return undefined;
    return stored.fingerprint === fingerprint ? { kind: 'replayed', body: stored.body } : { kind: 'key-reused' };
  }

  private async commit<T>(work: (em: EntityManager) => Promise<{ result: T; events: Event[] }>): Promise<T> {
    const { result, recorded } = await transact(this.dataSource, async (em) => {
      const { result, events } = await work(em);
      const recorded: RecordedRow[] = events.length > 0 ? await this.outbox.record(em, events) : [];
      return { result, recorded };
    });
    if (recorded.length > 0) this.outbox.publish(recorded);
    return result;
  }
}

/** Waits while another request holds the same key uncommitted; then the key is free, or taken for good. */
async function takeKey(em: EntityManager, { operator, key, fingerprint }: RefundWish, body: string): Promise<void> {
  try {
    await em.query(
      `INSERT INTO idempotency (buyer_id, idem_key, fingerprint, status, body, created_at)
       VALUES (?, ?, ?, 202, ?, UTC_TIMESTAMP(3))`,
      [operator, key, fingerprint, body],
    );
  } catch (error) {
    if (isDuplicate(error)) throw new Abandon('key-taken');
    throw serverErrorOf(error) === LOCK_WAIT_TIMEOUT ? new Abandon('key-busy') : error;
  }
}

/** Sets the amount aside and writes the request. @throws Abandon when the order does not allow it */
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
    refundedFen: Number(main.refundedFen),
    reservedFen: Number(main.reservedFen),
  };
  const refusal = refundRefusal(order.status, amounts, Number(main?.refunds ?? 0), amountFen);
  if (refusal) throw new Abandon(refusal);
  if (!main) throw new Abandon('order-not-paid');
  const { affectedRows } = await em.query<{ affectedRows: number }>(
    `UPDATE order_payment SET reserved_fen = reserved_fen + ?
     WHERE transaction_id = ? AND refunded_fen + reserved_fen + ? <= total_fee`,
    [amountFen, main.transactionId, amountFen],
  );
  if (affectedRows !== 1) throw new Abandon('exceeds-paid');
  const { transactionId } = main;
  const manual = { restock, origin: 'MANUAL', requestedBy: operator } as const;
  return writeRefunds(em, now, [{ outRefundNo, orderNo, transactionId, amountFen, reason, ...manual }]);
}
