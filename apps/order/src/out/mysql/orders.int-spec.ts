import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { migrate } from '#platform';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import { whenBuyerCancels, whenClosedAtWechat, whenPaymentFailed, whenTimeIsUp } from '../../domain/closing.ts';
import { type Payment } from '../../domain/settlement.ts';
import { MysqlOrderChanges } from './order-changes.mysql.ts';
import { MysqlOrderReads } from './order-reads.mysql.ts';
import { MysqlPlacements } from './placements.mysql.ts';
import { orderSchema } from './schema.ts';
import { seedProducts } from './seed-products.ts';

jest.setTimeout(60_000);

let database: AppDatabase;
let dataSource: DataSource;
let placements: MysqlPlacements;
let changes: MysqlOrderChanges;
let reads: MysqlOrderReads;

beforeAll(async () => {
  database = await AppDatabase.open('paypair_order', orderSchema);
  dataSource = database.source;
  const { outbox } = database;
  placements = new MysqlPlacements(dataSource, outbox);
  changes = new MysqlOrderChanges(dataSource, outbox);
  reads = new MysqlOrderReads(dataSource);
});

afterAll(() => database.close());

beforeEach(async () => {
  await dataSource.query('DELETE FROM product');
  await dataSource.query("INSERT INTO product VALUES ('cup', 'Cup', 2000, 1000), ('tea', 'Tea', 150, 1000)");
});

let keys = 0;
const place = (wishes = [{ productId: 'tea', quantity: 1 }], more: { key?: string; fingerprint?: string } = {}) =>
  placements.place(
    {
      buyerId: 'ann',
      key: more.key ?? `key-${(keys += 1)}`,
      fingerprint: (more.fingerprint ?? 'f').repeat(64),
      wishes,
      payWithinMs: 1_800_000,
    },
    ({ orderNo, totalFee }) => JSON.stringify({ orderNo, totalFee }),
  );
const placed = async (wishes?: { productId: string; quantity: number }[]): Promise<string> => {
  const placement = await place(wishes);
  if (placement.kind !== 'placed') throw new Error(placement.kind);
  return placement.order.orderNo;
};
const many = async (count: number) => {
  const orderNos: string[] = [];
  while (orderNos.length < count) orderNos.push(...(await Promise.all(Array.from({ length: 10 }, () => placed()))));
  return orderNos.slice(0, count);
};

let transactions = 0;
const payment = (orderNo: string, more: Partial<Payment> = {}): Payment => ({
  orderNo,
  outTradeNo: orderNo,
  transactionId: `4200${String((transactions += 1))}`,
  totalFee: 150,
  paidAt: new Date('2026-01-01T08:00:00.000Z'),
  source: 'notify',
  ...more,
});

const value = async (sql: string, ...values: unknown[]): Promise<unknown> => {
  const [row] = await dataSource.query<Record<string, unknown>[]>(sql, values);
  const found = row && Object.values(row)[0];
  return typeof found === 'string' && /^-?\d+$/.test(found) ? Number(found) : found;
};
const stock = (productId: string) => value('SELECT stock FROM product WHERE product_id = ?', productId);
const status = (orderNo: string) => value('SELECT status FROM orders WHERE order_no = ?', orderNo);
const events = async (orderNo: string) => {
  const sql = 'SELECT message_id AS id FROM outbox WHERE message_id LIKE ? ORDER BY outbox.id';
  const rows = await dataSource.query<{ id: string }[]>(sql, [`%:${orderNo}`]);
  return rows.map(({ id }) => id.split(':')[0]);
};
/** As if they had been sent, or lost with the broker. */
const forgetEvents = (orderNo: string) =>
  dataSource.query('DELETE FROM outbox WHERE message_id LIKE ?', [`%:${orderNo}`]);
const expire = (orderNo: string) =>
  dataSource.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_no = ?', [orderNo]);

