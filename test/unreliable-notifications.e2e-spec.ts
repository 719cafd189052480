import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allPaid, balanced, books, crowd, TEA } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const BUYERS = 200;

describe('200 buyers while WeChat drops 30 % and repeats 20 % of its notifications', () => {
  let stack: Stack;
  let stockBefore: number;

  beforeAll(async () => {
    stack = await Stack.start();
    stockBefore = await stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [TEA.productId]);
    await stack.buyer().faults({ notify: { dropRate: 0.3, duplicateRate: 0.2, seed: 20261121 } });
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  it('every order is PAID once, and stock, points and the ledger of WeChat add up', async () => {
    await crowd(stack, BUYERS).done;
    await allPaid(stack, BUYERS, 120_000);
    expect(await books(stack)).toEqual(balanced(BUYERS, stockBefore));
    // The faults were real: some notifications never arrived, some came twice.
    const notified = (await stack.buyer().ledger()).filter(({ kind }) => kind === 'notified') as unknown as {
      replied: string;
      duplicate: boolean;
    }[];
    expect(notified.some(({ replied }) => replied === 'dropped')).toBe(true);
    expect(notified.some(({ duplicate }) => duplicate)).toBe(true);
  }, 240_000);
});
