/** Reads what lies in both schemas, at the broker, in Redis and in the logs. */
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { Books, Evidence, RefundRequestFact } from './evidence.ts';
import type { World } from './world.ts';
import { orderInbox, payInbox, PENDING_DUE, timeoutInbox } from '#contract';

const OVERDUE_MS = 60_000;

export class Archive {
  readonly #order: Pool;
  readonly #pay: Pool;

  constructor(private readonly world: World) {
    const { orderMysqlUrl, payMysqlUrl } = world.services.urls;
    const options = { timezone: 'Z', connectionLimit: 4, supportBigNumbers: true };
    this.#order = createPool({ uri: orderMysqlUrl, ...options });
    this.#pay = createPool({ uri: payMysqlUrl, ...options });
  }

  async close(): Promise<void> {
    await Promise.all([this.#order.end(), this.#pay.end()]);
  }

  /** Makes the shelves full enough for everybody. @returns what stands on them */
  async fillShelves(): Promise<Evidence['stockBefore']> {
    await this.#order.query('UPDATE product SET stock = stock + 100000');
    return this.stock();
  }

  stock(): Promise<Evidence['stockBefore']> {
    return read(this.#order, 'SELECT product_id AS productId, stock FROM product');
  }

  async books(): Promise<Books> {
    const order = <T>(sql: string) => read<T>(this.#order, sql);
    const pay = <T>(sql: string) => read<T>(this.#pay, sql);
    const waiting = 'message_id AS messageId, attempts, last_error AS lastError FROM outbox';
    const parked = 'message_id AS messageId, reason FROM parked_message';
    return {
      orders: await order('SELECT order_no AS orderNo, status, total_fee AS totalFee FROM orders ORDER BY order_no'),
      log: await order(
        'SELECT order_no AS orderNo, from_status AS `from`, to_status AS `to`, reason, `at` FROM order_log ORDER BY log_id',
      ),
      payments: await order(
        `SELECT transaction_id AS transactionId, order_no AS orderNo, out_trade_no AS outTradeNo, role,
                total_fee AS totalFee, source, booked_at AS bookedAt, refunded_fen AS refundedFen,
                reserved_fen AS reservedFen FROM order_payment`,
      ),
      refundRequests: (
        await order<Omit<RefundRequestFact, 'restock'> & { restock: number }>(
          `SELECT out_refund_no AS outRefundNo, order_no AS orderNo, transaction_id AS transactionId,
                  amount_fen AS amountFen, origin, restock, state, requested_at AS requestedAt, ended_at AS endedAt
             FROM refund_request`,
        )
      ).map((row) => ({ ...row, restock: row.restock !== 0 })),
      refunds: await pay(
        `SELECT out_refund_no AS outRefundNo, order_no AS orderNo, transaction_id AS transactionId,
                amount_fen AS amountFen, state, last_error AS lastError FROM refund`,
      ),
      reservations: await order(
        'SELECT order_no AS orderNo, product_id AS productId, quantity, state FROM reservation',
      ),
      points: await order('SELECT order_no AS orderNo, reason, points FROM point_ledger'),
      stock: await this.stock(),
      anomaliesOfOrder: await order(
        'SELECT kind, order_no AS orderNo, NULL AS outTradeNo, transaction_id AS transactionId, state FROM anomaly',
      ),
      attempts: await pay(
        `SELECT order_no AS orderNo, out_trade_no AS outTradeNo, state, transaction_id AS transactionId,
                total_fee AS totalFee, settle_source AS settleSource FROM attempt`,
      ),
      payables: await pay('SELECT order_no AS orderNo, state, order_status AS orderStatus FROM payable'),
      notices: await pay(
        'SELECT kind, out_trade_no AS outTradeNo, transaction_id AS transactionId, outcome FROM notice',
      ),
      anomaliesOfPay: await pay(
        `SELECT kind, order_no AS orderNo, out_trade_no AS outTradeNo, transaction_id AS transactionId, state
           FROM anomaly`,
      ),
      outbox: [
        ...(await order<Books['outbox'][number]>(`SELECT 'order' AS app, ${waiting}`)),
        ...(await pay<Books['outbox'][number]>(`SELECT 'pay' AS app, ${waiting}`)),
      ],
      parked: [
        ...(await order<Books['parked'][number]>(`SELECT 'order' AS app, ${parked}`)),
        ...(await pay<Books['parked'][number]>(`SELECT 'pay' AS app, ${parked}`)),
      ],
    };
  }

  /** Depth of every queue that carries something, asked without declaring anything; undefined: it is not there. */
  async queues(): Promise<Evidence['queues']> {
    const { names } = this.world;
    const inboxes = [orderInbox(names), payInbox(names)];
    const wanted = inboxes.flatMap(({ queue, retries, parked }) => [queue, ...retries, parked]);
    const connection = await connect(this.world.adminAmqpUrl, { timeout: 5_000 });
    connection.on('error', () => undefined);
    try {
      const depths: Evidence['queues'] = [];
      for (const { name } of [...wanted, timeoutInbox(names)]) {
        const channel = await connection.createChannel();
        channel.on('error', () => undefined);
        const answer = await channel.checkQueue(name).catch(() => undefined);
        depths.push({ name, messages: answer?.messageCount });
        if (answer) await channel.close();
      }
      return depths;
    } finally {
      await connection.close();
    }
  }

  /** What Redis has held due for a minute although nobody asks any more. */
  async overdue(): Promise<string[]> {
    const redis = new Redis(this.world.services.urls.redisUrl, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    try {
      return await redis.zrangebyscore(PENDING_DUE, '-inf', Date.now() - OVERDUE_MS);
    } finally {
      redis.disconnect();
    }
  }

  /** Looks for every secret of this run in everything that was printed. */
  leaks(): string[] {
    const { urls } = this.world.services;
    const passwords = Object.entries(urls).map(([name, url]) => [name, new URL(String(url)).password] as const);
    const canaries = [...passwords, ...Object.entries(this.world.secrets)].filter(([, value]) => value.length >= 8);
    return this.world.logFiles.flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return canaries.filter(([, value]) => text.includes(value)).map(([name]) => `${file.split('/').at(-1)}: ${name}`);
    });
  }
}

async function read<T>(pool: Pool, sql: string): Promise<T[]> {
  const [rows] = await pool.query<RowDataPacket[]>(sql);
  return rows as T[];
}
