import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { whenBuyerCancels, whenClosedAtWechat } from '../../domain/closing.ts';
import { MysqlMessageNeeds } from './message-needs.mysql.ts';
import { Shop } from './shop.testing.ts';

jest.setTimeout(60_000);
let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open('paypair_needs');
});
afterAll(() => shop.close());

const isNeeded = (type: string, data: { orderNo: string } & Record<string, string>) =>
  new MysqlMessageNeeds().isNeeded(shop.db.manager, { type, data });
const cancelled = async () => {
  const orderNo = await shop.placed();
  await shop.changes.move([orderNo], whenBuyerCancels);
  await shop.changes.move([orderNo], whenClosedAtWechat);
  expect((await shop.reads.order(orderNo))?.status).toBe('CANCELLED');
  return orderNo;
};

describe('a message that tells of money', () => {
  it.each(['payment.succeeded', 'payment.mismatched'])('%s is needed until it is booked', async (type) => {
    const ended = await cancelled();
    const paid = await shop.placed();
    const main = await shop.pay(paid);
    expect(await isNeeded(type, { orderNo: ended, transactionId: '42LATE' })).toBe(true);
    expect(await isNeeded(type, { orderNo: paid, transactionId: '42SECOND' })).toBe(true);
    expect(await isNeeded(type, { orderNo: paid, transactionId: main })).toBe(false);
    expect(await isNeeded(type, { orderNo: ended, transactionId: await shop.pay(ended) })).toBe(false);
  });

  it('that came back is needed until the end of its refund is booked', async () => {
    const orderNo = await shop.placed();
    await shop.pay(orderNo);
    const transactionId = await shop.pay(orderNo);
    const outRefundNo = `A${transactionId}`;
    const needed = (status: string, no = outRefundNo) =>
      isNeeded('refund.succeeded', { orderNo, transactionId, outRefundNo: no, status });
    expect(await needed('SUCCESS')).toBe(true);
    expect(await needed('SUCCESS', '50CONSOLE')).toBe(true);
    await shop.end({ orderNo, transactionId }, outRefundNo, 100, 'CLOSED');
    expect([await needed('CLOSED'), await needed('REFUSED'), await needed('SUCCESS')]).toEqual([false, false, true]);
    await shop.end({ orderNo, transactionId }, outRefundNo, 100);
    expect(await needed('SUCCESS')).toBe(false);
  });
});

describe('a message that moves an order on', () => {
  it('is needed until the order has ended, or is paid', async () => {
    const waiting = await shop.placed();
    const { orderNo: inReview } = await shop.inReview(99);
    for (const orderNo of [waiting, inReview]) expect(await isNeeded('payment.closed', { orderNo })).toBe(true);
    const paid = await shop.placed();
    await shop.pay(paid);
    for (const orderNo of [paid, await cancelled()]) expect(await isNeeded('payment.closed', { orderNo })).toBe(false);
  });

  it('and names no order of ours is not needed', async () => {
    expect(await isNeeded('payment.succeeded', { orderNo: 'NOBODY00000000000000', transactionId: '4' })).toBe(false);
  });
});
