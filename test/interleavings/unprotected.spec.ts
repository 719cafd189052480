import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Protection } from './around.testing.ts';
import { everyOrder } from './every-order.testing.ts';
import { type Act, type Odd, pair, type Stand } from './scenes.testing.ts';
import { FEE } from './shop.testing.ts';
import { stopTimers } from './timers.testing.ts';

/** Where each protection is needed, and which promise breaks without it. */
const NEEDED: [without: Protection, stand: Stand, one: Act, other: Act, broken: RegExp, odd: Odd][] = [
  ['order compare-and-set', 'open', 'notify', 'cancel', /I[28] /, {}],
  ['attempt compare-and-set', 'open', 'notify', 'close', /I7 /, { strange: true }],
  ['unique transaction', 'open', 'notify', 're-query', /I2 /, { copies: [2] }],
  ['refund cap', 'paid', 'refund', 'refund', /I9 120 back of 100/, {}],
  ['refund compare-and-set', 'paid', 'refund', 'cancel', /I5 .* 120 booked as refunded/, { copies: [1, 2] }],
  ['same refund number', 'paid', 'refund', 'cancel', /I9 /, { copies: [2] }],
  ['unknown stays unknown', 'open', 'close', 'close', /I8 .* given up/, { fates: ['answered', 'call lost'] }],
  ['close before cancel', 'open', 'notify', 'cancel', /I8 .* given up/, {}],
  ['paid at close', 'open', 'cancel', 'cancel', /I8 .* given up/, {}],
  ['amounts compared', 'open', 'notify', 'notify', /I7 PAID by 99 fen/, { takes: FEE - 1 }],
];

jest.setTimeout(300_000);

beforeAll(() => {
  stopTimers();
  Logger.overrideLogger(false);
});

describe('the checks of all orders of turns', () => {
  it.each(NEEDED)('notice a shop without: %s', async (without, stand, one, other, broken, odd) => {
    await expect(everyOrder(pair(stand, one, other, odd))).resolves.toBeDefined();
    await expect(everyOrder(pair(stand, one, other, { ...odd, without: [without] }))).rejects.toThrow(broken);
  });
});
