/** Payables, attempts and payments on a real MySQL, for tests. Nothing is sent anywhere. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Outbox } from '#platform';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import type { Attempt } from '../../domain/attempt.ts';
import type { Payment } from '../../domain/payment.ts';
import type { AttemptWish } from '../../flow/ports.ts';
import { AttemptsMysql } from './attempts.mysql.ts';
import { ChecksMysql } from './checks.mysql.ts';
import { ClosingsMysql } from './closings.mysql.ts';
import { Merchant } from './merchant.ts';
import { PaymentsMysql } from './payments.mysql.ts';
import { RefundsMysql } from './refunds.mysql.ts';
import { paySchema } from './schema.ts';

export const merchant = { mchId: '1900000109', appid: 'wx8888888888888888' };
/** The code to scan, as the buyer wants it. */
export const native: AttemptWish = {
  way: { tradeType: 'NATIVE' },
  signType: 'HMAC-SHA256',
  notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
  spbillCreateIp: '127.0.0.1',
  minExpireSeconds: 300,
  callMs: 8_000,
};
/** What WeChat answers to it. */
export const code = {
  prepayId: 'wx201410272009395522657a690389285100',
  codeUrl: 'weixin://wxpay/bizpayurl?pr=NwY5Mz9',
  mwebUrl: null,
};
export const TITLE = '两件 T-shirts 👕';

const tables = ['payable', 'attempt', 'notice', 'anomaly', 'refund', 'outbox'];
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
/** The stores of one instance of the service. */
const storesOf = (db: DataSource, outbox: Outbox) => ({
  attempts: new AttemptsMysql(db, new Merchant(merchant.mchId, merchant.appid)),
  payments: new PaymentsMysql(db, outbox),
  closings: new ClosingsMysql(db, outbox),
  checks: new ChecksMysql(db),
  refunds: new RefundsMysql(db, outbox),
});

export class Till {
  #database: AppDatabase | undefined;
  #stores: ReturnType<typeof storesOf> | undefined;
  #numbers = 0;

  /** Opened before the first test of the file, empty before each, and closed after the last. */
  static forTests(name: string): Till {
    const till = new Till();
    beforeAll(async () => {
      const database = await AppDatabase.open(name, paySchema);
      till.#database = database;
      till.#stores = storesOf(database.source, database.outbox);
    });
    afterAll(() => till.database.close());
    beforeEach(() => till.database.empty(...tables));
    return till;
  }

  get database(): AppDatabase {
    if (!this.#database) throw new Error('the till is open while tests run, not before');
    return this.#database;
  }

  get db(): DataSource {
    return this.database.source;
  }

  get attempts(): AttemptsMysql {
    return this.stores.attempts;
  }
  get payments(): PaymentsMysql {
    return this.stores.payments;
  }
  get closings(): ClosingsMysql {
    return this.stores.closings;
  }
  get checks(): ChecksMysql {
    return this.stores.checks;
  }
  get refunds(): RefundsMysql {
    return this.stores.refunds;
  }

  /** The stores of another instance. @param db its connections; those of the first if absent */
  another(db = this.db): ReturnType<typeof storesOf> {
    return storesOf(db, db === this.db ? this.database.outbox : this.database.outboxOf(db));
  }

  /** Of an order, ascending. */
  newNumber(): string {
    this.#numbers += 1;
    return `TEST${String(this.#numbers).padStart(18, '0')}`;
  }

  newTransaction(): string {
    this.#numbers += 1;
    return `4200000478${String(this.#numbers).padStart(18, '0')}`;
  }

  /** An order that can be paid. @returns its number */
  async placed(totalFee = 1234, expiresAt = inAnHour()): Promise<string> {
    const orderNo = this.newNumber();
    await this.attempts.place([{ orderNo, totalFee, title: TITLE, expiresAt }]);
    return orderNo;
  }

  /** An attempt about which WeChat is called. */
  async called(orderNo: string): Promise<Attempt> {
    const begun = await this.attempts.begin(orderNo, native);
    if (begun.kind !== 'call') throw new Error(`expected a call, got ${begun.kind}`);
    return begun.attempt;
  }

  /** An attempt whose code is on the screen. */
  async shown(orderNo: string): Promise<Attempt> {
    const attempt = await this.called(orderNo);
    const stored = await this.attempts.storePrepared(attempt, code);
    if (stored !== 'stored') throw new Error(`the code was ${stored}`);
    return attempt;
  }

  /** Money for an attempt, as a notification tells it. */
  payment(attempt: Pick<Attempt, 'outTradeNo' | 'totalFee'>, over: Partial<Payment> = {}): Payment {
    return {
      kind: 'paid',
      outTradeNo: attempt.outTradeNo,
      transactionId: this.newTransaction(),
      totalFee: attempt.totalFee,
      ...merchant,
      tradeType: 'NATIVE',
      openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
      bankType: 'CMB_DEBIT',
      paidAt: new Date('2026-11-21T10:00:00Z'),
      source: 'notify',
      signType: 'HMAC-SHA256',
      ...over,
    };
  }

  async count(table: string, where = '1 = 1'): Promise<number> {
    const [row] = await this.db.query<{ n: string }[]>(`SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`);
    return Number(row?.n);
  }

  async stateOf(orderNo: string) {
    const standing = await this.attempts.find(orderNo);
    return { payable: standing?.payable.state, attempts: standing?.attempts.map(({ state }) => state) };
  }

  private get stores() {
    if (!this.#stores) throw new Error('the till is open while tests run, not before');
    return this.#stores;
  }
}
