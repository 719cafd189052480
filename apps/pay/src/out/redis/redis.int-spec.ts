import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PENDING_COMPLETE, PENDING_DUE, prepayLock } from '#contract';
import { openRedis, type Redis } from '#platform';
import { redisUrl } from '../../../../../test/support/services.ts';
import { PendingOrdersRedis } from './pending-orders.redis.ts';
import { PrepayLockRedis } from './prepay-lock.redis.ts';

// Redis being away is part of these tests.
Logger.overrideLogger(false);

const orderNo = 'TEST0000000000000000AB';
let redis: Redis;
let second: Redis;
let pending: PendingOrdersRedis;
/** A second instance. */
let other: PendingOrdersRedis;
let locks: PrepayLockRedis;

const ready = (one: Redis): Promise<unknown> => new Promise((resolve) => one.once('ready', resolve));

beforeAll(async () => {
  const url = await redisUrl();
  redis = openRedis(url);
  second = openRedis(url);
  await Promise.all([ready(redis), ready(second)]);
  pending = new PendingOrdersRedis(redis);
  other = new PendingOrdersRedis(second);
  locks = new PrepayLockRedis(redis);
});

afterAll(() => {
  redis.disconnect();
  second.disconnect();
});
beforeEach(() => redis.flushdb());

describe('the set of pending orders', () => {
  it('gives each due order to one claimer, and to nobody until its lease ends', async () => {
    const orders = Array.from({ length: 1_200 }, (_, i) => ({ orderNo: `N${i}`, dueInMs: 0 }));
    await pending.schedule(orders);
    const claims = await Promise.all([pending, other, pending, other].map((one) => one.claim(250, 0, 60_000)));
    const claimed = claims.flatMap((one) => one ?? []);
    expect(claimed).toHaveLength(1_000);
    expect(new Set(claimed).size).toBe(1_000);
    expect(await pending.claim(500, 0, 60_000)).toHaveLength(200);
    expect(await pending.claim(500, 0, 60_000)).toEqual([]);
    expect(await redis.zcard(PENDING_DUE)).toBe(1_200);
  });

  it('gives only what is due soon enough', async () => {
    await pending.schedule([{ orderNo, dueInMs: 5_000 }]);
    expect(await pending.claim(10, 2_500, 60_000)).toEqual([]);
    expect(await pending.claim(10, 10_000, 60_000)).toEqual([orderNo]);
  });

  it('forgets what was removed', async () => {
    await pending.schedule([{ orderNo, dueInMs: 0 }]);
    await pending.remove([orderNo]);
    expect(await pending.claim(10, 0, 60_000)).toEqual([]);
  });

  it('knows whether it is complete', async () => {
    expect(await pending.isComplete()).toBe(false);
    await pending.markComplete();
    expect(await pending.isComplete()).toBe(true);
    await redis.del(PENDING_COMPLETE);
    expect(await pending.isComplete()).toBe(false);
  });

  it('D7 clears away what is no set under its name, and is incomplete then', async () => {
    await pending.markComplete();
    await redis.set(PENDING_DUE, 'x');
    expect(await pending.claim(10, 0, 60_000)).toBeUndefined();
    expect(await pending.isComplete()).toBe(false);
    expect(await pending.schedule([{ orderNo, dueInMs: 0 }])).toBe(true);
    expect(await pending.claim(10, 0, 60_000)).toEqual([orderNo]);
  });

  it('lets one of many ask about an order', async () => {
    const allowed = await Promise.all([pending, other, pending, other].map((one) => one.mayAsk(orderNo, 5_000)));
    expect(allowed.filter(Boolean)).toHaveLength(1);
  });
});

describe('the prepay lock', () => {
  it('has one owner, and is free after its release', async () => {
    const taken = await Promise.all(Array.from({ length: 5 }, () => locks.acquire(orderNo, 10_000)));
    const releases = taken.filter((one) => typeof one === 'function');
    expect(releases).toHaveLength(1);
    await releases[0]!();
    expect(await locks.acquire(orderNo, 10_000)).toBeInstanceOf(Function);
  });

  it('D5 is not taken from its next owner by a late release', async () => {
    const release = await locks.acquire(orderNo, 10_000);
    await redis.set(prepayLock(orderNo), 'another owner');
    if (typeof release === 'function') await release();
    expect(await redis.get(prepayLock(orderNo))).toBe('another owner');
  });
});

describe('without Redis', () => {
  it('D1 everything answers that it is away, at once', async () => {
    const away = openRedis('redis://127.0.0.1:1');
    const gone = new PendingOrdersRedis(away);
    expect(await gone.claim(10, 0, 1_000)).toBeUndefined();
    expect(await gone.schedule([{ orderNo, dueInMs: 0 }])).toBeUndefined();
    expect(await gone.isComplete()).toBeUndefined();
    expect(await gone.mayAsk(orderNo, 1_000)).toBeUndefined();
    expect(await new PrepayLockRedis(away).acquire(orderNo, 1_000)).toBe('away');
    away.disconnect();
  });
});
