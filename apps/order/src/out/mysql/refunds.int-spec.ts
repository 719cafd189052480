import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DataSource } from 'typeorm';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import { whenBuyerCancels, whenClosedAtWechat } from '../../domain/closing.ts';
import { type RefundResult } from '../../flow/ports.ts';
import { MysqlOrderChanges } from './order-changes.mysql.ts';
import { MysqlOrderReads } from './order-reads.mysql.ts';
import { MysqlPlacements } from './placements.mysql.ts';
import { MysqlRefunds } from './refunds.mysql.ts';
import { orderSchema } from './schema.ts';

jest.setTimeout(60_000);

let database: AppDatabase;
let dataSource: DataSource;
let placements: MysqlPlacements;
let changes: MysqlOrderChanges;
let reads: MysqlOrderReads;
let refunds: MysqlRefunds;
/** A second instance of the service. */
let otherRefunds: MysqlRefunds;

beforeAll(async () => {
  database = await AppDatabase.open('paypair_refunds', orderSchema);
  dataSource = database.source;
  const { outbox } = database;
  placements = new MysqlPlacements(dataSource, outbox);
  changes = new MysqlOrderChanges(dataSource, outbox);
  reads = new MysqlOrderReads(dataSource);
  refunds = new MysqlRefunds(dataSource, outbox);
  otherRefunds = new MysqlRefunds(dataSource, outbox);
});

afterAll(() => database.close());

beforeEach(async () => {
  await dataSource.query('DELETE FROM product');
  await dataSource.query("INSERT INTO product VALUES ('tea', 'Tea', 100, 1000)");
});

let keys = 0;
let transactions = 0;
const newTransaction = () => `42000000${String((transactions += 1))}`;

async function placed(): Promise<string> {
  const placement = await placements.place(
    {
      buyerId: 'ann',
      key: `key-${(keys += 1)}`,
      fingerprint: 'f'.repeat(64),
      wishes: [{ productId: 'tea', quantity: 1 }],
      payWithinMs: 1_800_000,
    },
    () => '{}',
  );
  if (placement.kind !== 'placed') throw new Error(placement.kind);
  return placement.order.orderNo;
}

async function pay(orderNo: string, totalFee = 100): Promise<string> {
  const transactionId = newTransaction();
  const money = { orderNo, outTradeNo: orderNo, transactionId, totalFee, paidAt: new Date(), source: 'notify' };
  await changes.settle([money]);
  return transactionId;
}

/** An order of 100 fen that is paid. */
async function paid(): Promise<{ orderNo: string; transactionId: string }> {
  const orderNo = await placed();
  return { orderNo, transactionId: await pay(orderNo) };
}

const wish = (
  orderNo: string,
  amountFen: number,
  more: { key?: string; restock?: boolean; fingerprint?: string } = {},
) => ({
  orderNo,
  amountFen,
  reason: 'broken cup',
  restock: more.restock ?? false,
  operator: 'olga',
  key: more.key ?? `refund-${(keys += 1)}`,
  fingerprint: (more.fingerprint ?? 'a').repeat(64),
});
const answer = (outRefundNo: string) => JSON.stringify({ outRefundNo });
const request = (...args: Parameters<typeof wish>) => refunds.request(wish(...args), answer);
async function requested(...args: Parameters<typeof wish>): Promise<string> {
  const placement = await request(...args);
  if (placement.kind !== 'requested') throw new Error(placement.kind);
  return (JSON.parse(placement.body) as { outRefundNo: string }).outRefundNo;
}
const result = (
  { orderNo, transactionId }: { orderNo: string; transactionId: string },
  outRefundNo: string,
  amountFen: number,
  end: RefundResult['end'] = 'SUCCESS',
): RefundResult => ({ orderNo, transactionId, outRefundNo, amountFen, end, refundId: '50', reason: '' });

const amounts = async (transactionId: string) => {
  const [row] = await dataSource.query<{ r: string; s: string }[]>(
    'SELECT refunded_fen AS r, reserved_fen AS s FROM order_payment WHERE transaction_id = ?',
    [transactionId],
  );
  return { refunded: Number(row?.r), reserved: Number(row?.s) };
};
const number = async (sql: string, ...values: unknown[]) => {
  const [row] = await dataSource.query<Record<string, string>[]>(sql, values);
  return Number(Object.values(row ?? {})[0]);
};
const stock = () => number("SELECT stock FROM product WHERE product_id = 'tea'");
const status = async (orderNo: string) => (await reads.order(orderNo))?.status;
const commands = (outRefundNo: string) =>
  number('SELECT COUNT(*) FROM outbox WHERE message_id = ?', `refund.requested:${outRefundNo}`);
