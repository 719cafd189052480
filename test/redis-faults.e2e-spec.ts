/** Matrix D: what happens to Redis, and what must hold. The lines a case answers are broken promises. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flushRedis } from '../tools/chaos/sabotage.ts';
import { ALL_PAID, CASE_MS, lasts, OPEN_MS, Ordeal } from './support/ordeal.ts';

describe('a shop whose Redis', () => {
  let ordeal: Ordeal;

  beforeAll(async () => {
    ordeal = await Ordeal.open();
  }, OPEN_MS);
  afterAll(() => ordeal.close(), OPEN_MS);

  const hurts = (row: string, fault: (paid: (count: number) => Promise<unknown>) => Promise<void>) =>
    it(row, async () => expect(await ordeal.through(fault)).toEqual([]), CASE_MS);

  hurts('D1 is not there, from the start of both apps until every order has ended', async (paid) => {
    await ordeal.services.kill('redis');
    await Promise.all([ordeal.restart('pay'), ordeal.restart('order')]);
    await paid(ALL_PAID);
    await ordeal.atRest();
    await ordeal.services.start('redis');
  });

  hurts('D2 is emptied again and again', async (paid) => {
    const paying = paid(ALL_PAID).then(() => true);
    const still = () => Promise.race([paying, lasts(100).then(() => false)]);
    while (!(await still())) await flushRedis(ordeal.world);
  });

  hurts('D3 is killed and comes back empty', async (paid) => {
    await paid(5);
    await ordeal.services.kill('redis');
    await ordeal.services.wipe('redis');
    await ordeal.services.start('redis');
  });

  hurts('D4 stands still for 2 s', async (paid) => {
    await paid(3);
    await ordeal.services.pause('redis');
    await lasts(2_000);
    await ordeal.services.resume('redis');
  });

  hurts('D4 answers nobody for 2 s (CLIENT PAUSE)', async (paid) => {
    await paid(3);
    await ordeal.redis((redis) => redis.client('PAUSE', 2_000, 'ALL'));
    await lasts(2_000);
  });

  hurts('D6 has no memory left', async () => {
    await ordeal.redis((redis) => redis.config('SET', 'maxmemory', '1'));
    await ordeal.atRest();
    await ordeal.redis((redis) => redis.config('SET', 'maxmemory', '0'));
  });

  it(
    'a day later, after all repeats of WeChat, everything still holds',
    async () => {
      expect(await ordeal.aDayLater()).toEqual([]);
    },
    CASE_MS,
  );
});
