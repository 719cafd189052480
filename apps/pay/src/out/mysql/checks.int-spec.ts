import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Till } from './till.testing.ts';

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

const till = Till.forTests('pay_checks');

describe('checks', () => {
  it('are leased to one of two instances', async () => {
    const orders = await Promise.all(
      Array.from({ length: 30 }, async () => (await till.shown(await till.placed())).orderNo),
    );
    const { checks } = till;
    const { checks: other } = till.another();
    const claims = await Promise.all([checks, other, checks, other].map((one) => one.claim(20, 10_000, 60_000)));
    const claimed = claims.flat().map(({ orderNo }) => orderNo);
    expect(new Set(claimed).size).toBe(claimed.length);
    const rest = (await till.checks.claim(100, 10_000, 60_000)).map(({ orderNo }) => orderNo);
    expect([...claimed, ...rest].toSorted()).toEqual(orders.toSorted());
  });

  it('come again in 5 s while a code is fresh, and end when the order is PAID', async () => {
    const attempt = await till.shown(await till.placed());
    await till.checks.claim(10, 10_000, 60_000);
    await till.checks.reschedule([attempt.outTradeNo]);
    const [ahead] = await till.checks.dueIn([attempt.orderNo]);
    expect(ahead?.dueInMs).toBeGreaterThan(3_000);
    expect(ahead?.dueInMs).toBeLessThanOrEqual(5_000);
    expect(await till.checks.page('', 10)).toHaveLength(1);
    await till.payments.settle([till.payment(attempt)]);
    expect(await till.checks.page('', 10)).toHaveLength(1);
    await till.attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'PAID' }]);
    expect(await till.checks.page('', 10)).toEqual([]);
    await till.checks.reschedule([attempt.outTradeNo]);
    expect(await till.checks.page('', 10)).toEqual([]);
  });

  it('of an order without an attempt wait for its deadline', async () => {
    const orderNo = await till.placed();
    expect(await till.checks.claimOf([orderNo], 10_000, 1_000)).toEqual([]);
    expect((await till.checks.dueIn([orderNo, till.newNumber()])).map((one) => one.orderNo)).toEqual([orderNo]);
  });

  it('let a buyer ask once in a while', async () => {
    const orderNo = await till.placed();
    const allowed = await Promise.all(Array.from({ length: 5 }, () => till.checks.mayAsk(orderNo, 5_000)));
    expect(allowed.filter(Boolean)).toHaveLength(1);
  });

  it('tell a success again until it is booked', async () => {
    const attempt = await till.shown(await till.placed());
    await till.payments.settle([till.payment(attempt)]);
    await till.db.query('DELETE FROM outbox');
    await till.payments.tellAgain([attempt.outTradeNo]);
    expect(await till.count('outbox', "type = 'payment.succeeded'")).toBe(1);
  });
});
