/**
 * A shop with two processes of each app, for faults that only many can show. One is open for all tests of a file; each
 * test plays a case of its own, and afterwards every promise is read from WeChat's ledger, both schemas, the broker,
 * Redis and the logs.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { Archive } from '../../tools/chaos/archive.ts';
import { UNWATCHED, type Evidence } from '../../tools/chaos/evidence.ts';
import { check } from '../../tools/chaos/invariants/index.ts';
import { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';
import { Client } from '../../tools/stack/client.ts';
import { linksOf } from '../../tools/stack/settings.ts';
import { SimulatorControl } from './simulator-control.ts';

export type App = 'pay' | 'order';
export type Instance = 1 | 2;
export const both = [1, 2] as const;

/** How long a test may take to open and to close a shop. */
const OPEN_MS = 180_000;
/** What is awaited comes within seconds; a busy machine may need longer. */
const SOON_MS = 60_000;
const REST_MS = 90_000;

export class Twins {
  #open: { world: World; archive: Archive; pools: Record<App, Pool> } | undefined;
  #stockBefore: Evidence['stockBefore'] = [];
  readonly #told = new Set<string>();

  /** Opened before the first test of the file and closed after the last. */
  static forTests(env: Record<string, string> = {}): Twins {
    const twins = new Twins();
    beforeAll(async () => {
      const world = await World.start({ instances: 2, env, say: () => undefined });
      const { payMysqlUrl, orderMysqlUrl } = world.services.urls;
      const pools = { pay: createPool(payMysqlUrl), order: createPool(orderMysqlUrl) };
      const archive = new Archive(world);
      twins.#open = { world, archive, pools };
      twins.#stockBefore = await archive.stock();
    }, OPEN_MS);
    afterAll(async () => {
      const { world, archive, pools } = twins.#opened;
      await Promise.all([archive.close(), pools.pay.end(), pools.order.end()]);
      await world.stop();
    }, OPEN_MS);
    return twins;
  }

  get #opened() {
    if (!this.#open) throw new Error('the shop is open while tests run, not before');
    return this.#open;
  }

  /** Servers, processes and the ways between them. */
  get world(): World {
    return this.#opened.world;
  }

  get control(): SimulatorControl {
    return new SimulatorControl(this.links(1)['wechat-simulator'], this.world.secrets.SIMULATOR_CONTROL_TOKEN);
  }

  links(instance: Instance) {
    return linksOf(this.world.portsOf(instance));
  }

  /** Somebody who buys, at one process of each app; everybody is somebody else unless named. */
  buyer(instance: Instance = 1, sub?: string): Client {
    return new Client({ ports: this.world.portsOf(instance), secrets: this.world.secrets }, sub);
  }

  operator(instance: Instance = 1, sub = 'operator'): Client {
    return new Client({ ports: this.world.portsOf(instance), secrets: this.world.secrets }, sub, ['operator']);
  }

  /** What stands in the database of one app. */
  async rows<T>(app: App, sql: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.#opened.pools[app].query<RowDataPacket[]>(sql, values);
    return rows as T[];
  }

  /** One number out of the database of one app; sums and counts come as text. */
  async number(app: App, sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.rows<Record<string, string | number | null>>(app, sql, values);
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  /** Waits until the first row that a query finds has `wanted` as its only value. */
  async becomes(what: string, app: App, sql: string, values: unknown[], wanted: string): Promise<void> {
    const probe = async () => {
      const [row] = await this.rows<Record<string, string>>(app, sql, values);
      const is = Object.values(row ?? {})[0];
      if (is === wanted) return true;
      throw new Error(`it is ${is ?? 'unknown'}`);
    };
    await until(`${what} is ${wanted}`, probe, SOON_MS);
  }

  orderBecomes(orderNo: string, status: string): Promise<void> {
    return this.becomes(orderNo, 'order', 'SELECT status FROM orders WHERE order_no = ?', [orderNo], status);
  }

  async statusOf(orderNo: string): Promise<string | undefined> {
    const [row] = await this.rows<{ status: string }>('order', 'SELECT status FROM orders WHERE order_no = ?', [
      orderNo,
    ]);
    return row?.status;
  }

  /** Every change of an order so far, the states it came to. */
  async wayOf(orderNo: string): Promise<string[]> {
    const sql = 'SELECT to_status AS state FROM order_log WHERE order_no = ? ORDER BY log_id';
    return (await this.rows<{ state: string }>('order', sql, [orderNo])).map(({ state }) => state);
  }

  /** What a counter shows, over both processes of an app and all labels that contain `label`. */
  async counted(name: string, label: string, app: App = 'pay'): Promise<number> {
    const pages = await Promise.all(
      both.map(async (instance) => (await fetch(`${this.links(instance)[app]}/metrics`)).text()),
    );
    const lines = pages.flatMap((page) => page.split('\n'));
    return lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Something that the checker must find, because it was done past both apps. @param line as `broken` tells it */
  explain(line: string): void {
    this.#told.add(line);
  }

  /**
   * Waits until everything has come to rest and every promise holds, and ends the faults: the next case has its own.
   * @returns what is broken when time is up and was not told before, a line each
   */
  async broken(): Promise<string[]> {
    let found: string[] = [];
    const whole = async () => {
      const all = check(await this.#evidence()).map(({ invariant, orderNo = '', what }) => [invariant, orderNo, what]);
      found = all.map((words) => words.join(' ')).filter((one) => !this.#told.has(one));
      return found.length === 0;
    };
    await until('nothing is broken', whole, REST_MS, 250).catch(() => undefined);
    for (const one of found) this.#told.add(one);
    await this.control.clearFaults();
    return found;
  }

  async #evidence(): Promise<Evidence> {
    const { world, archive } = this.#opened;
    return {
      ...UNWATCHED,
      ...(await archive.books()),
      stockBefore: this.#stockBefore,
      ledger: await this.buyer().ledger(),
      queues: await archive.queues(),
      overdue: await archive.overdue(),
      ...{ calls: [], keys: [], surprises: [], silences: [], restless: [] },
      crashes: world.crashes,
      notReady: undefined,
      leaks: archive.leaks(),
    };
  }
}
