/**
 * A shop that goes through one fault after the other. In every case buyers come, something happens, everything is healed
 * and left to come to rest, and then every promise is read from WeChat's ledger, both schemas, the broker, Redis and the
 * logs. Cases share the shop, so what one has broken is not told again by the next.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createPool, type Pool } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { Crowd } from '../../tools/chaos/crowd.ts';
import type { Evidence } from '../../tools/chaos/evidence.ts';
import { Nemesis } from '../../tools/chaos/nemesis.ts';
import type { Behaviour, BuyerPlan } from '../../tools/chaos/plan.ts';
import { rest } from '../../tools/chaos/rest.ts';
import { flushRedis } from '../../tools/chaos/sabotage.ts';
import { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';
import type { App } from './databases.ts';
import { Examiner } from './examiner.ts';

/** How long a test may take to open and to close a shop. */
export const OPEN_MS = 180_000;
/** How long one case may take on a busy machine. */
export const CASE_MS = 180_000;

/** Long enough that no order ends by itself while a server is away. */
const PAY_WITHIN_SECONDS = 300;
const BUYERS = 24;
/** When so many taps on the phone were answered, everybody has paid who surely pays; see `BEHAVIOURS`. */
export const ALL_PAID = 21;
const COME_WITHIN_MS = 2_500;
const PATIENT_MS = 90_000;
const REST_WITHIN_MS = 90_000;
/** Less than the minute after which a success is told again. */
const BOOKED_WITHIN_MS = 40_000;
const LOOK_EVERY_MS = 50;
const PAST_ALL_REPEATS_MS = 25 * 3_600_000;
/** What is told again after a minute is due after one and a half. */
const A_MINUTE_SECONDS = 90;

/** Whose money is taken, most of it in the ordinary way. */
const BEHAVIOURS: readonly Behaviour[] = [
  'pay',
  'pay',
  'pay-and-cancel',
  'pay',
  'cancel',
  'pay',
  'decline-then-pay',
  'pay',
];

export class Ordeal {
  readonly #crowd: Crowd;
  readonly #nemesis: Nemesis;
  readonly #silences: Evidence['silences'] = [];
  readonly #admin: Pool;

  private constructor(
    readonly world: World,
    private readonly examiner: Examiner,
  ) {
    this.#crowd = new Crowd(world, 1);
    this.#nemesis = new Nemesis(world, this.control, () => undefined);
    this.#admin = createPool({ uri: world.services.urls.adminMysqlUrl ?? '', connectionLimit: 2 });
  }

  /** Opens the shop: private servers, one process of each app, a proxy on every way, full shelves. */
  static async open(): Promise<Ordeal> {
    const env = { ORDER_PAY_WITHIN_SECONDS: String(PAY_WITHIN_SECONDS) };
    const world = await World.start({ instances: 1, env, say: () => undefined });
    return new Ordeal(world, await Examiner.of(world, { fillShelves: true }));
  }

