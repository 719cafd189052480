import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { everyOrder } from './every-order.testing.ts';
import { ACTS, pair, prepayAnd, STANDS } from './scenes.testing.ts';
import { stopTimers } from './timers.testing.ts';

const pairs = ACTS.flatMap((one, i) => ACTS.slice(i).map((other) => [one, other] as const));

// Limits are for a machine that is busy with other things; alone, none of these takes three seconds.
jest.setTimeout(300_000);

beforeAll(() => {
  stopTimers();
  Logger.overrideLogger(false);
});

// A test that ends has seen every order: `everyOrder` throws when it is cut short.
describe.each(STANDS)('an order that is %s', (stand) => {
  it.each(pairs)('%s and %s at the same time keep every promise, in every order of their turns', async (one, other) => {
    const { schedules, ends } = await everyOrder(pair(stand, one, other));
    expect(schedules).toBeGreaterThan(1);
    expect(ends).toBeGreaterThan(0);
  });
});

describe('an order without a code', () => {
  it.each(['prepay', 'switch', 'cancel'] as const)(
    'prepay and %s at the same time keep every promise',
    async (other) => {
      const { schedules, ends } = await everyOrder(prepayAnd(other));
      expect(schedules).toBeGreaterThan(1);
      expect(ends).toBeGreaterThan(0);
    },
  );
});
