import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Event } from '#contract';
import { execute, Outbox, protection, transact } from '#platform';
import { isWechatsEnd, type Refund, type RefundAtWechat, type RefundEnd, refundMachine } from '../../domain/refund.ts';
import {
  type RefundCommand,
  type RefundRecorded,
  Refunds,
  type Repayment,
  type RepaymentRecorded,
} from '../../flow/ports.ts';
import { closeGivenBack } from './anomaly-ends.ts';
import { refundEnded } from './refund-events.ts';
import { paidOf } from './paid.ts';
import type { RefundRow } from './refund.row.ts';
import { forThisOne, fromNow, micros, type Written } from './rows.ts';

const leases = protection('refund-lease');

const toRefund = (row: RefundRow): Refund => ({
  appid: row.appid,
  outRefundNo: row.out_refund_no,
  orderNo: row.order_no,
  transactionId: row.transaction_id,
  outTradeNo: row.out_trade_no,
  totalFee: Number(row.total_fee),
  amountFen: Number(row.amount_fen),
  reason: row.reason,
  origin: row.origin,
  state: row.state,
  refundId: row.refund_id,
  calledAt: row.called_at,
  tries: row.tries,
});

type NewRow = Pick<Refund, 'outRefundNo' | 'transactionId' | 'amountFen' | 'reason' | 'origin' | 'refundId'>;

@Injectable()
export class RefundsMysql extends Refunds {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override record(command: RefundCommand): Promise<RefundRecorded> {
    const { outRefundNo, transactionId, amountFen, orderNo, reason } = command;
    return this.commit(async (em) => {
      const known = await lock(em, outRefundNo);
      if (known) {
        if (!isOf(known, command)) return { result: 'other', events: [] };
        return { result: 'known', events: isWechatsEnd(known.state) ? [refundEnded(known, known.state)] : [] };
      }
      const result = await insert(em, orderNo, {
        outRefundNo,
        transactionId,
        amountFen,
        reason,
        origin: 'COMMAND',
        refundId: null,
      });
      return { result, events: [] };
    });
  }

  override async find(outRefundNo: string): Promise<Refund | undefined> {
    const [row] = await this.db.query<RefundRow[]>('SELECT * FROM refund WHERE out_refund_no = ?', [outRefundNo]);
    return row && toRefund(row);
  }

  override async stateOf(orderNo: string): Promise<Refund['state'] | null> {
    const [row] = await this.db.query<Pick<RefundRow, 'state'>[]>(
      'SELECT state FROM refund WHERE order_no = ? ORDER BY created_at DESC, out_refund_no DESC LIMIT 1',
      [orderNo],
    );
    return row?.state ?? null;
  }

  override claim(limit: number, leaseMs: number): Promise<Refund[]> {
    return transact(this.db, async (em) => {
      const rows = await em.query<RefundRow[]>(
        `SELECT * FROM refund FORCE INDEX (refund_next_try)
          WHERE next_try_at <= UTC_TIMESTAMP(3) AND (locked_until IS NULL OR locked_until <= UTC_TIMESTAMP(3))
          ORDER BY next_try_at LIMIT ? ${forThisOne}`,
        [limit],
      );
      if (rows.length > 0) {
        await em.query(
          `UPDATE refund FORCE INDEX (PRIMARY) SET locked_until = ${fromNow}, tries = tries + 1 WHERE out_refund_no IN (?)`,
          [micros(leases ? leaseMs : 0), rows.map((row) => row.out_refund_no)],
        );
      }
      return rows.map(toRefund);
    });
  }

  override begin(
    { outRefundNo, transactionId }: Refund,
    apartMs: number,
    settlesMs: number,
  ): Promise<'call' | 'again' | 'later'> {
    return transact(this.db, async (em) => {
      // All refunds of the payment, in one order: of two that begin together the second sees the first.
      const rows = await em.query<
        (Pick<RefundRow, 'out_refund_no' | 'state'> & { free_in: string | null; unsettled: number | null })[]
      >(
        `SELECT out_refund_no, state,
                TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), called_at + INTERVAL ? MICROSECOND) AS free_in,
                called_at > UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND AS unsettled
           FROM refund FORCE INDEX (refund_transaction)
          WHERE transaction_id = ? ORDER BY out_refund_no FOR UPDATE`,
        [micros(apartMs), micros(settlesMs), transactionId],
      );
      const own = rows.find((row) => row.out_refund_no === outRefundNo);
      if (own?.state !== 'REQUESTED') return 'later';
      const others = rows.filter((row) => row.out_refund_no !== outRefundNo);
      const waitMicros = Math.max(0, ...others.map((row) => Number(row.free_in ?? 0)));
      if (waitMicros > 0) {
        await em.query(
          `UPDATE refund SET locked_until = NULL, tries = 0, next_try_at = ${fromNow} WHERE out_refund_no = ?`,
          [waitMicros, outRefundNo],
        );
        return 'later';
      }
      await em.query('UPDATE refund SET called_at = UTC_TIMESTAMP(3) WHERE out_refund_no = ?', [outRefundNo]);
      return own.unsettled === 1 ? 'again' : 'call';
    });
  }

  override async accepted(outRefundNo: string, refundId: string): Promise<void> {
    await execute(
      this.db,
      `UPDATE refund SET state = 'PROCESSING', refund_id = ?, tries = 0, last_error = '', updated_at = UTC_TIMESTAMP(3)
        WHERE out_refund_no = ? AND state IN (?)`,
      [refundId, outRefundNo, refundMachine.sources('PROCESSING')],
    );
  }

