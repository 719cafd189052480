/**
 * A shop whose processes die where a test wants them to: at a named step, as by `kill -9`. They are started again, and
 * what they left behind is looked at when it has healed.
 */
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { Tap } from '../../tools/chaos/tap.ts';
import { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';
import { UnexpectedAnswer, type Client, type LedgerEntry, type PlacedOrder } from '../../tools/stack/client.ts';
import { ArmedPoints } from './armed-points.ts';
import { type App, Databases } from './databases.ts';
import { Deaths } from './deaths.ts';
import { Examiner } from './examiner.ts';
import { patiently, TEA } from './shop.ts';
import { PENDING_DUE, TIMEOUT_TYPE, timeoutInbox } from '#contract';

/** An order on its way, and who bought it. */
export interface Sale {
  orderNo: string;
  buyer: Client;
  order: PlacedOrder;
}

/** Longer than any row takes, so that no order ends by itself where its test does not want it. */
const PAY_WITHIN_SECONDS = 600;
/** Leases of a dead process end after at most a minute; then somebody has to come by. */
const HEALS_WITHIN_MS = 120_000;
const PATIENCE_MS = 20_000;
/** WeChat's first repeat comes after 15 s. */
const FIRST_REPEAT_MS = 16_000;
const PAST_ALL_REPEATS_MS = 25 * 3_600_000;
/** Each start of a process may publish what it found unsent: once for every death, and once more. */
const MOST_COPIES = 100;

export class CrashSite {
  readonly deaths: Deaths;
  readonly #databases: Databases;
  readonly #held = new Set<() => Promise<void>>();
  readonly #towards: Record<string, unknown> = {};
  #buyers = 0;

  private constructor(
    readonly world: World,
    readonly points: ArmedPoints,
    private readonly examiner: Examiner,
    private readonly tap: Tap,
  ) {
    this.deaths = new Deaths(world, points);
    this.#databases = new Databases(world.services.urls);
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
    const tap = await Tap.on(world);
    return new CrashSite(world, points, await Examiner.of(world, { fillShelves: true }), tap);
  }

  async close(): Promise<void> {
    await Promise.all([this.examiner.close(), this.tap.close(), this.#databases.close()]);
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

  /** Holds the rows of orders in `pay`, so that nothing can be settled. @returns lets go */
  async holdInPay(orderNos: readonly string[]): Promise<() => Promise<void>> {
    const connection = await this.#databases.connection('pay');
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

  /** Pieces of tea on the shelf and with orders: always as many, whatever other orders do meanwhile. */
  pieces(): Promise<number> {
    const taken = "SELECT COALESCE(SUM(quantity), 0) FROM reservation WHERE product_id = ? AND state <> 'RETURNED'";
    const sql = `SELECT stock + (${taken}) FROM product WHERE product_id = ?`;
    return this.#databases.number('order', sql, [TEA.productId, TEA.productId]);
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

  rows<T>(app: App, sql: string, values?: unknown[]): Promise<T[]> {
    return this.#databases.rows(app, sql, values);
  }

  count(app: App, sql: string, values?: unknown[]): Promise<number> {
    return this.#databases.number(app, `SELECT COUNT(*) FROM ${sql}`, values);
  }

  orderBecomes(orderNo: string, status: string): Promise<void> {
    return this.#databases.orderBecomes(orderNo, status, HEALS_WITHIN_MS);
  }

  /** Waits, a day later by WeChat's clock, until every promise is kept. @returns what is still broken, a line each */
  async examine(): Promise<string[]> {
    await this.control.advanceClock(PAST_ALL_REPEATS_MS);
    const { copies } = this.tap;
    const { silences } = this.deaths;
    return this.examiner.lookUntilWhole(HEALS_WITHIN_MS, 1_000, () => ({ silences, copies, mostCopies: MOST_COPIES }));
  }
}
