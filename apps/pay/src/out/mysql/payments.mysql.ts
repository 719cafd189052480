import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { failPoint, GroupCommit, isDuplicate, isInfrastructureTrouble, Outbox, transact } from '#platform';
import type { PaymentResult } from '../../domain/payment.ts';
import { Payments, type Settled } from '../../flow/ports.ts';
import type { AttemptRow } from './attempt.row.ts';
import { succeededAgain } from './events.ts';
import { lockOrders, toAttempt } from './rows.ts';
import { settleBatch, writeAnomalies, writeNotices } from './settle-batch.ts';

const MAX_BATCH = 100;
/** More than this waiting cannot be answered in time anyway: WeChat comes again. */
const MAX_WAITING = 2_000;

type Answer = { settled: Settled } | { error: unknown };

@Injectable()
export class PaymentsMysql extends Payments {
  private readonly logger = new Logger('payments');
  private readonly group = new GroupCommit<PaymentResult, Answer>((results) => this.together(results), {
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
  });

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async settle(results: readonly PaymentResult[]): Promise<Settled[]> {
    const answers = await Promise.all(results.map((result) => this.group.submit(result)));
    return answers.map((answer) => {
      if ('error' in answer) throw answer.error;
      return answer.settled;
    });
  }

  override async keepUnclear(result: PaymentResult): Promise<void> {
    await transact(this.db, async (em) => {
      await writeNotices(em, [{ result, outcome: 'unclear' }]);
      await em.query(
        "UPDATE attempt SET next_check_at = UTC_TIMESTAMP(3) WHERE out_trade_no = ? AND state IN ('CREATED', 'NOTPAY')",
        [result.outTradeNo],
      );
    });
  }

  override async tellAgain(outTradeNos: readonly string[]): Promise<void> {
    if (outTradeNos.length === 0) return;
    const recorded = await transact(this.db, async (em) => {
      // Of money of another amount `order` itself has said that it paid: there is nothing to tell.
      const rows = await em.query<AttemptRow[]>(
        `SELECT * FROM attempt a WHERE out_trade_no IN (?) AND state = 'SUCCESS'
            AND NOT EXISTS (SELECT 1 FROM anomaly x WHERE x.kind = 'AMOUNT' AND x.transaction_id = a.transaction_id)`,
        [outTradeNos],
      );
      return this.outbox.record(
        em,
        rows.map(toAttempt).flatMap((attempt) => succeededAgain(attempt) ?? []),
      );
    });
    this.outbox.publish(recorded);
  }

  /** One transaction for all; if one of them does not fit, each gets its own. */
  private async together(results: PaymentResult[]): Promise<Answer[]> {
    if (results.length > 1) {
      try {
        return (await this.transaction(results)).map((settled) => ({ settled }));
      } catch (error) {
        if (isInfrastructureTrouble(error)) throw error;
        this.logger.warn(
          { results: results.length, reason: String(error) },
          'a batch did not fit, settling one by one',
        );
      }
    }
    const answers: Answer[] = [];
    for (const result of results) answers.push(await this.alone(result));
    return answers;
  }

  private async alone(result: PaymentResult): Promise<Answer> {
    try {
      const [settled] = await this.transaction([result]);
      return settled ? { settled } : { error: new Error('a result was not answered') };
    } catch (error) {
      if (!isDuplicate(error)) return { error };
      try {
        return { settled: await this.taken(result) };
      } catch (second) {
        return { error: second };
      }
    }
  }

  private async transaction(results: readonly PaymentResult[]): Promise<Settled[]> {
    const orderNos = await this.ordersOf(results);
    const { settled, recorded } = await transact(this.db, async (em) => {
      const batch = await settleBatch(em, await lockOrders(em, orderNos), results);
      const recorded = await this.outbox.record(em, batch.events);
      failPoint('settle.written', results);
      return { settled: batch.settled, recorded };
    });
    this.outbox.publish(recorded);
    return settled;
  }

  /** The transaction already belongs to another attempt: the unique index has refused it. */
  private async taken(result: PaymentResult): Promise<Settled> {
    await transact(this.db, async (em) => {
      await writeAnomalies(em, [{ result, attempt: undefined, outcome: 'transaction-taken' }]);
      await writeNotices(em, [{ result, outcome: 'transaction-taken' }]);
    });
    return { outcome: 'transaction-taken', orderNo: undefined };
  }

  /** An attempt never changes its order, so this may be read before anything is locked. */
  private async ordersOf(results: readonly PaymentResult[]): Promise<string[]> {
    const rows = await this.db.query<{ order_no: string }[]>(
      'SELECT DISTINCT order_no FROM attempt WHERE out_trade_no IN (?)',
      [results.map(({ outTradeNo }) => outTradeNo)],
    );
    return rows.map(({ order_no }) => order_no);
  }
}
