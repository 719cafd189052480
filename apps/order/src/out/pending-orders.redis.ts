import { Injectable } from '@nestjs/common';
import { orderKey, PENDING_DUE } from '#contract';
import { failPoint, Redis, tryRedis } from '#platform';
import { PendingOrders, type PlacedOrder } from '../flow/ports.ts';

/** When `pay` looks at a new order for the first time; showing a code moves the order forward. */
const FIRST_CHECK_MS = 15_000;
/** A hash that nobody removed (Redis was away when the order ended) goes by itself. */
const HASH_LIVES_AFTER_EXPIRY_MS = 24 * 3_600_000;

/** Scores are Redis' own time; an order that is in the set already keeps its place. */
const addPending = `
local time = redis.call('TIME')
return redis.call('ZADD', KEYS[1], 'NX', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1], ARGV[2])`;

/** Orders waiting for money, in Redis. Every call goes on its way and is not waited for. */
@Injectable()
export class RedisPendingOrders extends PendingOrders {
  constructor(private readonly redis: Redis) {
    super();
  }

  override placed({ orderNo, totalFee, status, title, expiresAt }: PlacedOrder): void {
    const key = orderKey(orderNo);
    void tryRedis(this.redis, (redis) =>
      redis
        .pipeline()
        .hset(key, { orderNo, totalFee, status, title, expiresAt: expiresAt.toISOString() })
        .pexpireat(key, expiresAt.getTime() + HASH_LIVES_AFTER_EXPIRY_MS)
        .eval(addPending, 1, PENDING_DUE, FIRST_CHECK_MS, orderNo)
        .exec(),
    );
  }

  override closing(orderNos: readonly string[]): void {
    void tryRedis(this.redis, (redis) => redis.del(orderNos.map(orderKey)));
  }

  override ended(orderNos: readonly string[]): void {
    failPoint('settle.before-redis', orderNos);
    void tryRedis(this.redis, (redis) =>
      redis
        .pipeline()
        .del(orderNos.map(orderKey))
        .zrem(PENDING_DUE, ...orderNos)
        .exec(),
    );
  }
}
