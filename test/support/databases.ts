/** What stands in the databases of both apps, for tests that look at it. */
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { until } from '../../tools/services/until.ts';

export type App = 'pay' | 'order';

/** What is awaited comes within seconds; a busy machine may need longer. */
const SOON_MS = 60_000;

export class Databases {
  readonly #pools: Record<App, Pool>;

  constructor({ payMysqlUrl, orderMysqlUrl }: { payMysqlUrl: string; orderMysqlUrl: string }) {
    this.#pools = { pay: createPool(payMysqlUrl), order: createPool(orderMysqlUrl) };
  }

  async close(): Promise<void> {
    await Promise.all([this.#pools.pay.end(), this.#pools.order.end()]);
  }

  async rows<T>(app: App, sql: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.#pools[app].query<RowDataPacket[]>(sql, values);
    return rows as T[];
  }

  /** One number; sums and counts come as text. */
  async number(app: App, sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.rows<Record<string, string | number | null>>(app, sql, values);
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  /** A connection of one's own, to stand in the way with; it has to be released. */
  connection(app: App) {
    return this.#pools[app].getConnection();
  }

  /** Waits until the first row that a query finds has `wanted` as its only value. */
  async becomes(
    what: string,
    app: App,
    sql: string,
    values: unknown[],
    wanted: string,
    withinMs = SOON_MS,
  ): Promise<void> {
    const probe = async () => {
      const [row] = await this.rows<Record<string, string>>(app, sql, values);
      const is = Object.values(row ?? {})[0];
      if (is === wanted) return true;
      throw new Error(`it is ${is ?? 'unknown'}`);
    };
    await until(`${what} is ${wanted}`, probe, withinMs);
  }

  orderBecomes(orderNo: string, status: string, withinMs?: number): Promise<void> {
    const sql = 'SELECT status FROM orders WHERE order_no = ?';
    return this.becomes(orderNo, 'order', sql, [orderNo], status, withinMs);
  }

  /** How a refund stands at `order`. */
  refundBecomes(outRefundNo: string, state: string, withinMs?: number): Promise<void> {
    const sql = 'SELECT state FROM refund_request WHERE out_refund_no = ?';
    return this.becomes(outRefundNo, 'order', sql, [outRefundNo], state, withinMs);
  }
}