const anomalies = (orderNo: string) =>
  dataSource.query<{ kind: string; state: string; detail: string }[]>(
    'SELECT kind, state, detail FROM anomaly WHERE order_no = ? ORDER BY anomaly_id',
    [orderNo],
  );

describe('the cap', () => {
  it('lets one of two operators have 60 of 100 (J1)', async () => {
    const { orderNo, transactionId } = await paid();
    const both = await Promise.all([
      refunds.request(wish(orderNo, 60), answer),
      otherRefunds.request(wish(orderNo, 60), answer),
    ]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['exceeds-paid', 'requested']);
    expect(await amounts(transactionId)).toEqual({ refunded: 0, reserved: 60 });
  });

  it('lets ten partial refunds at once add up to what was paid, and no eleventh (J2)', async () => {
    const { orderNo, transactionId } = await paid();
    const eleven = await Promise.all(
      Array.from({ length: 11 }, (_, n) => (n % 2 ? refunds : otherRefunds).request(wish(orderNo, 10), answer)),
    );
    expect(eleven.filter(({ kind }) => kind === 'requested')).toHaveLength(10);
    expect(await amounts(transactionId)).toEqual({ refunded: 0, reserved: 100 });
  });

  it('leaves one audit row for each request, whoever repeats it, and none for what it has refused', async () => {
    const { orderNo, transactionId } = await paid();
    const same = { key: `refund-${(keys += 1)}`, restock: true };
    const twice = await Promise.all([
      refunds.request(wish(orderNo, 60, same), answer),
      otherRefunds.request(wish(orderNo, 60, same), answer),
    ]);
    expect(twice.map(({ kind }) => kind).sort()).toEqual(['replayed', 'requested']);
    expect(await request(orderNo, 60)).toEqual({ kind: 'exceeds-paid' });
    const [{ outRefundNo } = {}] = (await reads.order(orderNo))?.refunds ?? [];
    const deeds = await dataSource.query<Record<string, string>[]>(
      'SELECT * FROM audit WHERE CONCAT(state_before, state_after) LIKE ?',
      [`%${transactionId}%`],
    );
    expect(deeds).toMatchObject([{ actor: 'olga', action: 'refund.request', subject: outRefundNo }]);
    expect(JSON.parse(deeds[0]?.['state_before'] ?? '')).toEqual({
      ...{ status: 'PAID', payment: { transactionId, totalFee: 100, refundedFen: 0, reservedFen: 0 } },
    });
    expect(JSON.parse(deeds[0]?.['state_after'] ?? '')).toMatchObject({
      ...{ orderNo, amountFen: 60, reason: 'broken cup', restock: true },
    });
  });

  it('is there for unpaid orders too (J5)', async () => {
    expect(await request(await placed(), 1)).toEqual({ kind: 'order-not-paid' });
    expect(await request('NONE0000000000000000', 1)).toEqual({ kind: 'unknown-order' });
  });

  it('counts to fifty, over all instances; what WeChat never took on does not count', async () => {
    const { orderNo, transactionId } = await paid();
    const many: Awaited<ReturnType<typeof request>>[] = [];
    while (many.length < 55) {
      const together = Array.from({ length: 11 }, (_, n) => (n % 2 ? refunds : otherRefunds));
      many.push(...(await Promise.all(together.map((one) => one.request(wish(orderNo, 1), answer)))));
    }
    const numbers = many.flatMap((one) =>
      one.kind === 'requested' ? [(JSON.parse(one.body) as { outRefundNo: string }).outRefundNo] : [],
    );
    expect(numbers).toHaveLength(50);
    expect(many.filter(({ kind }) => kind === 'too-many-refunds')).toHaveLength(5);
    expect(await amounts(transactionId)).toEqual({ refunded: 0, reserved: 50 });
    await refunds.conclude(result({ orderNo, transactionId }, numbers[0] ?? '', 1, 'REFUSED'));
    expect(await request(orderNo, 1)).toMatchObject({ kind: 'requested' });
    expect(await request(orderNo, 1)).toEqual({ kind: 'too-many-refunds' });
  });

  it('writes nothing at all for a refusal: the key is free for a better request', async () => {
    const { orderNo } = await paid();
    expect(await request(orderNo, 101, { key: 'again' })).toEqual({ kind: 'exceeds-paid' });
    expect(await request(orderNo, 100, { key: 'again' })).toMatchObject({ kind: 'requested' });
  });
});

