import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.ts';
import { RateLimit } from './rate-limit.ts';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Asks for so many turns at once; gives the milliseconds after which each began, or false. */
function turns(limit: RateLimit, count: number, deadlineMs = 60_000): Promise<(number | false)[]> {
  const asked = performance.now();
  const one = async () => ((await limit.turn(new Deadline({ deadlineMs }, 0))) ? performance.now() - asked : false);
  return Promise.all(Array.from({ length: count }, one));
}

describe('a rate limit', () => {
  it('lets a second’s calls begin at once, and the others a second after those before them', async () => {
    const all = turns(new RateLimit(2), 6);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await all).toEqual([0, 0, 1_000, 1_000, 2_000, 2_000]);
  });

  it('never lets more begin within any second, whenever they come', async () => {
    const limit = new RateLimit(3);
    const early = turns(limit, 2);
    await jest.advanceTimersByTimeAsync(900);
    const late = turns(limit, 4);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await early).toEqual([0, 0]);
    // One at 900, two when the first two are a second old, one a second after that at 900.
    expect(await late).toEqual([0, 100, 100, 1_000]);
  });

  it('refuses at once, without taking a turn, when the deadline would pass first', async () => {
    const limit = new RateLimit(1);
    expect(await turns(limit, 3, 1_000)).toEqual([0, false, false]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await turns(limit, 1)).toEqual([0]);
  });

  it('gives no turn to a caller who gave up while waiting', async () => {
    const limit = new RateLimit(1);
    const giveUp = new AbortController();
    await turns(limit, 1);
    const waiting = limit.turn(new Deadline({ deadlineMs: 60_000, signal: giveUp.signal }, 0));
    giveUp.abort();
    expect(await waiting).toBe(false);
  });
});
