import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { OutboxRow } from '#platform';
import { Till } from './till.testing.ts';

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

const till = Till.forTests('pay_closings');

describe('closing', () => {
  it('is answered once every attempt is final', async () => {
    const orderNo = await till.placed();
    const attempt = await till.shown(orderNo);
    const unknown = till.newNumber();
    const reason = 'timeout';
    expect(
      await till.closings.record([
        { orderNo, reason },
        { orderNo: unknown, reason },
      ]),
    ).toEqual(new Set([unknown]));
    expect(await till.closings.claim(10, 60_000)).toEqual([orderNo]);
    expect(await till.closings.claim(10, 60_000)).toEqual([]);
    expect(await till.closings.conclude(orderNo)).toBe('later');
    expect(await till.count('outbox')).toBe(0);
    await till.attempts.finish(attempt.outTradeNo, 'CLOSED');
    expect(await till.closings.conclude(orderNo)).toBe('closed');
    const [sent] = await till.db.query<OutboxRow[]>('SELECT * FROM outbox');
    expect(JSON.parse(sent!.body)).toMatchObject({
      id: `payment.closed:${orderNo}:1`,
      data: { orderNo, closedAttempts: [attempt.outTradeNo] },
    });
  });

  it('is answered again when the command comes again', async () => {
    const orderNo = await till.placed();
    for (const id of [1, 2]) {
      await till.closings.record([{ orderNo, reason: 'buyer' }]);
      expect(await till.closings.conclude(orderNo)).toBe('closed');
      expect(await till.count('outbox', `id > 0`)).toBe(id);
    }
    expect(await till.stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: [] });
  });

  it('is told again, slower and slower, until it is known how the order ended', async () => {
    const orderNo = await till.placed();
    await till.closings.record([{ orderNo, reason: 'timeout' }]);
    expect(await till.closings.conclude(orderNo)).toBe('closed');
    const dueIn = async () => {
      const sql = 'SELECT ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), close_due_at) / 60) AS minutes FROM payable';
      const [row] = await till.db.query<{ minutes: string | null }[]>(sql);
      return row?.minutes ? Number(row.minutes) : null;
    };
    const waits: (number | null)[] = [await dueIn()];
    for (let round = 0; round < 2; round += 1) {
      await till.db.query('DELETE FROM outbox');
      expect(await till.closings.claim(10, 60_000)).toEqual([]);
      await till.db.query('UPDATE payable SET close_due_at = UTC_TIMESTAMP(3)');
      expect(await till.closings.claim(10, 60_000)).toEqual([orderNo]);
      expect(await till.closings.conclude(orderNo)).toBe('closed');
      expect(await till.count('outbox', `message_id = 'payment.closed:${orderNo}:1'`)).toBe(1);
      waits.push(await dueIn());
    }
    expect(waits).toEqual([1, 2, 4]);
    await till.attempts.recordOrderStatus([{ orderNo, status: 'CANCELLED' }]);
    expect(await dueIn()).toBeNull();
    expect(await till.stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: [] });
  });

  it('is not given up when the order is said to have ended before WeChat has', async () => {
    const attempt = await till.shown(await till.placed());
    await till.closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await till.attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'CANCELLED' }]);
    expect(await till.closings.claim(10, 60_000)).toEqual([attempt.orderNo]);
  });

  it('ends as paid when money was faster', async () => {
    const attempt = await till.shown(await till.placed());
    await till.closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await till.payments.settle([till.payment(attempt, { source: 'close' })]);
    await till.db.query('DELETE FROM outbox');
    expect(await till.closings.conclude(attempt.orderNo)).toBe('paid');
    expect(await till.count('outbox', "type = 'payment.succeeded'")).toBe(1);
  });

  it('rests while an operator has to look at the money', async () => {
    const attempt = await till.shown(await till.placed());
    await till.closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await till.payments.settle([till.payment(attempt, { totalFee: 1 })]);
    expect(await till.closings.conclude(attempt.orderNo)).toBe('later');
    expect(await till.count('payable', 'close_due_at IS NULL')).toBe(1);
  });

  it('believes "does not exist" only some time after the call', async () => {
    const attempt = await till.called(await till.placed());
    expect(await till.attempts.finish(attempt.outTradeNo, 'CLOSED', 60_000)).toBe(false);
    await till.db.query('UPDATE attempt SET called_at = DATE_SUB(UTC_TIMESTAMP(3), INTERVAL 61 SECOND)');
    expect(await till.attempts.finish(attempt.outTradeNo, 'CLOSED', 60_000)).toBe(true);
  });
});
