/** A complete stack for end-to-end tests: real processes, private services, nothing shared with anything else. */
import { Redis } from 'ioredis';
import { startSecondPay } from '../../tools/pages/second-pay.ts';
import { Client } from '../../tools/stack/client.ts';
import { TemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { type App, Databases } from './databases.ts';

/** How long a test may take to bring a stack up or down. */
export const STACK_MS = 180_000;

export class Stack {
  readonly #databases: Databases;

  private constructor(private readonly running: TemporaryStack) {
    this.#databases = new Databases(running.stack.urls);
  }

  /** @param env settings for the apps, e.g. `{ ORDER_PAY_WITHIN_SECONDS: '5' }` */
  static async start(env: Record<string, string> = {}): Promise<Stack> {
    return new Stack(await TemporaryStack.start({ env, label: 'e2e', say: () => undefined }));
  }

  /** The apps: `kill` is `kill -9`, `stop` is SIGTERM, `start` waits until the app is ready. */
  get apps() {
    return this.running.apps;
  }

  /** MySQL, Redis and RabbitMQ, to crash and start again. */
  get services() {
    return this.running.services;
  }

  get links() {
    return new Client(this.running.stack).links;
  }

  get secrets() {
    return this.running.stack.secrets;
  }

  /** Somebody who buys; everybody is somebody else. */
  buyer(): Client {
    return new Client(this.running.stack);
  }

  /** Somebody who may give money back. */
  operator(): Client {
    return new Client(this.running.stack, 'operator', ['operator']);
  }

  /** A server of the merchant, which says who a buyer is. */
  backend(): Client {
    return new Client(this.running.stack, 'backend', ['backend']);
  }

  /** What stands in the database of one app. */
  rows<T>(app: App, sql: string, values?: unknown[]): Promise<T[]> {
    return this.#databases.rows(app, sql, values);
  }

  /** One number out of the database of one app; sums and counts come as text. */
  number(app: App, sql: string, values?: unknown[]): Promise<number> {
    return this.#databases.number(app, sql, values);
  }

  /** Uses Redis and lets go of it. */
  async redis<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.running.stack.urls.redisUrl);
    try {
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** Waits until an order has a status. */
  orderBecomes(orderNo: string, status: string, withinMs?: number): Promise<void> {
    return this.#databases.orderBecomes(orderNo, status, withinMs);
  }

  /** Waits until a refund stands so at `order`. */
  refundBecomes(outRefundNo: string, state: string, withinMs?: number): Promise<void> {
    return this.#databases.refundBecomes(outRefundNo, state, withinMs);
  }

  /** One more process of `pay`; the notifications keep going to the first. */
  secondPay(extra: Record<string, string> = {}) {
    return startSecondPay(this.running, extra);
  }

  async stop(): Promise<void> {
    await this.#databases.close();
    await this.running.stop();
  }
}
