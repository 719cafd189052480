import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { Client } from '../stack/client.ts';
import { TemporaryStack, type TemporaryOptions } from '../stack/temporary-stack.ts';
import type { Stage } from './scene.ts';

/** A stack of its own for looking at pages, gone when it is stopped. */
export class TemporaryStage implements Stage {
  readonly #pools: Record<'pay' | 'order', Pool>;

  private constructor(readonly running: TemporaryStack) {
    const { payMysqlUrl, orderMysqlUrl } = running.stack.urls;
    this.#pools = { pay: createPool(payMysqlUrl), order: createPool(orderMysqlUrl) };
  }

  static async start(options: TemporaryOptions): Promise<TemporaryStage> {
    return new TemporaryStage(await TemporaryStack.start(options));
  }

  get links() {
    return new Client(this.running.stack).links;
  }

  get secrets() {
    return this.running.stack.secrets;
  }

  get apps() {
    return this.running.apps;
  }

  buyer(): Client {
    return new Client(this.running.stack);
  }

  operator(): Client {
    return new Client(this.running.stack, 'operator', ['operator']);
  }

  async rows<T>(app: 'pay' | 'order', sql: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.#pools[app].query<RowDataPacket[]>(sql, values);
    return rows as T[];
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()));
    await this.running.stop();
  }
}