describe('the key', () => {
  it('makes a repeat the same refund, also at the same moment', async () => {
    const { orderNo, transactionId } = await paid();
    const same = wish(orderNo, 30, { key: 'same' });
    const all = await Promise.all([refunds, otherRefunds, refunds].map((one) => one.request(same, answer)));
    const first = all.find(({ kind }) => kind === 'requested');
    expect(all.filter(({ kind }) => kind === 'requested')).toHaveLength(1);
    expect(await refunds.request(same, answer)).toEqual({ ...first, kind: 'replayed' });
    expect(await request(orderNo, 31, { key: 'same', fingerprint: 'b' })).toEqual({ kind: 'key-reused' });
    expect(await amounts(transactionId)).toEqual({ refunded: 0, reserved: 30 });
  });
});

describe('a result', () => {
  it('books a partial refund, then the rest; points go back once, stock as asked (J8)', async () => {
    const order = await paid();
    const before = await stock();
    const first = await requested(order.orderNo, 40, { restock: true });
    expect(await refunds.conclude(result(order, first, 40))).toBe('booked');
    expect([await status(order.orderNo), await stock()]).toEqual(['PART_REFUNDED', before]);
    const second = await requested(order.orderNo, 60);
    expect(await refunds.conclude(result(order, second, 60))).toBe('booked');
    expect([await status(order.orderNo), await stock()]).toEqual(['REFUNDED', before + 1]);
    expect(await amounts(order.transactionId)).toEqual({ refunded: 100, reserved: 0 });
    expect((await reads.order(order.orderNo))?.points).toBe(0);
    expect(
      await number('SELECT COUNT(*) FROM outbox WHERE message_id IN (?)', [
        `order.refunded:${first}`,
        `order.refunded:${second}`,
      ]),
    ).toBe(2);
  });

  it('arriving twice, at once or later, counts once', async () => {
    const order = await paid();
    const before = await stock();
    const no = await requested(order.orderNo, 100, { restock: true });
    const twice = await Promise.all([refunds, otherRefunds].map((one) => one.conclude(result(order, no, 100))));
    expect(twice.sort()).toEqual(['booked', 'repeat']);
    expect(await refunds.conclude(result(order, no, 100))).toBe('repeat');
    expect(await amounts(order.transactionId)).toEqual({ refunded: 100, reserved: 0 });
    expect(await stock()).toBe(before + 1);
    expect(
      await number("SELECT COUNT(*) FROM point_ledger WHERE order_no = ? AND reason = 'REFUNDED'", order.orderNo),
    ).toBe(1);
    expect(
      await number("SELECT COUNT(*) FROM order_log WHERE order_no = ? AND to_status = 'REFUNDED'", order.orderNo),
    ).toBe(1);
  });

  it('does not restock unless it was asked to', async () => {
    const order = await paid();
    const before = await stock();
    await refunds.conclude(result(order, await requested(order.orderNo, 100), 100));
    expect([await status(order.orderNo), await stock()]).toEqual(['REFUNDED', before]);
  });

  it.each(['REFUSED', 'CLOSED'] as const)('%s frees the amount and opens an anomaly', async (end) => {
    const order = await paid();
    const no = await requested(order.orderNo, 100);
    expect(await refunds.conclude(result(order, no, 100, end))).toBe('booked');
    expect(await amounts(order.transactionId)).toEqual({ refunded: 0, reserved: 0 });
    expect(await anomalies(order.orderNo)).toMatchObject([{ kind: `REFUND_${end}`, state: 'OPEN' }]);
    expect(await request(order.orderNo, 100)).toMatchObject({ kind: 'requested' });
  });

  it('ABNORMAL keeps the amount aside (J6)', async () => {
    const order = await paid();
    const no = await requested(order.orderNo, 60);
    await refunds.conclude(result(order, no, 60, 'ABNORMAL'));
    expect(await amounts(order.transactionId)).toEqual({ refunded: 0, reserved: 60 });
    expect(await request(order.orderNo, 60)).toEqual({ kind: 'exceeds-paid' });
    expect(await anomalies(order.orderNo)).toMatchObject([{ kind: 'REFUND_ABNORMAL', state: 'OPEN' }]);
  });

  it('about another amount changes nothing', async () => {
    const order = await paid();
    const no = await requested(order.orderNo, 60);
    expect(await refunds.conclude(result(order, no, 61))).toBe('other-refund');
    expect(await amounts(order.transactionId)).toEqual({ refunded: 0, reserved: 60 });
  });

  it('of a refund made in the merchant console counts', async () => {
    const order = await paid();
    expect(await refunds.conclude(result(order, '5000CONSOLE', 100))).toBe('booked');
    expect(await refunds.conclude(result(order, '5000CONSOLE', 100))).toBe('repeat');
    expect(await amounts(order.transactionId)).toEqual({ refunded: 100, reserved: 0 });
    expect(await status(order.orderNo)).toBe('REFUNDED');
    expect(await request(order.orderNo, 1)).toEqual({ kind: 'exceeds-paid' });
    expect((await reads.order(order.orderNo))?.refunds).toMatchObject([{ origin: 'CONSOLE', status: 'SUCCESS' }]);
  });

  it('of money that is not booked yet waits', async () => {
    const orderNo = await placed();
    expect(await refunds.conclude(result({ orderNo, transactionId: '4299' }, '50', 1))).toBe('unknown-payment');
    expect(await refunds.conclude(result({ orderNo: 'NONE0000000000000000', transactionId: '4299' }, '50', 1))).toBe(
      'unknown-order',
    );
  });
});

