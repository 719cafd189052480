/** Matrix C: what happens to the database server, and what must hold. The lines a case answers are broken promises. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { CASE_MS, lasts, OPEN_MS, Ordeal } from './support/ordeal.ts';

describe('a shop whose database', () => {
  let ordeal: Ordeal;

  beforeAll(async () => {
    ordeal = await Ordeal.open();
  }, OPEN_MS);
  afterAll(() => ordeal.close(), OPEN_MS);

  const hurts = (row: string, fault: (paid: (count: number) => Promise<unknown>) => Promise<void>) =>
    it(row, async () => expect(await ordeal.through(fault)).toEqual([]), CASE_MS);

  /** Ends sessions of both apps. @param which further condition on `p`, the process list */
  async function killSessions(which: string): Promise<number> {
    const sessions = await ordeal.sql<{ id: number }>(
      `SELECT p.ID AS id FROM information_schema.PROCESSLIST p WHERE p.USER IN ('pay', 'order') AND ${which}`,
    );
    for (const { id } of sessions) await ordeal.sql(`KILL ${id}`).catch(() => undefined); // gone meanwhile
    return sessions.length;
  }

  hurts('C2 is killed under load', async (paid) => {
    await paid(5);
    await ordeal.services.kill('mysql');
    await ordeal.says('pay', 'unavailable');
    await ordeal.services.start('mysql');
  });

  // For 20 s and for a minute: tools/chaos/plans/long-stops.json.
  it.each([3_000, 12_000])(
    'C3 stands still for %d ms',
    async (ms) => {
      const broken = await ordeal.through(async (paid) => {
        await paid(5);
        await ordeal.services.pause('mysql');
        await lasts(ms);
        await ordeal.services.resume('mysql');
      });
      expect(broken).toEqual([]);
    },
    CASE_MS,
  );

  hurts('C4 ends sessions in the middle of their transactions', async () => {
    const ways = [ordeal.world.proxies['pay-mysql'], ordeal.world.proxies['order-mysql']];
    // A way of 20 ms makes transactions long enough to be met.
    for (const way of ways) way.set({ mode: 'latency', ms: 20 });
    let killed = 0;
    // The server renews that table when it was not read for 100 ms.
    const inTransaction = 'p.ID IN (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX)';
    await until('ten were cut off', async () => (killed += await killSessions(inTransaction)) >= 10, 30_000, 150);
    await killSessions('TRUE');
  });

  hurts('C8 carries out COMMITs whose answers are lost', async () => {
    const ways = [ordeal.world.proxies['pay-mysql'], ordeal.world.proxies['order-mysql']];
    const before = ways.map(({ lostAnswers }) => lostAnswers);
    for (const way of ways) way.set({ mode: 'lost-answer', to: 'COMMIT' });
    await until(
      'five of each app',
      () => ways.every((way, nth) => way.lostAnswers - (before[nth] ?? 0) >= 5),
      30_000,
      10,
    );
  });

  hurts('C9 is read-only', async (paid) => {
    await paid(5);
    await ordeal.sql('SET GLOBAL read_only = 1');
    await ordeal.says('pay', 'unavailable');
    await ordeal.says('order', 'unavailable');
    await ordeal.sql('SET GLOBAL read_only = 0');
  });

  it(
    'a day later, after all repeats of WeChat, everything still holds',
    async () => {
      expect(await ordeal.aDayLater()).toEqual([]);
    },
    CASE_MS,
  );
});
