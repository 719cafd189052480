/**
 * A shop with two processes of each app, for faults that only many can show. One is open for all tests of a file; each
 * test plays a case of its own, and afterwards every promise is read from WeChat's ledger, both schemas, the broker,
 * Redis and the logs.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { World } from '../../tools/chaos/world.ts';
import { Client } from '../../tools/stack/client.ts';
import { linksOf } from '../../tools/stack/settings.ts';
import { type App, Databases } from './databases.ts';
import { Examiner } from './examiner.ts';
import { SimulatorControl } from './simulator-control.ts';

export type { App } from './databases.ts';
export type Instance = 1 | 2;
export const both = [1, 2] as const;

/** How long a test may take to open and to close a shop. */
const OPEN_MS = 180_000;
const REST_MS = 90_000;

export class Twins {
  #open: { world: World; databases: Databases; examiner: Examiner } | undefined;

  /** Opened before the first test of the file and closed after the last. */
  static forTests(env: Record<string, string> = {}): Twins {
    const twins = new Twins();
    beforeAll(async () => {
      const world = await World.start({ instances: 2, env, say: () => undefined });
      const examiner = await Examiner.of(world, { fillShelves: false });
      twins.#open = { world, databases: new Databases(world.services.urls), examiner };
    }, OPEN_MS);
    afterAll(async () => {
      const { world, databases, examiner } = twins.#opened;
      await Promise.all([databases.close(), examiner.close()]);
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
  rows<T>(app: App, sql: string, values?: unknown[]): Promise<T[]> {
    return this.#opened.databases.rows(app, sql, values);
  }

  /** One number out of the database of one app; sums and counts come as text. */
  number(app: App, sql: string, values?: unknown[]): Promise<number> {
    return this.#opened.databases.number(app, sql, values);
  }

  /** Waits until the first row that a query finds has `wanted` as its only value. */
  becomes(what: string, app: App, sql: string, values: unknown[], wanted: string): Promise<void> {
    return this.#opened.databases.becomes(what, app, sql, values, wanted);
  }

  orderBecomes(orderNo: string, status: string): Promise<void> {
    return this.#opened.databases.orderBecomes(orderNo, status);
  }

  refundBecomes(outRefundNo: string, state: string): Promise<void> {
    return this.#opened.databases.refundBecomes(outRefundNo, state);
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
    this.#opened.examiner.explain(line);
  }

  /**
   * Waits until everything has come to rest and every promise holds, and ends the faults: the next case has its own.
   * @returns what is broken when time is up and was not told before, a line each
   */
  async broken(): Promise<string[]> {
    const found = await this.#opened.examiner.lookUntilWhole(REST_MS, 250);
    await this.control.clearFaults();
    return found;
  }
}
