/** Short questions to a server: does it answer, which version is it, and what must be known of its settings. */
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

const CONNECT_WITHIN_MS = 3_000;

export interface MysqlFacts {
  version: string;
  /** 1 = a committed transaction survives a power cut. */
  flushLogAtCommit: number;
  /** Its clock minus ours, in ms. */
  clockAheadMs: number;
}

/** @throws Error when it does not answer or refuses the account */
export async function probeMysql(url: string): Promise<MysqlFacts> {
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_WITHIN_MS, timezone: 'Z' });
  try {
    const asked = Date.now();
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flushLog, UNIX_TIMESTAMP(NOW(3)) * 1000 AS now',
    );
    const { version, flushLog, now } = rows[0] as { version: string; flushLog: number; now: string };
    const halfWay = (asked + Date.now()) / 2;
    return { version, flushLogAtCommit: flushLog, clockAheadMs: Math.round(Number(now) - halfWay) };
  } finally {
    await connection.end();
  }
}

/** @throws Error when it does not answer or refuses the password */
export async function probeRedis(url: string): Promise<{ version: string; policy: string }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  try {
    await redis.connect();
    const info = await redis.info();
    const line = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown';
    return { version: line('redis_version'), policy: line('maxmemory_policy') };
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

/** @throws Error when it does not answer or refuses the account */
export async function probeRabbitmq(url: string): Promise<{ version: string }> {
  const connection = await connect(url, { timeout: CONNECT_WITHIN_MS });
  try {
    await connection.createChannel();
    const properties = connection.connection.serverProperties as { version?: string };
    return { version: properties.version ?? 'unknown' };
  } finally {
    await connection.close();
  }
}

/** How many messages wait in a queue; undefined when there is no such queue. */
export async function messagesWaiting(url: string, queue: string): Promise<number | undefined> {
  const connection = await connect(url, { timeout: CONNECT_WITHIN_MS });
  // A missing queue closes the channel, which is an ordinary answer here.
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return (await channel.checkQueue(queue)).messageCount;
  } catch {
    return undefined;
  } finally {
    await connection.close();
  }
}

/** A connection error in words: Node packs several failed addresses into one error without a message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
