/**
 * A shop whose processes die where a test wants them to: at a named step, as by `kill -9`. They are started again, and
 * what they left behind is looked at when it has healed.
 */
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { Archive } from '../../tools/chaos/archive.ts';
import { UNWATCHED, type Evidence } from '../../tools/chaos/evidence.ts';
import { check } from '../../tools/chaos/invariants/index.ts';
import { Tap } from '../../tools/chaos/tap.ts';
import { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';
import { UnexpectedAnswer, type Client, type LedgerEntry, type PlacedOrder } from '../../tools/stack/client.ts';
import { ArmedPoints } from './armed-points.ts';
import { patiently, TEA } from './shop.ts';
import { PENDING_DUE, TIMEOUT_TYPE, timeoutInbox } from '#contract';
import type { FailPoint } from '#platform';

export type App = 'pay' | 'order';

/** An order on its way, and who bought it. */
export interface Sale {
  orderNo: string;
  buyer: Client;
  order: PlacedOrder;
}

/** Longer than any row takes, so that no order ends by itself where its test does not want it. */
const PAY_WITHIN_SECONDS = 600;
const DIES_WITHIN_MS = 45_000;
const READY_WITHIN_MS = 60_000;
/** Leases of a dead process end after at most a minute; then somebody has to come by. */
const HEALS_WITHIN_MS = 120_000;
const PATIENCE_MS = 20_000;
/** WeChat's first repeat comes after 15 s. */
const FIRST_REPEAT_MS = 16_000;
const PAST_ALL_REPEATS_MS = 25 * 3_600_000;
const SIGKILLED = 137;
/** Each start of a process may publish what it found unsent: once for every death, and once more. */
const MOST_COPIES = 100;

export class CrashSite {
  readonly #silences: Evidence['silences'] = [];
  readonly #pools: Record<App, Pool>;
  readonly #held = new Set<() => Promise<void>>();
  readonly #towards: Record<string, unknown> = {};
  #buyers = 0;

  private constructor(
    readonly world: World,
    readonly points: ArmedPoints,
    private readonly archive: Archive,
    private readonly tap: Tap,
    private readonly stockBefore: Evidence['stockBefore'],
  ) {
    const { orderMysqlUrl, payMysqlUrl } = world.services.urls;
    this.#pools = { order: createPool(orderMysqlUrl), pay: createPool(payMysqlUrl) };
  }

  /** Opens the shop, with nothing armed. */
  static async open(): Promise<CrashSite> {
    const points = new ArmedPoints();
    const env = {
      ORDER_PAY_WITHIN_SECONDS: String(PAY_WITHIN_SECONDS),
      SIMULATOR_REFUND_SECONDS: '1',
      FAULTS: '1',
      FAIL_POINTS: points.folder,
    };
    const world = await World.start({ instances: 1, env, say: () => undefined });
    const archive = new Archive(world);
    return new CrashSite(world, points, archive, await Tap.on(world), await archive.fillShelves());
  }

  async close(): Promise<void> {
    await Promise.all([this.archive.close(), this.tap.close(), this.#pools.order.end(), this.#pools.pay.end()]);
    await this.world.stop();
    this.points.remove();
  }

  /** Somebody who buys; everybody is somebody else. */
  buyer(): Client {
    this.#buyers += 1;
    return this.world.client(0, `buyer-${this.#buyers}`, PATIENCE_MS);
  }

  /** The simulator's switches. */
  get control(): Client {
    return this.world.client(0, 'control', 60_000);
  }

  /** Makes WeChat misbehave: towards orders for good, at endpoints until the next call. */
  async wechat({ orders = {}, endpoints = {} }: { orders?: object; endpoints?: object }): Promise<void> {
    Object.assign(this.#towards, orders);
    await this.control.faults({ orders: this.#towards, endpoints });
  }

  get operator(): Client {
    return this.world.client(0, 'operator', PATIENCE_MS, ['operator']);
  }

  /** A buyer with an order, in front of the cashier. */
  async sale(): Promise<Sale> {
    const buyer = this.buyer();
    const key = crypto.randomUUID();
    const order = await patiently(() => buyer.place([{ productId: TEA.productId, quantity: 1 }], key));
    await patiently(() => buyer.openCashier(order));
    return { orderNo: order.orderNo, buyer, order };
  }

  /** The same with a code on the screen. */
  async saleWithCode(): Promise<Sale & { codeUrl: string; outTradeNo: string }> {
    const sale = await this.sale();
    const { code_url: codeUrl, out_trade_no: outTradeNo } = await this.code(sale);
    return { ...sale, codeUrl, outTradeNo };
  }

  code({ buyer, orderNo }: Sale) {
    return patiently(() => buyer.createCode(orderNo));
  }

  /** A paid order. @returns with it the transaction that paid */
  async sold(): Promise<Sale & { transactionId: string }> {
    const sale = await this.saleWithCode();
    const { transactionId } = await sale.buyer.tap(sale.codeUrl);
    await this.orderBecomes(sale.orderNo, 'PAID');
    return { ...sale, transactionId: transactionId ?? '' };
  }

  /**
   * Arms a step, does something, and waits until the process has died at that step; then starts it again.
   * @param about words that what the step works on must contain, so that it is this order's step and no other's
   * @throws Error when the process did not die there, or of something else than `kill -9`
   */
  async dies(app: App, point: FailPoint, about: string, act: () => Promise<unknown>): Promise<void> {
    let code: number | string | undefined;
    void this.world.mayEnd(`${app}-1`).then((ended) => (code = ended));
    this.points.arm(point, about);
    let answer = 'nothing went wrong';
    // Whoever is being served when the process dies sees his connection break.
    const acting = act().catch((error: unknown) => (answer = String(error)));
    await this.#silent(app, async () => {
      await until(`${app} has died`, () => code !== undefined, DIES_WITHIN_MS, 10).catch((error: unknown) => {
        throw new Error(`${app} never came to ${point} ${about}: ${answer}`, { cause: error });
      });
      if (code !== SIGKILLED) throw new Error(`${app} ended with ${String(code)} instead of dying at ${point}`);
      if (!this.points.wasReached(point)) throw new Error(`${app} was killed elsewhere than at ${point}`);
    });
    await acting;
  }

  /** `kill -9` from outside, and a new process. @param meanwhile happens while it is away */
  async killed(app: App, meanwhile: () => void = () => undefined): Promise<void> {
    await this.#silent(app, async () => {
      await this.world.killApp(`${app}-1`);
      meanwhile();
    });
  }

  /** Both at the same moment; `first` is there again before the other one starts. */
  async bothKilled(first: App): Promise<void> {
    const second = first === 'pay' ? 'order' : 'pay';
    await this.#silent(second, async () => {
      await this.#silent(first, () =>
        Promise.all([this.world.killApp(`${first}-1`), this.world.killApp(`${second}-1`)]),
      );
    });
  }

  /**
   * SIGTERM, and a new process.
   * @param ask done again and again from the signal to the end of the old process
   * @param withinMs the old process is killed when it has not ended by then
   * @returns the exit code of the old one
   */
  async restarted(app: App, ask: () => Promise<void>, withinMs?: number): Promise<number | string> {
    let code: number | string = '';
    let over = false;
    await this.#silent(app, async () => {
      const stopping = this.world.stopApp(`${app}-1`, withinMs).finally(() => (over = true));
      while (!over) await ask();
      code = await stopping;
    });
    return code;
  }

  /** Holds the rows of orders in `pay`, so that nothing can be settled. @returns lets go */
  async holdInPay(orderNos: readonly string[]): Promise<() => Promise<void>> {
    const connection = await this.#pools.pay.getConnection();
    await connection.beginTransaction();
    await connection.query('SELECT order_no FROM payable WHERE order_no IN (?) FOR UPDATE', [orderNos]);
    const letGo = async () => {
      if (!this.#held.delete(letGo)) return;
      await connection.rollback();
      connection.release();
    };
    this.#held.add(letGo);
    return letGo;
  }

  /** Puts everything where it was before a row that went wrong. */
  async mend(): Promise<void> {
    this.points.disarm();
    for (const letGo of this.#held) await letGo();
    for (const proxy of Object.values(this.world.proxies)) proxy.heal();
    await this.wechat({});
    for (const app of ['pay', 'order'] as const) {
      if (!this.world.isRunning(`${app}-1`)) await this.world.startApp(`${app}-1`);
    }
    await this.world.whenReady();
  }

  /** WeChat's clock moves past the first repeat of its notifications. */
  async wechatComesAgain(): Promise<void> {
    await this.control.advanceClock(FIRST_REPEAT_MS);
  }

  /** As if the time to pay of an order was over. @param told whether its message comes, as from the delay queue */
  async timeIsUp(orderNo: string, { told = true } = {}): Promise<void> {
    await this.rows('order', 'UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_no = ?', [orderNo]);
    if (!told) return;
    const connection = await connect(this.world.adminAmqpUrl);
    try {
      const channel = await connection.createConfirmChannel();
      const queue = timeoutInbox(this.world.names).name;
      channel.sendToQueue(queue, Buffer.from(JSON.stringify({ orderNo })), { type: TIMEOUT_TYPE, persistent: true });
      await channel.waitForConfirms();
    } finally {
      await connection.close();
    }
  }

  async stock(): Promise<number> {
    const [row] = await this.rows<{ stock: number }>('order', 'SELECT stock FROM product WHERE product_id = ?', [
      TEA.productId,
    ]);
    return row?.stock ?? 0;
  }

  async isPendingInRedis(orderNo: string): Promise<boolean> {
    const redis = new Redis(this.world.services.urls.redisUrl);
    try {
      return (await redis.zscore(PENDING_DUE, orderNo)) !== null;
    } finally {
      redis.disconnect();
    }
  }

  /** Waits until `pay` has heard of an order. */
  async isKnownToPay(orderNo: string): Promise<void> {
    await until(
      `pay knows ${orderNo}`,
      () => this.count('pay', 'payable WHERE order_no = ?', [orderNo]),
      HEALS_WITHIN_MS,
    );
  }

  /** What WeChat's ledger says of orders or refunds, oldest first. */
  async ledger(kind: string, ...numbers: string[]): Promise<LedgerEntry[]> {
    const about = new Set<string | undefined>(numbers);
    const entries = await this.control.ledger();
    return entries.filter((one) => one.kind === kind && (about.has(one.outTradeNo) || about.has(one.outRefundNo)));
  }

  /** How many queries WeChat has answered. */
  async queriesAnswered(): Promise<number> {
    const metrics = await (await fetch(`${this.control.links['wechat-simulator']}/metrics`)).text();
    const counts = metrics.matchAll(/^http_request_duration_seconds_count\{.*route="\/pay\/orderquery".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** The status of a process's readiness, or undefined when nobody listens. */
  async readiness(app: App): Promise<number | undefined> {
    const url = `http://127.0.0.1:${this.world.portsOf(1)[app]}/health/ready`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status;
  }

  /** What somebody is answered now: the status. */
  async asked(request: () => Promise<unknown>): Promise<number | 'no answer'> {
    return request().then(
      () => 200,
      (error: unknown) => (error instanceof UnexpectedAnswer ? error.status : 'no answer'),
    );
  }

  /** How often a message was published. */
  copiesOf(messageId: string): number {
    return this.tap.copies.get(messageId) ?? 0;
  }

  async rows<T>(app: App, sql: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.#pools[app].query<RowDataPacket[]>(sql, values);
    return rows as T[];
  }

  async count(app: App, sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.rows<Record<string, unknown>>(app, `SELECT COUNT(*) AS n FROM ${sql}`, values);
    return Number(row?.['n']);
  }

  async orderBecomes(orderNo: string, status: string): Promise<void> {
    await until(
      `${orderNo} is ${status}`,
      async () => {
        const sql = 'SELECT status FROM orders WHERE order_no = ?';
        const [row] = await this.rows<{ status: string }>('order', sql, [orderNo]);
        if (row?.status === status) return true;
        throw new Error(`it is ${row?.status ?? 'unknown'}`);
      },
      HEALS_WITHIN_MS,
    );
  }

  /** Waits, a day later by WeChat's clock, until every promise is kept. @returns what is still broken, a line each */
  async examine(): Promise<string[]> {
    await this.control.advanceClock(PAST_ALL_REPEATS_MS);
    let broken: string[] = [];
    const whole = async () => (broken = await this.#broken()).length === 0;
    await until('every promise is kept', whole, HEALS_WITHIN_MS, 1_000).catch(() => undefined);
    return broken;
  }

  async #broken(): Promise<string[]> {
    const evidence: Evidence = {
      ...UNWATCHED,
      ...(await this.archive.books()),
      stockBefore: this.stockBefore,
      ledger: await this.control.ledger(),
      queues: await this.archive.queues(),
      overdue: await this.archive.overdue(),
      calls: [],
      keys: [],
      surprises: [],
      silences: this.#silences,
      crashes: this.world.crashes,
      notReady: undefined,
      restless: [],
      leaks: this.archive.leaks(),
      copies: this.tap.copies,
      mostCopies: MOST_COPIES,
    };
    return check(evidence).map(({ invariant, what, orderNo = '' }) => `${invariant} ${orderNo} ${what}`);
  }

  async #silent(app: App, death: () => Promise<unknown>): Promise<void> {
    const silence = { app: `${app}-1` as const, killed: true, from: Date.now(), to: Infinity };
    this.#silences.push(silence);
    await death();
    await this.world.startApp(`${app}-1`);
    const url = `http://127.0.0.1:${this.world.portsOf(1)[app]}/health/ready`;
    const probe = async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
    await until(`${app} is ready again`, probe, READY_WITHIN_MS, 20);
    silence.to = Date.now();
  }
}
