import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { orderNo } from '#contract';
import { newOrderNo } from './order-no.ts';

describe('newOrderNo', () => {
  it('is an order number as the contract has it', () => {
    expect(orderNo.safeParse(newOrderNo()).success).toBe(true);
    expect(newOrderNo()).toHaveLength(22);
  });

  it('sorts by time whatever the randomness', () => {
    const time = fc.integer({ min: 0, max: 35_184_372_088_831 });
    const noise = fc.uint8Array({ minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(time, time, noise, noise, (a, b, noiseA, noiseB) => {
        fc.pre(a < b);
        const [first, second] = [
          newOrderNo(new Date(a), () => Buffer.from(noiseA)),
          newOrderNo(new Date(b), () => Buffer.from(noiseB)),
        ];
        return first < second && first.length === second.length;
      }),
    );
  });

  it('does not repeat within a millisecond', () => {
    const now = new Date();
    expect(new Set(Array.from({ length: 10_000 }, () => newOrderNo(now))).size).toBe(10_000);
  });
});
