import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { allPaid, balanced, books, crowd, TEA } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const BUYERS = 200;

describe('200 buyers while processes are killed, with WeChat dropping and repeating notifications', () => {
  let stack: Stack;
  let stockBefore: number;

  beforeAll(async () => {
    stack = await Stack.start();
    stockBefore = await stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [TEA.productId]);
    await stack.buyer().faults({ notify: { dropRate: 0.3, duplicateRate: 0.2, seed: 7 } });
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  it('kill -9 of order, of pay and of RabbitMQ lose nothing and count nothing twice', async () => {
    const buying = crowd(stack, BUYERS, { abreast: 8, patient: true });
    const whenPaid = (count: number) => until(`${count} buyers have paid`, () => buying.paid() >= count, 120_000, 5);

    await whenPaid(30);
    await stack.apps.kill('order');
    await stack.apps.start('order');

    await whenPaid(80);
    await stack.apps.kill('pay');
    await stack.apps.start('pay');

    await whenPaid(130);
    await stack.services.kill('rabbitmq');
    // Orders are still placed and money still comes; what has to be told waits in the outboxes.
    await until('events wait for the broker', () => stack.number('order', 'SELECT COUNT(*) FROM outbox'));
    await stack.services.start('rabbitmq');

    await buying.done;
    await allPaid(stack, BUYERS, 180_000);
    expect(await books(stack)).toEqual(balanced(BUYERS, stockBefore));
  }, 480_000);
});
