import { describe, expect, it } from '@jest/globals';
import { checkInput, Problem } from '#platform';
import { anewBody, placeOrderBody, refundBody, repaidBody, reviewBody } from './input.ts';

function refusedOf(...[schema, value]: Parameters<typeof checkInput>): unknown {
  try {
    return checkInput(schema, value);
  } catch (error) {
    return error instanceof Problem ? error.extra.errors : error;
  }
}

describe('what an operator sends', () => {
  it.each([
    [refundBody, { amountFen: 100, reason: 'cup' }, 'restok'],
    [reviewBody, { decision: 'accept' }, 'notes'],
    [anewBody, { reason: 'again' }, 'amountFen'],
    [repaidBody, { how: 'cash', note: 'at the till' }, 'amount'],
  ])('is refused with the name of a member that nobody knows: %#', (schema, body, unknown) => {
    expect(checkInput(schema, body)).toMatchObject(body);
    expect(refusedOf(schema, { ...body, [unknown]: true })).toEqual([{ path: unknown, message: 'is not known here' }]);
  });

  it.each([
    ...[undefined, null, '100', 0, -1, 1.5, 1e300, 10_000_000_000, [], {}, true].map((amountFen) => ({ amountFen })),
    ...[undefined, null, 1, '', '  ', 'a\nb', 'a\u0000b', 'x'.repeat(81), [], {}].map((reason) => ({ reason })),
    ...[null, 1, 'false', {}].map((restock) => ({ restock })),
  ])('is refused with the name of a member that is wrong: %j', (wrong) => {
    const [name] = Object.keys(wrong);
    const errors = refusedOf(refundBody, { amountFen: 100, reason: 'cup', ...wrong }) as { path: string }[];
    expect(new Set(errors.map(({ path }) => path))).toEqual(new Set([name]));
  });
});

describe('what a buyer sends', () => {
  it('may say more than is read: prices are ours', () => {
    const items = [{ productId: 'tea', quantity: 1 }];
    expect(checkInput(placeOrderBody, { items: [{ ...items[0], priceFen: 1 }], totalFee: 1 })).toEqual({ items });
  });
});