  override conclude(
    outRefundNo: string,
    end: RefundEnd,
    refundId: string | undefined,
    reason: string,
  ): Promise<boolean> {
    return this.commit(async (em) => {
      const written = await em.query<Written>(
        `UPDATE refund SET state = ?, refund_id = COALESCE(?, refund_id), last_error = ?, tries = 0, locked_until = NULL,
                next_try_at = IF(origin = 'CONSOLE' OR ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL 1 MINUTE), NULL),
                updated_at = UTC_TIMESTAMP(3)
          WHERE out_refund_no = ? AND state IN (?)`,
        [end, refundId ?? null, reason.slice(0, 255), end === 'ABNORMAL', outRefundNo, refundMachine.sources(end)],
      );
      const row = written.affectedRows === 1 ? await lock(em, outRefundNo) : undefined;
      if (row && end === 'SUCCESS') await closeGivenBack(em, row.transaction_id, Number(row.total_fee));
      return { result: row !== undefined, events: row ? [refundEnded(row, end)] : [] };
    });
  }

  override repaid(repayment: Repayment): Promise<RepaymentRecorded> {
    const { outRefundNo } = repayment;
    return transact(this.db, async (em) => {
      const row = await lock(em, outRefundNo);
      if (!row) return 'unknown-refund';
      if (!isOf(row, repayment)) return 'other';
      const written = await em.query<Written>(
        `UPDATE refund SET state = 'REPAID', tries = 0, locked_until = NULL, next_try_at = NULL,
                updated_at = UTC_TIMESTAMP(3)
          WHERE out_refund_no = ? AND state IN (?)`,
        [outRefundNo, refundMachine.sources('REPAID')],
      );
      if (written.affectedRows === 0) return 'known';
      await closeGivenBack(em, row.transaction_id, Number(row.total_fee));
      return 'recorded';
    });
  }

  override async later(outRefundNo: string, inMs: number | undefined, error: string): Promise<void> {
    // What has ended meanwhile has its own time, and is not made due again.
    await execute(
      this.db,
      `UPDATE refund SET locked_until = NULL, last_error = IF(? = '', last_error, ?),
              next_try_at = ${inMs === undefined ? 'NULL' : fromNow}
        WHERE out_refund_no = ? AND (state IN ('REQUESTED', 'PROCESSING', 'ABNORMAL') OR origin = 'CONSOLE')`,
      [error, error.slice(0, 255), ...(inMs === undefined ? [] : [micros(inMs)]), outRefundNo],
    );
  }

  override tellAgain(outRefundNo: string): Promise<void> {
    return this.commit(async (em) => {
      const row = await lock(em, outRefundNo);
      return { result: undefined, events: row && isWechatsEnd(row.state) ? [refundEnded(row, row.state)] : [] };
    });
  }

  override async hurry(outRefundNo: string): Promise<void> {
    await execute(
      this.db,
      `UPDATE refund SET next_try_at = UTC_TIMESTAMP(3)
        WHERE out_refund_no = ? AND state IN ('REQUESTED', 'PROCESSING')`,
      [outRefundNo],
    );
  }

  override async takeOver(seen: RefundAtWechat): Promise<boolean | 'unknown-payment'> {
    const { outRefundNo, transactionId, amountFen, refundId } = seen;
    return transact(this.db, async (em) => {
      if (await lock(em, outRefundNo)) return false;
      const console = { outRefundNo, transactionId, amountFen, refundId, reason: 'merchant console' };
      const result = await insert(em, undefined, { ...console, origin: 'CONSOLE' });
      return result === 'recorded' ? true : result === 'known' ? false : 'unknown-payment';
    });
  }

  private async commit<T>(work: (em: EntityManager) => Promise<{ result: T; events: Event[] }>): Promise<T> {
    const { result, recorded } = await transact(this.db, async (em) => {
      const { result, events } = await work(em);
      return { result, recorded: events.length > 0 ? await this.outbox.record(em, events) : [] };
    });
    this.outbox.publish(recorded);
    return result;
  }
}

async function lock(em: EntityManager, outRefundNo: string): Promise<RefundRow | undefined> {
  const [row] = await em.query<RefundRow[]>('SELECT * FROM refund WHERE out_refund_no = ? FOR UPDATE', [outRefundNo]);
  return row;
}

const isOf = (row: RefundRow, { transactionId, amountFen }: Pick<Repayment, 'transactionId' | 'amountFen'>): boolean =>
  row.transaction_id === transactionId && Number(row.amount_fen) === amountFen;

/** Due at once. What WeChat is told of the payment comes from our own rows, never from who asks for the refund. */
async function insert(
  em: EntityManager,
  orderNo: string | undefined,
  refund: NewRow,
): Promise<'recorded' | 'known' | 'unknown-payment'> {
  const payment = await paidOf(em, refund.transactionId);
  if (!payment || (orderNo !== undefined && payment.orderNo !== orderNo)) return 'unknown-payment';
  const state = refund.origin === 'CONSOLE' ? 'PROCESSING' : 'REQUESTED';
  const { outRefundNo, transactionId, amountFen, reason, origin, refundId } = refund;
  const written = await em.query<Written>(
    `INSERT IGNORE INTO refund (out_refund_no, order_no, out_trade_no, transaction_id, mch_id, appid, total_fee,
       amount_fen, reason, origin, state, refund_id, next_try_at, last_error, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      ...[outRefundNo, payment.orderNo, payment.outTradeNo, transactionId, payment.mchId, payment.appid],
      ...[payment.totalFee, amountFen, reason, origin, state, refundId],
    ],
  );
  return written.affectedRows === 1 ? 'recorded' : 'known';
}