  async close(): Promise<void> {
    await Promise.all([this.examiner.close(), this.#admin.end()]);
    await this.world.stop();
  }

  get services() {
    return this.world.services;
  }

  /** The simulator's switches. */
  get control() {
    return this.world.client(0, 'control', 60_000);
  }

  /**
   * Sends 24 buyers in within 2.5 s and does `fault` to the shop meanwhile; heals it, and waits until nothing moves.
   * @param fault gets a promise of the moment when so many of these buyers have paid
   * @returns what is broken, a line each; among it whoever could not pay, and an app that did not become ready again
   */
  async through(fault: (paid: (count: number) => Promise<unknown>) => Promise<void>): Promise<string[]> {
    const before = this.#crowd.diary.calls.length;
    const takenBefore = await this.#captured();
    const paying = () =>
      this.#crowd.diary.calls.slice(before).filter(({ what, status }) => what === 'phone' && status === 200);
    const buyers = Array.from({ length: BUYERS }, (_, index) => plan(index));
    const now = Date.now();
    const buying = this.#crowd.run(buyers, now, now + PATIENT_MS);
    const paid = (count: number) =>
      until(`${count} have paid`, () => paying().length >= count, PATIENT_MS, LOOK_EVERY_MS);
    let notReady: string | undefined;
    try {
      await fault(paid);
    } finally {
      // Also when the fault could not be done: the next case begins with a sound shop.
      notReady = await this.#heal();
      await buying;
    }
    const found = await this.#examine(notReady);
    const taken = (await this.#captured()) - takenBefore;
    const sure = buyers.filter(({ does }) => does === 'pay' || does === 'decline-then-pay').length;
    return taken < sure ? [...found, `only ${taken} of ${sure} buyers could pay`] : found;
  }

  /** Moves WeChat's clock beyond the last repeat of every notification. @returns what is broken then */
  async aDayLater(): Promise<string[]> {
    await this.control.advanceClock(PAST_ALL_REPEATS_MS);
    return this.#examine(undefined);
  }

  /** `kill -9`, and a new process that is waited for until it answers. @param meanwhile happens while it is dead */
  async restart(app: App, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const silence = { app: `${app}-1` as const, killed: true, from: Date.now(), to: Infinity };
    this.#silences.push(silence);
    await this.world.killApp(`${app}-1`);
    await meanwhile();
    await this.world.startApp(`${app}-1`);
    await this.says(app, 'ready', 'degraded');
    silence.to = Date.now();
  }

  /** Waits until an app's readiness is one of these. */
  async says(app: App, ...wanted: ('ready' | 'degraded' | 'unavailable')[]): Promise<void> {
    const url = `http://127.0.0.1:${this.world.portsOf(1)[app]}/health/ready`;
    const probe = async () => {
      const answer = (await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).json()) as { status: string };
      if (wanted.some((one) => one === answer.status)) return true;
      throw new Error(`it is ${JSON.stringify(answer)}`);
    };
    await until(`${app} is ${wanted.join(' or ')}`, probe, 60_000, 200);
  }

  /** Waits until `order` has booked all that WeChat took. Sooner than anything is told a second time. */
  async booked(): Promise<void> {
    const schema = new URL(this.services.urls.orderMysqlUrl).pathname.slice(1);
    const missing = async () => {
      const taken = await this.#captured();
      const [row] = await this.sql<{ n: number }>(`SELECT COUNT(*) AS n FROM ${schema}.order_payment`);
      return taken - Number(row?.n);
    };
    await until('all money is booked', async () => (await missing()) === 0, BOOKED_WITHIN_MS, 500);
  }

  /** Waits until nothing moves any more, whatever is away. */
  async atRest(): Promise<void> {
    const restless = await rest(this.examiner.archive, Date.now() + REST_WITHIN_MS);
    if (restless.length > 0) throw new Error(`did not come to rest: ${restless.join('; ')}`);
  }

  /** Rows of the database server, read as its administrator. */
  async sql<T>(statement: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.#admin.query(statement, values);
    return rows as T[];
  }

  /** Uses Redis past the proxies and lets go of it. */
  async redis<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.services.urls.redisUrl, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    try {
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** As if the time had passed after which what was not answered is told again. Redis is filled anew from MySQL. */
  async aMinutePasses(): Promise<void> {
    const pay = new URL(this.services.urls.payMysqlUrl).pathname.slice(1);
    const order = new URL(this.services.urls.orderMysqlUrl).pathname.slice(1);
    for (const [table, column] of [
      [`${pay}.attempt`, 'next_check_at'],
      [`${pay}.payable`, 'close_due_at'],
      [`${order}.orders`, 'close_sent_at'],
    ] as const) {
      await this.#admin.query(`UPDATE ${table} SET ${column} = ${column} - INTERVAL ${A_MINUTE_SECONDS} SECOND`);
    }
    await flushRedis(this.world);
  }

  async #heal(): Promise<string | undefined> {
    try {
      await this.#nemesis.heal();
      await Promise.all([this.says('pay', 'ready'), this.says('order', 'ready')]);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #examine(notReady: string | undefined): Promise<string[]> {
    const restless = await rest(this.examiner.archive, Date.now() + REST_WITHIN_MS);
    const { calls, keys, surprises } = this.#crowd.diary;
    return this.examiner.lookOnce({ calls, keys, surprises, silences: this.#silences, notReady, restless });
  }

  async #captured(): Promise<number> {
    return (await this.control.ledger()).filter(({ kind }) => kind === 'captured').length;
  }
}

/** The fault lasts this long; what depends on it is awaited elsewhere. */
export const lasts = (ms: number): Promise<void> => pause(ms);

const plan = (index: number): BuyerPlan => ({
  atMs: Math.round((index * COME_WITHIN_MS) / BUYERS),
  does: BEHAVIOURS[index % BEHAVIOURS.length] ?? 'pay',
  quantity: 1 + (index % 3),
  thinksMs: (index * 137) % 900,
  gapMs: (index * 29) % 120,
});
