import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

describe('requery', () => {
  it('settles what was paid without a notification', async () => {
    world.due = [await world.open()];
    world.pendingClaims = [NO];
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    await world.steps.requery.tick();
    expect(world.stateOf(NO)).toBe('SUCCESS');
  });

  it('claims from MySQL when Redis is away', async () => {
    world.due = [await world.open()];
    world.pendingClaims = undefined;
    await world.steps.requery.tick();
    expect(world.wechat.calls).toEqual([`query ${NO}`]);
  });

  it('costs no call for an order without an attempt', async () => {
    world.pendingClaims = [NO];
    await world.steps.requery.tick();
    expect(world.wechat.calls).toEqual([]);
    expect(world.removed).toEqual([NO]);
  });

  it('tells a success again instead of asking', async () => {
    await world.open();
    await world.store.settle([paid()]);
    world.due = [structuredClone(world.store.attempt(NO).attempt)];
    await world.steps.requery.sweep();
    expect(world.wechat.calls).toEqual([]);
    expect(world.store.told).toContain(`again ${NO}`);
  });

  it('tells a failure on, and ends what WeChat has ended', async () => {
    world.due = [await world.open()];
    const failure = { ...paid(), kind: 'failed', tradeState: 'REVOKED', reason: 'reversed' } as const;
    world.wechat.onQuery = () => ({ kind: 'revoked', failure });
    await world.steps.requery.sweep();
    expect(world.store.told).toEqual([`failed ${NO}`]);
    expect(world.stateOf(NO)).toBe('FAILED');
  });

  it('changes nothing on an answer that is not clear', async () => {
    world.due = [await world.open()];
    world.wechat.onQuery = () => ({ kind: 'unknown', reason: 'deadline' });
    await world.steps.requery.sweep();
    expect(world.stateOf(NO)).toBe('NOTPAY');
  });

  it('fills the set again when it is not known to be complete', async () => {
    world.complete = false;
    await world.steps.requery.rebuild();
    expect(world.scheduled).toEqual([{ orderNo: NO, dueInMs: 5 }]);
    expect(world.complete).toBe(true);
  });
});
