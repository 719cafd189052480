import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { execute, protection, transact } from '#platform';
import type { Attempt, AttemptState } from '../../domain/attempt.ts';
import type { OrderStatus } from '../../domain/payable.ts';
import { nextCheckMs } from '../../domain/schedule.ts';
import { Checks, type DueOrder } from '../../flow/ports.ts';
import type { AttemptRow } from './attempt.row.ts';
import { forThisOne, fromNow, micros, toAttempt } from './rows.ts';

const leases = protection('check-lease');

interface Facts {
  out_trade_no: string;
  state: AttemptState;
  code_url_at: Date | null;
  check_tries: number;
  expires_at: Date;
  order_status: OrderStatus;
  mispaid: string | number;
  now: Date;
}

/** Whether money of another amount that came for attempt `a` still waits for a word of `order`. */
const isMispaid = `EXISTS (SELECT 1 FROM anomaly x
  WHERE x.order_no = a.order_no AND x.out_trade_no = a.out_trade_no AND x.kind = 'AMOUNT' AND x.state = 'OPEN'
    AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.transaction_id = x.transaction_id))`;

@Injectable()
export class ChecksMysql extends Checks {
  constructor(private readonly db: DataSource) {
    super();
  }

  override claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<Attempt[]> {
    return transact(this.db, async (em) => {
      const rows = await em.query<AttemptRow[]>(
        `SELECT * FROM attempt WHERE next_check_at <= ${fromNow} ORDER BY next_check_at LIMIT ? ${forThisOne}`,
        [micros(dueWithinMs), limit],
      );
      return lease(em, rows, leaseMs);
    });
  }

  override claimOf(orderNos: readonly string[], dueWithinMs: number, leaseMs: number): Promise<Attempt[]> {
    if (orderNos.length === 0) return Promise.resolve([]);
    return transact(this.db, async (em) => {
      const rows = await em.query<AttemptRow[]>(
        `SELECT * FROM attempt WHERE order_no IN (?) AND next_check_at <= ${fromNow} ${forThisOne}`,
        [orderNos, micros(dueWithinMs)],
      );
      return lease(em, rows, leaseMs);
    });
  }

  override async reschedule(outTradeNos: readonly string[]): Promise<void> {
    if (outTradeNos.length === 0) return;
    const facts = await this.db.query<Facts[]>(
      `SELECT a.out_trade_no, a.state, a.code_url_at, a.check_tries, p.expires_at, p.order_status, ${isMispaid} AS mispaid,
              UTC_TIMESTAMP(3) AS now
         FROM attempt a JOIN payable p ON p.order_no = a.order_no
        WHERE a.out_trade_no IN (?)`,
      [outTradeNos],
    );
    if (facts.length === 0) return;
    const cases = facts.map((fact): [string, string, number | null] => {
      const ms = nextCheckMs(
        {
          state: fact.state,
          orderStatus: fact.order_status,
          preparedAt: fact.code_url_at,
          expiresAt: fact.expires_at,
          tries: fact.check_tries,
          mispaid: Number(fact.mispaid) === 1,
        },
        fact.now,
      );
      return [fact.out_trade_no, fact.state, ms === undefined ? null : micros(ms)];
    });
    // An attempt that has moved on meanwhile keeps what that move has set.
    await execute(
      this.db,
      `UPDATE attempt SET
          next_check_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL
            CASE out_trade_no ${cases.map(() => 'WHEN ? THEN ?').join(' ')} END MICROSECOND),
          check_tries = check_tries + 1
        WHERE next_check_at IS NOT NULL AND (out_trade_no, state) IN (${cases.map(() => '(?, ?)').join(', ')})`,
      [
        ...cases.flatMap(([number, , after]) => [number, after]),
        ...cases.flatMap(([number, state]) => [number, state]),
      ],
    );
  }

  override async dueIn(orderNos: readonly string[]): Promise<DueOrder[]> {
    if (orderNos.length === 0) return [];
    const rows = await this.db.query<{ order_no: string; due_at: Date | null; now: Date }[]>(
      `SELECT p.order_no, UTC_TIMESTAMP(3) AS now,
              COALESCE((SELECT MIN(a.next_check_at) FROM attempt a WHERE a.order_no = p.order_no),
                       IF(p.state = 'OPEN' AND p.expires_at > UTC_TIMESTAMP(3), p.expires_at, NULL)) AS due_at
         FROM payable p WHERE p.order_no IN (?)`,
      [orderNos],
    );
    return rows.flatMap(({ order_no, due_at, now }) => (due_at ? [due(order_no, due_at, now)] : []));
  }

  override async page(after: string, limit: number): Promise<DueOrder[]> {
    const rows = await this.db.query<{ order_no: string; due_at: Date; now: Date }[]>(
      `SELECT order_no, MIN(next_check_at) AS due_at, UTC_TIMESTAMP(3) AS now FROM attempt
        WHERE next_check_at IS NOT NULL AND order_no > ? GROUP BY order_no ORDER BY order_no LIMIT ?`,
      [after, limit],
    );
    return rows.map(({ order_no, due_at, now }) => due(order_no, due_at, now));
  }

  override async mayAsk(orderNo: string, everyMs: number): Promise<boolean> {
    const written = await execute(
      this.db,
      `UPDATE payable SET asked_at = UTC_TIMESTAMP(3)
        WHERE order_no = ? AND (asked_at IS NULL OR asked_at <= ${fromNow})`,
      [orderNo, micros(-everyMs)],
    );
    return written.affectedRows === 1;
  }
}

async function lease(em: EntityManager, rows: readonly AttemptRow[], leaseMs: number): Promise<Attempt[]> {
  if (rows.length > 0) {
    await em.query(`UPDATE attempt SET next_check_at = ${fromNow} WHERE id IN (?)`, [
      micros(leases ? leaseMs : 0),
      rows.map(({ id }) => id),
    ]);
  }
  return rows.map(toAttempt);
}

const due = (orderNo: string, at: Date, now: Date): DueOrder => ({
  orderNo,
  dueInMs: Math.max(0, at.getTime() - now.getTime()),
});
