/** Orders, payments and refunds on a real MySQL, for tests of what operators do. Nothing is sent anywhere. */
import { type DataSource } from 'typeorm';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import { type RefundResult } from '../../flow/ports.ts';
import { MysqlOrderChanges } from './order-changes.mysql.ts';
import { MysqlOrderReads } from './order-reads.mysql.ts';
import { MysqlPlacements } from './placements.mysql.ts';
import { MysqlRefundRepairs } from './refund-repairs.mysql.ts';
import { MysqlRefunds } from './refunds.mysql.ts';
import { MysqlReviews } from './reviews.mysql.ts';
import { orderSchema } from './schema.ts';

export class Shop {
  private numbers = 0;
  readonly reads: MysqlOrderReads;
  readonly changes: MysqlOrderChanges;
  readonly refunds: MysqlRefunds;
  /** Two instances of the service. */
  readonly reviews: [MysqlReviews, MysqlReviews];
  readonly repairs: [MysqlRefundRepairs, MysqlRefundRepairs];

  readonly db: DataSource;

  private constructor(private readonly database: AppDatabase) {
    const { source, outbox } = database;
    this.db = source;
    this.reads = new MysqlOrderReads(source);
    this.changes = new MysqlOrderChanges(source, outbox);
    this.refunds = new MysqlRefunds(source, outbox);
    this.reviews = [new MysqlReviews(source, outbox), new MysqlReviews(source, outbox)];
    this.repairs = [new MysqlRefundRepairs(source, outbox), new MysqlRefundRepairs(source, outbox)];
  }

  static async open(name: string): Promise<Shop> {
    const database = await AppDatabase.open(name, orderSchema);
    await database.source.query("INSERT INTO product VALUES ('tea', 'Tea', 100, 1000)");
    return new Shop(database);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  newNumber(): number {
    this.numbers += 1;
    return this.numbers;
  }

  /** An order of 100 fen. */
  async placed(): Promise<string> {
    const request = {
      ...{ buyerId: 'ann', key: `key-${this.newNumber()}`, fingerprint: 'f'.repeat(64), payWithinMs: 1_800_000 },
      wishes: [{ productId: 'tea', quantity: 1 }],
    };
    const placement = await new MysqlPlacements(this.db, this.database.outbox).place(request, () => '{}');
    if (placement.kind !== 'placed') throw new Error(placement.kind);
    return placement.order.orderNo;
  }

  /** Books money; `differs`: as `pay` tells money of another amount than it asked for. Answers the transaction. */
  async pay(orderNo: string, totalFee = 100, differs = false): Promise<string> {
    const transactionId = `4200${this.newNumber()}`;
    const paidAt = new Date('2026-11-21T10:00:00Z');
    await this.changes.settle([
      { orderNo, outTradeNo: orderNo, transactionId, totalFee, paidAt, source: 'notify', differs },
    ]);
    return transactionId;
  }

  async inReview(totalFee: number): Promise<{ orderNo: string; transactionId: string }> {
    const orderNo = await this.placed();
    return { orderNo, transactionId: await this.pay(orderNo, totalFee, true) };
  }

  end(
    { orderNo, transactionId }: { orderNo: string; transactionId: string },
    outRefundNo: string,
    amountFen: number,
    end: RefundResult['end'] = 'SUCCESS',
  ): Promise<string> {
    const what = { orderNo, transactionId, outRefundNo, amountFen, end };
    return this.refunds.conclude({ ...what, refundId: '50', reason: '' });
  }

  async number(sql: string, ...values: unknown[]): Promise<number> {
    const [row] = await this.db.query<Record<string, string | number>[]>(sql, values);
    return Number(Object.values(row ?? {})[0]);
  }

  stock(): Promise<number> {
    return this.number("SELECT stock FROM product WHERE product_id = 'tea'");
  }

  async payment(transactionId: string): Promise<{ role: string; refunded: number; reserved: number }> {
    const [row] = await this.db.query<{ role: string; r: string; s: string }[]>(
      'SELECT role, refunded_fen AS r, reserved_fen AS s FROM order_payment WHERE transaction_id = ?',
      [transactionId],
    );
    return { role: row?.role ?? 'none', refunded: Number(row?.r), reserved: Number(row?.s) };
  }

  anomalies(orderNo: string): Promise<{ anomaly_id: string; kind: string; state: string; note: string | null }[]> {
    return this.db.query('SELECT * FROM anomaly WHERE order_no = ? ORDER BY anomaly_id', [orderNo]);
  }

  async deeds(subject: string): Promise<{ actor: string; action: string; before: unknown; after: unknown }[]> {
    const rows = await this.db.query<Record<string, string>[]>(
      'SELECT actor, action, state_before, state_after FROM audit WHERE subject = ? ORDER BY id',
      [subject],
    );
    return rows.map(({ actor = '', action = '', state_before = '', state_after = '' }) => ({
      ...{ actor, action, before: JSON.parse(state_before) as unknown, after: JSON.parse(state_after) as unknown },
    }));
  }

  async events(...ids: string[]): Promise<string[]> {
    const rows = await this.db.query<{ id: string }[]>(
      'SELECT message_id AS id FROM outbox WHERE message_id IN (?) ORDER BY message_id',
      [ids],
    );
    return rows.map(({ id }) => id);
  }
}