describe('the schema', () => {
  it('is what the row classes say', async () => {
    // TypeORM reads the defaults of MariaDB's columns right only when it is told that this is MariaDB.
    const version = String(await value('SELECT VERSION()'));
    const type = version.includes('MariaDB') ? 'mariadb' : 'mysql';
    const reader = await new DataSource({ ...dataSource.options, type } as DataSourceOptions).initialize();
    try {
      const { upQueries } = await reader.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await reader.destroy();
    }
  });

  it('is migrated once, however often it is asked for', async () => {
    expect(await Promise.all([migrate(dataSource), migrate(dataSource)])).toEqual([[], []]);
  });

  it('takes up a migration that was killed half-way', async () => {
    await dataSource.query('DROP TABLE anomaly');
    await dataSource.query('DELETE FROM migrations');
    expect(await migrate(dataSource)).toEqual(orderSchema.migrations.map(({ name }) => name));
    expect(await value('SELECT COUNT(*) FROM anomaly')).toBe(0);
  });

  it('refuses stock below zero', async () => {
    await expect(dataSource.query("UPDATE product SET stock = -1 WHERE product_id = 'tea'")).rejects.toThrow(
      'ck_product_stock',
    );
  });

  it('seeds the demo products once and leaves sold ones alone', async () => {
    await seedProducts(dataSource);
    await dataSource.query("UPDATE product SET stock = 3 WHERE product_id = 'fan-silk'");
    await seedProducts(dataSource);
    expect(await stock('fan-silk')).toBe(3);
    expect(await reads.products()).toHaveLength(8);
  });
});

describe('placing', () => {
  it('writes the order with all that belongs to it, stock taken', async () => {
    const placement = await place([
      { productId: 'tea', quantity: 3 },
      { productId: 'cup', quantity: 2 },
    ]);
    if (placement.kind !== 'placed') throw new Error(placement.kind);
    const { orderNo, expiresAt } = placement.order;
    const order = await reads.order(orderNo);
    expect(order).toMatchObject({ status: 'WAIT_PAY', totalFee: 4450, title: 'Tea +1', paidAt: null, points: 0 });
    expect(order?.items).toEqual([
      { productId: 'cup', title: 'Cup', quantity: 2, priceFen: 2000 },
      { productId: 'tea', title: 'Tea', quantity: 3, priceFen: 150 },
    ]);
    expect(order?.log).toMatchObject([{ from: null, to: 'WAIT_PAY', reason: 'placed' }]);
    expect(order?.expiresAt).toEqual(expiresAt);
    expect(expiresAt.getTime() - (order?.createdAt.getTime() ?? 0)).toBe(1_800_000);
    expect([await stock('tea'), await stock('cup')]).toEqual([997, 998]);
    expect(await events(orderNo)).toEqual(['order.placed']);
  });

  it('sells the last five exactly five times to a hundred buyers (I-5)', async () => {
    await dataSource.query("UPDATE product SET stock = 5 WHERE product_id = 'tea'");
    const kinds: string[] = [];
    // As many at once as there are connections: more would wait for one, and be told to come again.
    const five = async (): Promise<void> => {
      for (let buyer = 0; buyer < 5; buyer += 1) kinds.push((await place()).kind);
    };
    await Promise.all(Array.from({ length: 20 }, five));
    expect(kinds.filter((kind) => kind === 'placed')).toHaveLength(5);
    expect(kinds.filter((kind) => kind === 'out-of-stock')).toHaveLength(95);
    expect(await stock('tea')).toBe(0);
  });

  it('writes nothing when one of the products is short', async () => {
    await dataSource.query("UPDATE product SET stock = 1 WHERE product_id = 'tea'");
    const counts = () => value('SELECT COUNT(*) FROM orders');
    const before = await counts();
    const refused = await place([
      { productId: 'cup', quantity: 1 },
      { productId: 'tea', quantity: 2 },
    ]);
    expect(refused).toEqual({ kind: 'out-of-stock', productId: 'tea', at: 1 });
    expect([await stock('cup'), await stock('tea'), await counts()]).toEqual([1000, 1, before]);
  });

  it('lets buyers of the same products in different order pass each other', async () => {
    const there = [
      { productId: 'cup', quantity: 1 },
      { productId: 'tea', quantity: 1 },
    ];
    const back = [...there].reverse();
    await Promise.all(Array.from({ length: 40 }, (_, index) => placed(index % 2 ? there : back)));
    expect([await stock('cup'), await stock('tea')]).toEqual([960, 960]);
  });

  it('makes one order of ten parallel requests with one key, and answers all the same', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => place(undefined, { key: 'once' })));
    const bodies = answers.map((answer) => ('body' in answer ? answer.body : answer.kind));
    expect(new Set(bodies).size).toBe(1);
    expect(answers.filter(({ kind }) => kind === 'placed')).toHaveLength(1);
    expect(await stock('tea')).toBe(999);
  });

  it('replays a key even when nothing is left to sell, and refuses it for another request', async () => {
    const first = await place(undefined, { key: 'again' });
    await dataSource.query('DELETE FROM product');
    const second = await place(undefined, { key: 'again' });
    expect(second).toEqual({ kind: 'replayed', status: 201, body: 'body' in first ? first.body : undefined });
    expect(await place(undefined, { key: 'again', fingerprint: 'e' })).toEqual({ kind: 'key-reused' });
  });

  it('does not use a key up on a refusal', async () => {
    const ghost = [{ productId: 'ghost', quantity: 1 }];
    expect(await place(ghost, { key: 'later' })).toMatchObject({ kind: 'unknown-product' });
    expect(await place(undefined, { key: 'later' })).toMatchObject({ kind: 'placed' });
  });

  it('waits a bounded time for a request with the same key, or for the product, and writes nothing then', async () => {
    const other = dataSource.createQueryRunner();
    const whileHolding = async (sql: string, key: string) => {
      await other.startTransaction();
      try {
        await other.query(sql);
        return await place(undefined, { key });
      } finally {
        await other.rollbackTransaction();
      }
    };
    try {
      const insert = "INSERT INTO idempotency VALUES ('ann', 'held', REPEAT('f', 64), 201, '', UTC_TIMESTAMP(3))";
      expect(await whileHolding(insert, 'held')).toEqual({ kind: 'key-busy' });
      const lock = "SELECT stock FROM product WHERE product_id = 'tea' FOR UPDATE";
      expect(await whileHolding(lock, 'held')).toEqual({ kind: 'shop-busy' });
      expect(await place(undefined, { key: 'held' })).toMatchObject({ kind: 'placed' });
      expect(await stock('tea')).toBe(999);
    } finally {
      await other.release();
    }
  });

  it('forgets old keys only', async () => {
    await place(undefined, { key: 'old' });
    await dataSource.query("UPDATE idempotency SET created_at = created_at - INTERVAL 8 DAY WHERE idem_key = 'old'");
    await place(undefined, { key: 'young' });
    expect(await changes.forgetKeys(7 * 86_400_000, 200)).toBe(1);
    expect(await place(undefined, { key: 'young' })).toMatchObject({ kind: 'replayed' });
  });
});

