import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { failPoint, Outbox, protection, transact } from '#platform';
import { isOpen } from '../../domain/attempt.ts';
import { closeBackOffMs, tellAgainMs } from '../../domain/schedule.ts';
import { type CloseCommand, Closings } from '../../flow/ports.ts';
import { closed, succeededAgain } from './events.ts';
import { forThisOne, fromNow, grouped, lockOrders, micros } from './rows.ts';

const leases = protection('close-lease');

@Injectable()
export class ClosingsMysql extends Closings {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override record(commands: readonly CloseCommand[]): Promise<Set<string>> {
    const orderNos = [...new Set(commands.map(({ orderNo }) => orderNo))];
    return transact(this.db, async (em) => {
      const orders = await lockOrders(em, orderNos);
      for (const [reason, those] of grouped(commands, (command) => command.reason)) {
        // Assignments run from left to right: close_seq must see the old close_due_at.
        await em.query(
          `UPDATE payable SET close_seq = close_seq + IF(close_due_at IS NULL OR state = 'DONE', 1, 0),
                  close_due_at = IF(close_due_at IS NULL OR state = 'DONE', UTC_TIMESTAMP(3), close_due_at),
                  close_reason = COALESCE(close_reason, ?),
                  state = IF(state = 'OPEN', 'CLOSING', state),
                  updated_at = UTC_TIMESTAMP(3)
            WHERE order_no IN (?)`,
          [reason, those.map(({ orderNo }) => orderNo)],
        );
      }
      return new Set(orderNos.filter((orderNo) => !orders.has(orderNo)));
    });
  }

  override async claim(limit: number, leaseMs: number): Promise<string[]> {
    const claimed = await transact(this.db, async (em) => {
      const rows = await em.query<{ order_no: string }[]>(
        `SELECT order_no FROM payable
          WHERE close_due_at <= UTC_TIMESTAMP(3)
            AND (close_locked_until IS NULL OR close_locked_until <= UTC_TIMESTAMP(3))
          ORDER BY close_due_at LIMIT ? ${forThisOne}`,
        [limit],
      );
      const orderNos = rows.map(({ order_no }) => order_no);
      if (orderNos.length > 0) {
        await em.query(`UPDATE payable SET close_locked_until = ${fromNow} WHERE order_no IN (?)`, [
          micros(leases ? leaseMs : 0),
          orderNos,
        ]);
      }
      return orderNos;
    });
    failPoint('close.before-query', claimed);
    return claimed;
  }

  override async conclude(orderNo: string): Promise<'paid' | 'closed' | 'later'> {
    const { end, recorded } = await transact(this.db, async (em) => {
      const order = (await lockOrders(em, [orderNo])).get(orderNo);
      if (!order || order.row.close_due_at === null) return { end: 'later' as const, recorded: [] };
      const { row, payable, attempts } = order;
      if (attempts.some(isOpen)) {
        await em.query(
          `UPDATE payable SET close_locked_until = NULL, close_tries = close_tries + 1, close_due_at = ${fromNow},
                  updated_at = UTC_TIMESTAMP(3)
            WHERE order_no = ?`,
          [micros(closeBackOffMs(row.close_tries)), orderNo],
        );
        return { end: 'later' as const, recorded: [] };
      }
      const successes = attempts.flatMap((attempt) => succeededAgain(attempt) ?? []);
      const end = successes.length > 0 ? ('paid' as const) : ('closed' as const);
      // Told again until `order` has said how it ended; a success has its own repeats.
      const unheard = end === 'closed' && payable.orderStatus === 'WAIT_PAY';
      const told = payable.state === 'DONE' ? row.close_tries : 0;
      await em.query(
        `UPDATE payable SET state = 'DONE', close_locked_until = NULL, close_tries = ?,
                close_due_at = ${unheard ? fromNow : 'NULL'}, updated_at = UTC_TIMESTAMP(3)
          WHERE order_no = ?`,
        unheard ? [told + 1, micros(tellAgainMs(told)), orderNo] : [0, orderNo],
      );
      // Money of another amount has come: "closed" would end an order without the money that an operator has to judge.
      const isJudged = end === 'closed' && payable.orderStatus === 'REVIEW';
      const said = end === 'paid' ? successes : [closed(orderNo, row.close_seq, attempts)];
      const recorded = isJudged ? [] : await this.outbox.record(em, said);
      return { end: isJudged ? ('later' as const) : end, recorded };
    });
    this.outbox.publish(recorded);
    return end;
  }
}
