/** Everything that is known after a run, read where it lies: both schemas, the simulator's ledger, the broker, Redis. */
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { LedgerEntry } from '../stack/client.ts';
import type { Call, KeyUse } from './buyers.ts';
import type { Silence } from './nemesis.ts';
import type { World } from './world.ts';
import { orderInbox, payInbox, PENDING_DUE, timeoutInbox } from '#contract';

export interface OrderFact {
  orderNo: string;
  status: string;
  totalFee: number;
}
export interface LogFact {
  orderNo: string;
  from: string | null;
  to: string;
  reason: string;
  at: Date;
}
export interface PaymentFact {
  transactionId: string;
  orderNo: string;
  outTradeNo: string;
  role: string;
  totalFee: number;
  source: string;
  bookedAt: Date;
}
export interface AttemptFact {
  orderNo: string;
  outTradeNo: string;
  state: string;
  transactionId: string | null;
  totalFee: number;
  settleSource: string | null;
}
export interface NoticeFact {
  kind: string;
  outTradeNo: string;
  transactionId: string | null;
  outcome: string;
}
export interface AnomalyFact {
  kind: string;
  orderNo: string | null;
  outTradeNo: string | null;
  transactionId: string;
  state: string;
}
export interface ReservationFact {
  orderNo: string;
  productId: string;
  quantity: number;
  state: string;
}

/** What both schemas say. */
export interface Books {
  orders: OrderFact[];
  log: LogFact[];
  payments: PaymentFact[];
  reservations: ReservationFact[];
  points: { orderNo: string; reason: string; points: number }[];
  stock: { productId: string; stock: number }[];
  attempts: AttemptFact[];
  payables: { orderNo: string; state: string; orderStatus: string }[];
  notices: NoticeFact[];
  anomaliesOfOrder: AnomalyFact[];
  anomaliesOfPay: AnomalyFact[];
  outbox: { app: string; messageId: string; attempts: number; lastError: string }[];
  parked: { app: string; messageId: string; reason: string }[];
}

export interface Evidence extends Books {
  stockBefore: { productId: string; stock: number }[];
  ledger: LedgerEntry[];
  queues: { name: string; messages: number | undefined }[];
  /** Orders that Redis holds due since long. */
  overdue: string[];
  calls: Call[];
  keys: KeyUse[];
  surprises: string[];
  silences: Silence[];
  crashes: string[];
  notReady: string | undefined;
  /** What had not come to rest when time was up. */
  restless: string[];
  /** `<file>: <which secret>`. */
  leaks: string[];
  /** How often each message was published, when a tap counted. */
  copies: ReadonlyMap<string, number>;
  mostCopies: number;
}

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
                total_fee AS totalFee, source, booked_at AS bookedAt FROM order_payment`,
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