describe('settling', () => {
  it('makes an order PAID: payment, points, sold stock, log and event', async () => {
    const orderNo = await placed();
    const paid = payment(orderNo);
    expect(await changes.settle([paid])).toEqual([{ kind: 'booked', role: 'MAIN', from: 'WAIT_PAY' }]);
    expect(await reads.order(orderNo)).toMatchObject({
      status: 'PAID',
      paidAt: paid.paidAt,
      points: 1,
      payments: [{ transactionId: paid.transactionId, role: 'MAIN', totalFee: 150, paidAt: paid.paidAt }],
      log: [{ to: 'WAIT_PAY' }, { from: 'WAIT_PAY', to: 'PAID', reason: 'paid (notify)' }],
    });
    expect(await value('SELECT state FROM reservation WHERE order_no = ?', orderNo)).toBe('SOLD');
    expect(await events(orderNo)).toEqual(['order.placed', 'order.paid']);
    expect(await changes.settle([paid])).toEqual([{ kind: 'repeat' }]);
  });

  it('settles a batch of 200 with every kind of payment in it', async () => {
    const orderNos = await many(100);
    const [ended, wrong, twice] = orderNos as [string, string, string];
    await changes.move([ended], whenBuyerCancels);
    await changes.move([ended], whenClosedAtWechat);
    const first = orderNos.map((orderNo) => payment(orderNo, orderNo === wrong ? { totalFee: 149 } : {}));
    const second = [payment(twice), payment(twice)];
    const unknown = Array.from({ length: 8 }, (_, index) => payment(`${index}`.repeat(22)));
    const batch = [...first, ...second, ...unknown, ...first.slice(10)].slice(0, 200);
    expect(batch).toHaveLength(200);

    const settled = await changes.settle(batch);
    const count = (kind: string, role?: string) =>
      settled.filter((one) => one.kind === kind && (!role || ('role' in one && one.role === role))).length;
    expect(count('booked', 'MAIN')).toBe(98);
    expect(count('booked', 'LATE')).toBe(1);
    expect(count('booked', 'AMOUNT')).toBe(1);
    expect(count('booked', 'DOUBLE')).toBe(2);
    expect(count('unknown-order')).toBe(8);
    expect(count('repeat')).toBe(90);
    expect(await Promise.all([ended, wrong, twice].map(status))).toEqual(['CANCELLED', 'REVIEW', 'PAID']);
    const anomalies = 'SELECT COUNT(*) FROM anomaly WHERE order_no IN (?) AND state = ?';
    expect(await value(anomalies, orderNos, 'OPEN')).toBe(4);
    expect(await value('SELECT COUNT(*) FROM point_ledger WHERE order_no IN (?)', orderNos)).toBe(98);
    expect((await changes.settle(batch)).filter(({ kind }) => kind === 'repeat')).toHaveLength(192);
  });

  it('pays an order once when twenty payments of it are settled at the same time', async () => {
    const orderNo = await placed();
    const all = await Promise.all(Array.from({ length: 20 }, () => changes.settle([payment(orderNo)])));
    const roles = all.flat().map((one) => ('role' in one ? one.role : one.kind));
    expect(roles.filter((role) => role === 'MAIN')).toHaveLength(1);
    expect(roles.filter((role) => role === 'DOUBLE')).toHaveLength(19);
    expect(await value('SELECT COUNT(*) FROM point_ledger WHERE order_no = ?', orderNo)).toBe(1);
    expect(await value('SELECT COUNT(*) FROM order_log WHERE order_no = ? AND to_status = ?', orderNo, 'PAID')).toBe(1);
  });

  it('books one transaction once when it arrives twenty times at the same time', async () => {
    const paid = payment(await placed());
    const all = await Promise.all(Array.from({ length: 20 }, () => changes.settle([paid])));
    expect(all.flat().filter(({ kind }) => kind === 'booked')).toHaveLength(1);
    expect(await value('SELECT COUNT(*) FROM order_payment WHERE order_no = ?', paid.orderNo)).toBe(1);
  });

  it('refuses a transaction of another order, and the rest of its batch is settled all the same', async () => {
    const [a, b, c] = (await many(3)) as [string, string, string];
    const paid = payment(a);
    await changes.settle([paid]);
    expect(await changes.settle([{ ...paid, orderNo: b }, payment(c)])).toMatchObject([
      { kind: 'foreign' },
      { kind: 'booked', role: 'MAIN' },
    ]);
    expect(await status(b)).toBe('WAIT_PAY');
  });

  it('binds a transaction to one of two orders when both claim it at the same time', async () => {
    const [a, b, c] = (await many(3)) as [string, string, string];
    const paid = payment(a);
    const [one, two] = await Promise.all([
      changes.settle([paid, payment(c)]),
      changes.settle([{ ...paid, orderNo: b }, payment(c)]),
    ]);
    expect([one[0]?.kind, two[0]?.kind].sort()).toEqual(['booked', 'foreign']);
    expect([await status(a), await status(b)].sort()).toEqual(['PAID', 'WAIT_PAY']);
    expect(await status(c)).toBe('PAID');
  });
});

