import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { AppDatabase } from '../../../../../test/support/app-database.ts';
import { isStrict, OtherSession, strictSource } from '../../../../../test/support/other-session.ts';
import type { Payment } from '../../domain/settlement.ts';
import type { Placement } from '../../flow/ports.ts';
import { MysqlOrderChanges } from './order-changes.mysql.ts';
import { MysqlPlacements } from './placements.mysql.ts';
import { orderSchema } from './schema.ts';

let database: AppDatabase;
let db: DataSource;
let other: OtherSession;
let numbers = 0;

beforeAll(async () => {
  database = await AppDatabase.open('order_locks', orderSchema);
  db = database.source;
  await db.query("INSERT INTO product (product_id, title, price_fen, stock) VALUES ('tea', 'Tea', 150, 100)");
  other = await OtherSession.on(database.url);
});
afterAll(async () => {
  await other.end();
  await database.close();
});

const changes = (source = db) => new MysqlOrderChanges(source, database.outboxOf(source));
const place = (source = db) =>
  new MysqlPlacements(source, database.outboxOf(source)).place(
    {
      buyerId: 'ann',
      key: `key-${(numbers += 1)}`,
      fingerprint: 'f'.repeat(64),
      wishes: [{ productId: 'tea', quantity: 1 }],
      payWithinMs: 1_800_000,
    },
    ({ orderNo }) => orderNo,
  );

/** As buyers do who are told that too many want the same at this moment. */
async function placeAtLast(source: DataSource): Promise<Placement> {
  for (;;) {
    const placement = await place(source);
    if (placement.kind !== 'shop-busy') return placement;
  }
}

/** `count` payments, each of an order, in ascending order of their numbers. */
async function paid(count: number): Promise<Payment[]> {
  const orderNos: string[] = [];
  while (orderNos.length < count) {
    const placement = await place();
    if (placement.kind !== 'placed') throw new Error(placement.kind);
    orderNos.push(placement.order.orderNo);
  }
  return orderNos.sort().map((orderNo) => ({
    orderNo,
    outTradeNo: orderNo,
    transactionId: `4200${(numbers += 1)}`,
    totalFee: 150,
    paidAt: new Date('2026-01-01T08:00:00.000Z'),
    source: 'notify',
  }));
}

/** Status, times it became PAID, rows of points, payments booked and reservations sold, of each payment's order. */
const standing = (payments: readonly Payment[]): Promise<unknown> =>
  Promise.all(
    payments.map(async ({ orderNo }) => {
      const [row] = await db.query<Record<string, unknown>[]>(
        `SELECT status,
                (SELECT COUNT(*) FROM order_log l WHERE l.order_no = o.order_no AND to_status = 'PAID') AS became,
                (SELECT COUNT(*) FROM point_ledger p WHERE p.order_no = o.order_no) AS points,
                (SELECT COUNT(*) FROM order_payment p WHERE p.order_no = o.order_no) AS booked,
                (SELECT COUNT(*) FROM reservation r WHERE r.order_no = o.order_no AND state = 'SOLD') AS sold
           FROM orders o WHERE order_no = ?`,
        [orderNo],
      );
      return Object.values(row ?? {}).join(' ');
    }),
  );

describe('settling', () => {
  it('C5 as the victim of a deadlock begins anew, and counts each payment once', async () => {
    await paid(20);
    const payments = await paid(2);
    const first = payments[0]?.orderNo;
    await other.query('START TRANSACTION');
    // The bigger transaction survives: ours is chosen.
    await other.query("UPDATE orders SET title = 'x' WHERE order_no <> ?", [first]);
    const settling = changes().settle(payments);
    await other.whenOneWaits();
    // Ours has the first and wants the second; it lets go of the first only by being undone.
    await other.query("UPDATE orders SET title = 'y' WHERE order_no = ?", [first]);
    expect(await standing(payments)).toEqual(['WAIT_PAY 0 0 0 0', 'WAIT_PAY 0 0 0 0']);
    await other.query('COMMIT');
    expect(await settling).toMatchObject([{ role: 'MAIN' }, { role: 'MAIN' }]);
    expect(await standing(payments)).toEqual(['PAID 1 1 1 1', 'PAID 1 1 1 1']);
  });

  it('C6 that waits too long for a lock undoes what it has written, and begins anew', async () => {
    const payments = await paid(1);
    const [{ orderNo, transactionId }] = payments as [Payment];
    await other.query('START TRANSACTION');
    // The payment is written last: until then the order is PAID already, for nobody else to see.
    await other.query(
      `INSERT INTO order_payment (transaction_id, order_no, out_trade_no, role, total_fee, paid_at, source, booked_at, reserved_fen)
       VALUES (?, ?, ?, 'MAIN', 150, UTC_TIMESTAMP(3), 'query', UTC_TIMESTAMP(3), 0)`,
      [transactionId, orderNo, orderNo],
    );
    const settling = changes().settle(payments);
    const firstTry = await other.whenOneWaits();
    await other.whenOneWaits(firstTry);
    expect(await standing(payments)).toEqual(['WAIT_PAY 0 0 0 0']);
    await other.query('ROLLBACK');
    expect(await settling).toMatchObject([{ kind: 'booked', role: 'MAIN' }]);
    expect(await standing(payments)).toEqual(['PAID 1 1 1 1']);
  });

  it('C7 counts a payment once, and sells what is there, where snapshots are isolated strictly', async () => {
    const buyers = 30;
    const strict = await strictSource(database.url, buyers);
    try {
      expect(await isStrict(strict)).not.toBe(false);
      const payments = await paid(5);
      const all = await Promise.all(Array.from({ length: 6 }, () => changes(strict).settle(payments)));
      expect(all.flat().filter(({ kind }) => kind === 'booked')).toHaveLength(5);
      expect(all.flat().filter(({ kind }) => kind === 'repeat')).toHaveLength(25);
      expect(await standing(payments)).toEqual(Array.from({ length: 5 }, () => 'PAID 1 1 1 1'));

      await db.query("UPDATE product SET stock = 5 WHERE product_id = 'tea'");
      const placements = await Promise.all(Array.from({ length: buyers }, () => placeAtLast(strict)));
      expect(placements.filter(({ kind }) => kind === 'placed')).toHaveLength(5);
      expect(await db.query("SELECT stock FROM product WHERE product_id = 'tea'")).toEqual([{ stock: 0 }]);
    } finally {
      await strict.destroy();
    }
  });
});
