import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DataSource } from 'typeorm';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import { PlaceOrder } from '../../flow/place.ts';
import { PayLinks, PendingOrders, ShopRules, TimeoutMessages } from '../../flow/ports.ts';
import { OrderByScan, type ScanOutcome } from '../../flow/scan.ts';
import { MysqlOrderReads } from './order-reads.mysql.ts';
import { MysqlPlacements } from './placements.mysql.ts';
import { orderSchema } from './schema.ts';
import { MysqlScans } from './scans.mysql.ts';

jest.setTimeout(60_000);

const nothing = () => undefined;
class NoRedis extends PendingOrders {
  override placed = nothing;
  override closing = nothing;
  override ended = nothing;
}
class NoTimeouts extends TimeoutMessages {
  override schedule = nothing;
}
class NoLinks extends PayLinks {
  override urlFor = () => 'https://pay.example/';
}

let database: AppDatabase;
let dataSource: DataSource;
let step: OrderByScan;

beforeAll(async () => {
  database = await AppDatabase.open('paypair_order', orderSchema);
  dataSource = database.source;
  const { outbox } = database;
  const placements = new MysqlPlacements(dataSource, outbox);
  const rules = new ShopRules(1_800_000);
  const place = new PlaceOrder(placements, new NoRedis(), new NoTimeouts(), new NoLinks(), rules);
  step = new OrderByScan(new MysqlScans(dataSource), new MysqlOrderReads(dataSource), place);
});

afterAll(() => database.close());

let scans = 0;
let openid = '';

beforeEach(async () => {
  openid = `oUser${(scans += 1)}`;
  await dataSource.query('DELETE FROM product');
  await dataSource.query("INSERT INTO product VALUES ('cup', 'Cup', 2000, 3), ('tea', 'Tea', 150, 100)");
});

const scan = (productId = 'tea', scanId = `n${(scans += 1)}`) => step.order({ openid, productId, scanId });
const numberOf = (outcome: ScanOutcome): string => {
  if (outcome.kind !== 'order') throw new Error(outcome.kind);
  return outcome.order.orderNo;
};
const stockOf = async (productId: string): Promise<number> => {
  const sql = 'SELECT stock FROM product WHERE product_id = ?';
  const [row] = await dataSource.query<{ stock: number }[]>(sql, [productId]);
  return row?.stock ?? NaN;
};
const end = (orderNo: string, status: string) =>
  dataSource.query(
    `UPDATE orders SET status = ?, paid_at = IF(status = 'PAID', UTC_TIMESTAMP(3), NULL), closing_reason = 'buyer',
       close_sent_at = UTC_TIMESTAMP(3) WHERE order_no = ?`,
    [status, orderNo],
  );

describe('who scans the code of a product', () => {
  it('gets an order of one piece at the price of the shop', async () => {
    const outcome = await scan();
    expect(outcome).toMatchObject({ kind: 'order', order: { totalFee: 150, title: 'Tea', buyerId: `wx:${openid}` } });
    expect(await stockOf('tea')).toBe(99);
  });

  it('gets the same unpaid order again, and another one for another product', async () => {
    const first = numberOf(await scan());
    expect(numberOf(await scan())).toBe(first);
    expect(numberOf(await scan('cup'))).not.toBe(first);
    expect(await stockOf('tea')).toBe(99);
  });

  it('gets one order from many scans at the same moment', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => scan()));
    const numbers = outcomes.filter(({ kind }) => kind === 'order').map(numberOf);
    expect(new Set(numbers).size).toBe(1);
    expect(outcomes.filter(({ kind }) => kind !== 'order' && kind !== 'busy')).toEqual([]);
    expect(await stockOf('tea')).toBe(99);
  });

  it.each(['PAID', 'CANCELLED', 'CLOSING', 'PAY_FAILED'])(
    'gets a new order when the last one is %s',
    async (status) => {
      const first = numberOf(await scan());
      await end(first, status);
      const [second, third] = await Promise.all([scan(), scan()]);
      expect(numberOf(second)).not.toBe(first);
      expect(numberOf(third)).toBe(numberOf(second));
    },
  );

  it('gets a new order when the time of the last one is up', async () => {
    const first = numberOf(await scan());
    await dataSource.query('UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_no = ?', [first]);
    expect(numberOf(await scan())).not.toBe(first);
  });

  it('gets the order of a scan that is told again, whatever became of it', async () => {
    const first = numberOf(await scan('tea', 'replayed'));
    await end(first, 'PAID');
    expect(numberOf(await scan('tea', 'replayed'))).toBe(first);
    expect(await stockOf('tea')).toBe(99);
  });

  it('is told what is not sold, or not any more', async () => {
    expect(await scan('gold')).toEqual({ kind: 'unknown-product' });
    await dataSource.query("UPDATE product SET stock = 0 WHERE product_id = 'cup'");
    expect(await scan('cup')).toEqual({ kind: 'sold-out' });
    expect([await step.sells('cup'), await step.sells('gold')]).toEqual([true, false]);
  });

  it('shares the last piece with nobody', async () => {
    await dataSource.query("UPDATE product SET stock = 1 WHERE product_id = 'cup'");
    const people = Array.from({ length: 5 }, (_, i) => `${openid}-${i}`);
    const outcomes = await Promise.all(
      people.map((who) => step.order({ openid: who, productId: 'cup', scanId: 'one' })),
    );
    expect(outcomes.filter(({ kind }) => kind === 'order')).toHaveLength(1);
    expect(await stockOf('cup')).toBe(0);
  });
});
