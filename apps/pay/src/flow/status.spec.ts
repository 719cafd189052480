import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { code, NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

describe('status', () => {
  it('asks WeChat about an open attempt, and says "confirming" until order has booked it', async () => {
    await world.open();
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    const { status, record } = world.steps;
    expect(await status.query(NO)).toMatchObject({ view: { phase: 'confirming', tradeState: 'SUCCESS' } });
    await record.ended([{ orderNo: NO, status: 'PAID' }]);
    expect(await status.query(NO)).toMatchObject({ view: { phase: 'paid', orderStatus: 'PAID' } });
    expect(world.wechat.calls).toEqual([`query ${NO}`]);
  });

  it('asks nobody when nothing is open', async () => {
    expect(await world.steps.status.query(NO)).toMatchObject({ view: { phase: 'waiting', outTradeNo: null } });
    expect(world.wechat.calls).toEqual([]);
  });

  it('does not ask more often than allowed', async () => {
    await world.open();
    world.asksAllowed = false;
    expect(await world.steps.status.query(NO)).toMatchObject({ view: { phase: 'waiting' }, codeUrl: code.codeUrl });
    expect(world.wechat.calls).toEqual([]);
  });

  it('does not wait for an answer that cannot be written down', async () => {
    jest.useFakeTimers();
    try {
      await world.open();
      world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
      world.store.settle = () => new Promise(() => undefined);
      const answer = world.steps.status.query(NO);
      await jest.advanceTimersByTimeAsync(1_500);
      expect(await answer).toMatchObject({ view: { phase: 'waiting' } });
    } finally {
      jest.useRealTimers();
    }
  });

  it('lets open pages hear of each change', async () => {
    let heard = 0;
    const stop = world.watch.watch(NO, () => (heard += 1));
    await world.steps.record.ended([{ orderNo: NO, status: 'PAID' }]);
    stop();
    await world.steps.record.ended([{ orderNo: NO, status: 'PAID' }]);
    expect(heard).toBe(1);
    expect(world.watch.isWatched(NO)).toBe(false);
  });
});
