import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

const logger = new Logger('redis');
/** When something last failed on a connection that is away: each outage is logged once. */
const failedAt = new WeakMap<Redis, number>();
/** So long without a failure, and what fails next is another outage; the connection itself may have stood all the time. */
const QUIET_MS = 60_000;

/**
 * A connection that fails fast: a command answers within 300 ms or rejects, and while Redis is away it rejects at once
 * instead of waiting. It reconnects in the background for ever, at most every 2 s.
 */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    commandTimeout: 300,
    connectTimeout: 2_000,
    // How long a disconnect lingers; the timer also runs, and keeps the process alive, when there was no connection.
    disconnectTimeout: 200,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    autoResubscribe: true,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), 2_000) * (0.75 + Math.random() * 0.5),
  });
  // Without a listener a lost connection would end the process.
  redis.on('error', (error: Error) => noteAway(redis, error));
  redis.on('ready', () => {
    if (failedAt.delete(redis)) logger.log({ event: 'redis.back' }, 'Redis answers again');
  });
  return redis;
}

/**
 * Does something in Redis, or nothing: Redis saves work here and decides nothing, so its absence must not fail what a
 * buyer does.
 *
 * @returns `undefined` when Redis did not do it, or its outcome is unknown; one line is logged per outage
 */
export async function tryRedis<T>(redis: Redis, run: (redis: Redis) => Promise<T>): Promise<T | undefined> {
  try {
    return await run(redis);
  } catch (error) {
    noteAway(redis, error as Error);
    return undefined;
  }
}

function noteAway(redis: Redis, error: Error): void {
  const now = performance.now();
  const last = failedAt.get(redis);
  failedAt.set(redis, now);
  if (last === undefined || now - last > QUIET_MS) logger.warn(error, { event: 'redis.away' });
}

export { Redis };