describe('money that pays nothing', () => {
  it('after the end of its order is requested back exactly once, by the transaction that books it', async () => {
    const orderNo = await placed();
    await changes.move([orderNo], whenBuyerCancels);
    await changes.move([orderNo], whenClosedAtWechat);
    const before = await stock();
    const transactionId = newTransaction();
    const money = { orderNo, outTradeNo: orderNo, transactionId, totalFee: 100, paidAt: new Date(), source: 'notify' };
    await Promise.all([changes.settle([money]), changes.settle([money, money])]);
    const no = `A${transactionId}`;
    expect((await reads.order(orderNo))?.refunds).toMatchObject([
      { outRefundNo: no, origin: 'LATE', status: 'REQUESTED' },
    ]);
    expect([await commands(no), await amounts(transactionId)]).toEqual([1, { refunded: 0, reserved: 100 }]);
    const [open] = await anomalies(orderNo);
    expect(open).toMatchObject({ kind: 'LATE', state: 'OPEN' });
    expect(open?.detail).toContain(`refund ${no} requested`);
    await refunds.conclude(result({ orderNo, transactionId }, no, 100));
    expect(await anomalies(orderNo)).toMatchObject([{ kind: 'LATE', state: 'DONE' }]);
    expect([await status(orderNo), await stock()]).toEqual(['CANCELLED', before]);
  });

  it('as a second payment goes back, and the first one keeps the order', async () => {
    const { orderNo, transactionId: first } = await paid();
    const second = await pay(orderNo);
    await refunds.conclude(result({ orderNo, transactionId: second }, `A${second}`, 100));
    expect(await status(orderNo)).toBe('PAID');
    expect([await amounts(first), await amounts(second)]).toEqual([
      { refunded: 0, reserved: 0 },
      { refunded: 100, reserved: 0 },
    ]);
    expect((await reads.order(orderNo))?.points).toBe(1);
  });
});

describe('a command without an answer', () => {
  it('is told again, by one process', async () => {
    const { orderNo } = await paid();
    const no = await requested(orderNo, 10);
    await dataSource.query('DELETE FROM outbox');
    await dataSource.query('UPDATE refund_request SET sent_at = sent_at - INTERVAL 1 HOUR WHERE out_refund_no = ?', [
      no,
    ]);
    await Promise.all([refunds.resend(60_000, 600_000, 200), otherRefunds.resend(60_000, 600_000, 200)]);
    expect(await commands(no)).toBe(1);
    await dataSource.query('DELETE FROM outbox');
    expect(await refunds.resend(60_000, 600_000, 200)).toBe(0);
    expect(await commands(no)).toBe(0);
  });
});