describe('ending without money', () => {
  it('returns stock once, however often the close is confirmed (I-7)', async () => {
    const orderNo = await placed([
      { productId: 'tea', quantity: 7 },
      { productId: 'cup', quantity: 1 },
    ]);
    await changes.move([orderNo], whenBuyerCancels);
    expect([await stock('tea'), await stock('cup')]).toEqual([993, 999]);
    await Promise.all(Array.from({ length: 5 }, () => changes.move([orderNo, orderNo], whenClosedAtWechat)));
    expect([await stock('tea'), await stock('cup')]).toEqual([1000, 1000]);
    expect(await status(orderNo)).toBe('CANCELLED');
    expect(await events(orderNo)).toEqual(['order.placed', 'payment.close.requested', 'order.cancelled']);
  });

  it('ends as PAY_FAILED what was closing after a failure', async () => {
    const orderNo = await placed();
    await changes.move([orderNo], whenPaymentFailed);
    await changes.move([orderNo], whenClosedAtWechat);
    expect(await status(orderNo)).toBe('PAY_FAILED');
    expect(await events(orderNo)).toEqual(['order.placed', 'payment.close.requested', 'order.failed']);
    expect(await stock('tea')).toBe(1000);
  });

  it('gives back the stock of many orders that end together', async () => {
    const orderNos = await many(30);
    await changes.move(orderNos, whenBuyerCancels);
    const moved = await changes.move([...orderNos, 'Z'.repeat(22)], whenClosedAtWechat);
    expect(moved.filter(({ to }) => to === 'CANCELLED')).toHaveLength(30);
    expect(moved.at(-1)).toEqual({ orderNo: 'Z'.repeat(22), from: undefined, to: undefined });
    expect(await stock('tea')).toBe(1000);
  });

  it('B15 expires what is due and nothing else, each order by one sweeper', async () => {
    const [due, notYet] = (await many(2)) as [string, string];
    await expire(due);
    const sweeps = await Promise.all(Array.from({ length: 5 }, () => changes.moveExpired(whenTimeIsUp, 200)));
    expect(sweeps.flat()).toEqual([{ orderNo: due, from: 'WAIT_PAY', to: 'CLOSING' }]);
    expect(await status(notYet)).toBe('WAIT_PAY');
    expect(await events(due)).toEqual(['order.placed', 'payment.close.requested']);
  });

  it('lets exactly one win when money and time-out come together (I-1)', async () => {
    const orderNos = await many(20);
    await Promise.all(orderNos.map(expire));
    await Promise.all(
      orderNos.flatMap((orderNo) => [
        changes.settle([payment(orderNo)]),
        changes.move([orderNo], whenTimeIsUp).then(() => changes.move([orderNo], whenClosedAtWechat)),
      ]),
    );
    for (const orderNo of orderNos) {
      const order = await reads.order(orderNo);
      const state = await value('SELECT state FROM reservation WHERE order_no = ?', orderNo);
      const facts = [order?.status, order?.points, order?.payments[0]?.role, state];
      expect([
        ['PAID', 1, 'MAIN', 'SOLD'],
        ['CANCELLED', 0, 'LATE', 'RETURNED'],
      ]).toContainEqual(facts);
    }
    const paid = await value("SELECT COUNT(*) FROM orders WHERE order_no IN (?) AND status = 'PAID'", orderNos);
    expect(await stock('tea')).toBe(1000 - Number(paid));
  });

  it('tells the close again when it was not answered, without end and without piling up', async () => {
    const [waiting, fresh] = (await many(2)) as [string, string];
    await changes.move([waiting, fresh], whenBuyerCancels);
    const age = 'UPDATE orders SET close_sent_at = close_sent_at - INTERVAL 61 SECOND WHERE order_no = ?';
    for (let round = 0; round < 3; round += 1) {
      await dataSource.query(age, [waiting]);
      expect(await changes.resendCloses(60_000, 200)).toBe(1);
      expect(await changes.resendCloses(60_000, 200)).toBe(0);
    }
    expect(await events(waiting)).toEqual(['order.placed', 'payment.close.requested']);
  });

  it('B16 tells of the order once more with the close, to a broker that was wiped before anybody read of it', async () => {
    const orderNo = await placed([{ productId: 'tea', quantity: 3 }]);
    await changes.move([orderNo], whenBuyerCancels);
    const placedEvent = () => value("SELECT body FROM outbox WHERE message_id = CONCAT('order.placed:', ?)", orderNo);
    const told = JSON.parse(String(await placedEvent())) as { data: object };
    await forgetEvents(orderNo);
    await dataSource.query('UPDATE orders SET close_sent_at = close_sent_at - INTERVAL 61 SECOND');
    await changes.resendCloses(60_000, 200);
    expect(await events(orderNo)).toEqual(['order.placed', 'payment.close.requested']);
    const again = JSON.parse(String(await placedEvent())) as { data: object };
    expect(again.data).toEqual(told.data);
  });

  it('tells again how orders have ended, and nothing of those that have not', async () => {
    const [paid, cancelled, failed, waiting, closing] = (await many(5)) as [string, string, string, string, string];
    await changes.settle([payment(paid)]);
    await changes.move([cancelled, closing], whenBuyerCancels);
    await changes.move([failed], whenPaymentFailed);
    await changes.move([cancelled, failed], whenClosedAtWechat);
    const all = [paid, cancelled, failed, waiting, closing];
    for (const orderNo of all) await forgetEvents(orderNo);
    await changes.tellEnds([...all, paid, 'Z'.repeat(22)]);
    const told = await Promise.all(all.map(events));
    expect(told).toEqual([['order.paid'], ['order.cancelled'], ['order.failed'], [], []]);
  });
});
