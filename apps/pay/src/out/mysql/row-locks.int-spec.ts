import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { isStrict, OtherSession, strictSource } from '../../../../../test/support/other-session.ts';
import type { Payment } from '../../domain/payment.ts';
import { Till } from './till.testing.ts';

// Transactions that fail are what these tests are about.
Logger.overrideLogger(false);

const till = Till.forTests('pay_locks');
let other: OtherSession;

beforeAll(async () => {
  other = await OtherSession.on(till.database.url);
});
afterAll(() => other.end());

/** `count` payments, each of an order that waits for one, in ascending order of their numbers. */
async function paid(count: number): Promise<Payment[]> {
  const payments: Payment[] = [];
  while (payments.length < count) payments.push(till.payment(await till.called(await till.placed())));
  return payments;
}

const eventOf = ({ transactionId }: Payment): string => `payment.succeeded:${transactionId}`;

/** State of the attempt, and events told of it, of each payment. */
const standing = (payments: readonly Payment[]): Promise<unknown> =>
  Promise.all(
    payments.map(async (payment) => {
      const [row] = await till.db.query<{ state: string; told: string }[]>(
        `SELECT state, (SELECT COUNT(*) FROM outbox WHERE message_id = ?) AS told FROM attempt WHERE out_trade_no = ?`,
        [eventOf(payment), payment.outTradeNo],
      );
      return `${row?.state} ${row?.told}`;
    }),
  );

describe('settling', () => {
  it('C5 as the victim of a deadlock begins anew, and counts each payment once', async () => {
    const payments = await paid(2);
    const first = payments[0]?.outTradeNo;
    await other.query('START TRANSACTION');
    // The bigger transaction survives: ours is chosen.
    await other.query("UPDATE payable SET title = 'x' WHERE order_no <> ?", [first]);
    await other.query("UPDATE attempt SET body = 'x' WHERE order_no <> ?", [first]);
    const settling = till.payments.settle(payments);
    await other.whenOneWaits();
    // Ours has the first and wants the second; it lets go of the first only by being undone.
    await other.query("UPDATE payable SET title = 'y' WHERE order_no = ?", [first]);
    expect(await standing(payments)).toEqual(['CREATED 0', 'CREATED 0']);
    await other.query('COMMIT');
    expect((await settling).map(({ outcome }) => outcome)).toEqual(['settled', 'settled']);
    expect(await standing(payments)).toEqual(['SUCCESS 1', 'SUCCESS 1']);
  });

  it('C6 that waits too long for a lock undoes what it has written, and begins anew', async () => {
    const payments = await paid(1);
    const [payment] = payments as [Payment];
    await other.query('START TRANSACTION');
    // The event is written last: until then the attempt is SUCCESS already, for nobody else to see.
    await other.query(
      `INSERT INTO outbox (message_id, type, body, required, created_at, locked_by, locked_until, attempts, last_error)
       VALUES (?, 'payment.succeeded', '{}', 1, UTC_TIMESTAMP(3), '', UTC_TIMESTAMP(3), 0, '')`,
      [eventOf(payment)],
    );
    const settling = till.payments.settle(payments);
    const firstTry = await other.whenOneWaits();
    await other.whenOneWaits(firstTry);
    expect(await standing(payments)).toEqual(['CREATED 0']);
    await other.query('ROLLBACK');
    expect((await settling).map(({ outcome }) => outcome)).toEqual(['settled']);
    expect(await standing(payments)).toEqual(['SUCCESS 1']);
  });

  it('C7 counts a payment once where snapshots are isolated strictly', async () => {
    const strict = await strictSource(till.database.url, 6);
    try {
      expect(await isStrict(strict)).not.toBe(false);
      const payments = await paid(5);
      const instances = Array.from({ length: 6 }, () => till.another(strict).payments);
      const all = await Promise.all(instances.map((one) => one.settle(payments)));
      expect(all.flat().filter(({ outcome }) => outcome === 'settled')).toHaveLength(5);
      expect(all.flat().filter(({ outcome }) => outcome === 'already-settled')).toHaveLength(25);
      expect(await standing(payments)).toEqual(Array.from({ length: 5 }, () => 'SUCCESS 1'));
    } finally {
      await strict.destroy();
    }
  });
});

describe('a statement that needs no transaction', () => {
  it('C5 begins anew as the victim of a deadlock, as settling does', async () => {
    const payments = await paid(2);
    const [first, second] = payments.map(({ outTradeNo }) => outTradeNo) as [string, string];
    await other.query('START TRANSACTION');
    // The bigger transaction survives: ours is chosen.
    await other.query("UPDATE payable SET title = 'x'");
    await other.query("UPDATE attempt SET body = 'x' WHERE out_trade_no = ?", [second]);
    const rescheduling = till.checks.reschedule([first, second]);
    await other.whenOneWaits();
    // Ours has the first and wants the second; it lets go of the first only by being undone.
    await other.query("UPDATE attempt SET body = 'y' WHERE out_trade_no = ?", [first]);
    await other.query('COMMIT');
    await rescheduling;
    const sql = 'SELECT out_trade_no, check_tries FROM attempt WHERE out_trade_no IN (?) ORDER BY out_trade_no';
    expect(await till.db.query(sql, [[first, second]])).toEqual([
      { out_trade_no: first, check_tries: 1 },
      { out_trade_no: second, check_tries: 1 },
    ]);
  });
});
