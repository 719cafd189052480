import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

describe('close', () => {
  beforeEach(async () => {
    await world.open();
    await world.steps.record.closeRequested([{ orderNo: NO, reason: 'timeout' }]);
  });

  it('asks, closes, and writes it down', async () => {
    await world.steps.close.tick();
    expect(world.wechat.calls).toEqual([`query ${NO}`, `close ${NO}`]);
    expect(world.stateOf(NO)).toBe('CLOSED');
    expect(world.store.order(NO).payable.state).toBe('DONE');
    expect(world.removed).toEqual([NO]);
  });

  it('ends as paid when the query finds money', async () => {
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid({ source: 'close' }) });
    await world.steps.close.tick();
    expect(world.wechat.calls).toEqual([`query ${NO}`]);
    expect(world.stateOf(NO)).toBe('SUCCESS');
  });

  it('ends as paid when money arrives between query and close', async () => {
    world.wechat.onClose = () => {
      world.wechat.onQuery = () => ({ kind: 'paid', payment: paid({ source: 'close' }) });
      return { kind: 'paid' };
    };
    await world.steps.close.tick();
    expect(world.stateOf(NO)).toBe('SUCCESS');
  });

  it('tries again later while WeChat’s answer is not clear', async () => {
    world.wechat.onClose = () => ({ kind: 'unknown', reason: 'deadline' });
    await world.steps.close.tick();
    expect(world.stateOf(NO)).toBe('NOTPAY');
    expect(world.store.order(NO).payable.state).toBe('CLOSING');
    expect(world.removed).toEqual([]);
  });

  it('closes what has failed', async () => {
    const failure = { ...paid(), kind: 'failed', tradeState: 'PAYERROR', reason: 'bank' } as const;
    world.wechat.onQuery = () => ({ kind: 'failed', failure });
    await world.steps.close.tick();
    expect(world.stateOf(NO)).toBe('CLOSED');
  });

  it('does not believe "does not exist" while a call of ours may be under way', async () => {
    world.wechat.onQuery = () => ({ kind: 'absent' });
    await world.steps.close.tick();
    expect(world.stateOf(NO)).toBe('NOTPAY');
    world.store.attempt(NO).attempt.calledAt = new Date(Date.now() - 61_000);
    await world.steps.close.tick();
    expect(world.stateOf(NO)).toBe('CLOSED');
  });
});
