import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import type { Client } from '../tools/stack/client.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const TEST_MS = 180_000;
const CLOSED_MS = 120_000;

describe('how an order ends without an ordinary payment', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start();
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  const stock = () => stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [TEA.productId]);
  const reservation = async (orderNo: string) => {
    const rows = await stack.rows<{ state: string }>('order', 'SELECT state FROM reservation WHERE order_no = ?', [
      orderNo,
    ]);
    return rows.map(({ state }) => state);
  };

  /** The page hears of the end of an order a moment later than the order itself. */
  const pageShows = (buyer: Client, orderNo: string, phase: string) =>
    until(`the page shows "${phase}"`, async () => (await buyer.status(orderNo)).phase === phase);

  it(
    'a buyer who declines can still pay the same code',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await buyer.tap(code.code_url, 'decline');
      expect((await buyer.order(order.orderNo)).status).toBe('WAIT_PAY');
      await buyer.tap(code.code_url);
      await stack.orderBecomes(order.orderNo, 'PAID');
    },
    TEST_MS,
  );

  it.each(['fail', 'payerror'] as const)(
    'a final failure (%s) ends as PAY_FAILED, closed at WeChat, with the stock back',
    async (outcome) => {
      const before = await stock();
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer, 2);
      expect(await stock()).toBe(before - 2);
      await buyer.tap(code.code_url, outcome);
      await stack.orderBecomes(order.orderNo, 'PAY_FAILED', CLOSED_MS);
      expect(await stock()).toBe(before);
      expect(await reservation(order.orderNo)).toEqual(['RETURNED']);
      await pageShows(buyer, order.orderNo, 'failed');
      await expect(buyer.tap(code.code_url)).rejects.toThrow(/ORDER_CLOSED|CODE_/);
    },
    TEST_MS,
  );

  it(
    'a buyer who cancels gets CANCELLED once WeChat has closed the order',
    async () => {
      const before = await stock();
      const buyer = stack.buyer();
      const { order } = await upToTheCode(buyer);
      await buyer.cancel(order.orderNo);
      await stack.orderBecomes(order.orderNo, 'CANCELLED', CLOSED_MS);
      expect(await stock()).toBe(before);
      const closed = (await buyer.ledger()).filter(
        (entry) => entry.kind === 'closed' && entry.outTradeNo === order.orderNo,
      );
      expect(closed).toHaveLength(1);
    },
    TEST_MS,
  );

  describe('when the time to pay is over', () => {
    beforeAll(async () => {
      await stack.apps.stop('order');
      await stack.apps.start('order', { ORDER_PAY_WITHIN_SECONDS: '5' });
    }, STACK_MS);

    it(
      'an unpaid order is CANCELLED and its stock comes back once',
      async () => {
        const before = await stock();
        const buyer = stack.buyer();
        const { order } = await upToTheCode(buyer, 3);
        await stack.orderBecomes(order.orderNo, 'CANCELLED', CLOSED_MS);
        expect(await stock()).toBe(before);
        expect(await reservation(order.orderNo)).toEqual(['RETURNED']);
        await pageShows(buyer, order.orderNo, 'expired');
      },
      TEST_MS,
    );

    it(
      'so is one whose buyer never asked for a code',
      async () => {
        const before = await stock();
        const order = await stack.buyer().place([{ productId: TEA.productId, quantity: 1 }]);
        await stack.orderBecomes(order.orderNo, 'CANCELLED', CLOSED_MS);
        expect(await stock()).toBe(before);
      },
      TEST_MS,
    );

    it(
      'money that was faster than the close wins, although no notification told of it',
      async () => {
        const buyer = stack.buyer();
        await buyer.faults({ notify: { off: true } });
        try {
          const { order, code } = await upToTheCode(buyer);
          await buyer.tap(code.code_url);
          await stack.orderBecomes(order.orderNo, 'PAID', CLOSED_MS);
        } finally {
          await buyer.faults({});
        }
      },
      TEST_MS,
    );
  });
});
