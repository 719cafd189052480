import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.ts';

describe('the delay between tries', () => {
  it('doubles up to its limit and starts over after a reset', () => {
    const backoff = new Backoff(1_000, 10_000, () => 0);
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(1_000);
  });

  it('is shortened at random, but never below the first delay', () => {
    const backoff = new Backoff(1_000, 10_000, () => 1);
    expect([1, 2, 3].map(() => backoff.nextMs())).toEqual([1_000, 1_500, 3_000]);
  });
});
