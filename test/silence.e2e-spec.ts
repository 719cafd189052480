import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';
import { PENDING_DUE } from '#contract';

const BY_REQUERY_MS = 10_000;
const REBUILT_MS = 30_000;
const TEST_MS = 120_000;

describe('WeChat sends no notification at all', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start();
    await stack.buyer().faults({ notify: { off: true } });
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  const heardFrom = (orderNo: string) =>
    stack.rows<{ source: string }>('order', 'SELECT source FROM order_payment WHERE order_no = ?', [orderNo]);

  it(
    'a paid order is found by asking, within 10 s (F3)',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await buyer.tap(code.code_url);
      await stack.orderBecomes(order.orderNo, 'PAID', BY_REQUERY_MS);
      expect(await heardFrom(order.orderNo)).toEqual([{ source: 'query' }]);
    },
    TEST_MS,
  );

  it(
    'also while Redis is away',
    async () => {
      await stack.services.kill('redis');
      try {
        const buyer = stack.buyer();
        const { order, code } = await upToTheCode(buyer);
        await buyer.tap(code.code_url);
        await stack.orderBecomes(order.orderNo, 'PAID', BY_REQUERY_MS);
      } finally {
        await stack.services.start('redis');
      }
    },
    TEST_MS,
  );

  it(
    'after FLUSHALL the pending orders are in Redis again within 30 s, and are settled',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await stack.redis((redis) => redis.flushall());
      await until(
        'the order is in the set again',
        () => stack.redis((redis) => redis.zscore(PENDING_DUE, order.orderNo)),
        REBUILT_MS,
      );
      await buyer.tap(code.code_url);
      await stack.orderBecomes(order.orderNo, 'PAID', BY_REQUERY_MS);
    },
    TEST_MS,
  );
});
