import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { prepayLock } from '#contract';
import { Redis, tryRedis } from '#platform';
import { PrepayLock } from '../../flow/ports.ts';

/** Only the owner's token opens the lock: one that has expired and belongs to somebody else is left alone. */
const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

@Injectable()
export class PrepayLockRedis extends PrepayLock {
  constructor(private readonly redis: Redis) {
    super();
  }

  override async acquire(orderNo: string, ttlMs: number): Promise<(() => Promise<void>) | 'busy' | 'away'> {
    const key = prepayLock(orderNo);
    const token = randomUUID();
    const taken = await tryRedis(
      this.redis,
      async (redis) => (await redis.set(key, token, 'PX', ttlMs, 'NX')) === 'OK',
    );
    if (taken === undefined) return 'away';
    if (!taken) return 'busy';
    return async () => {
      await tryRedis(this.redis, (redis) => redis.eval(RELEASE, 1, key, token));
    };
  }
}
