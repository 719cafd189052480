import { Injectable } from '@nestjs/common';
import { PENDING_COMPLETE, PENDING_DUE, statusAsked } from '#contract';
import { protection, Redis, tryRedis } from '#platform';
import { type DueOrder, PendingOrders } from '../../flow/ports.ts';

const leases = protection('check-lease');

const nowMs = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)";

/** Takes what is due and moves it behind the lease in one step, so that two instances never take the same. */
const CLAIM = `${nowMs}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now + ARGV[2], 'LIMIT', 0, ARGV[1])
for _, order in ipairs(due) do redis.call('ZADD', KEYS[1], now + ARGV[3], order) end
return due`;

const SCHEDULE = `${nowMs}
for i = 1, #ARGV, 2 do redis.call('ZADD', KEYS[1], now + ARGV[i], ARGV[i + 1]) end
return 1`;

/** What is no sorted set under the set's name is nobody's: it goes, and the set counts as lost. */
const IS_COMPLETE = `local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', KEYS[1], KEYS[2]) end
return redis.call('EXISTS', KEYS[2])`;

/** Arguments of one script call. Redis's Lua could unpack more, but nobody else is served meanwhile. */
const CHUNK = 500;

/** The sorted set of pending orders; scores are Redis's own time, so the clocks of the instances do not matter. */
@Injectable()
export class PendingOrdersRedis extends PendingOrders {
  constructor(private readonly redis: Redis) {
    super();
  }

  override claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<string[] | undefined> {
    return tryRedis(
      this.redis,
      async (redis) => (await redis.eval(CLAIM, 1, PENDING_DUE, limit, dueWithinMs, leases ? leaseMs : 0)) as string[],
    );
  }

  override schedule(orders: readonly DueOrder[]): Promise<true | undefined> {
    return tryRedis(this.redis, async (redis): Promise<true> => {
      for (let from = 0; from < orders.length; from += CHUNK) {
        const part = orders.slice(from, from + CHUNK);
        await redis.eval(
          SCHEDULE,
          1,
          PENDING_DUE,
          ...part.flatMap(({ orderNo, dueInMs }) => [Math.round(dueInMs), orderNo]),
        );
      }
      return true;
    });
  }

  override async remove(orderNos: readonly string[]): Promise<void> {
    if (orderNos.length === 0) return;
    await tryRedis(this.redis, (redis) => redis.zrem(PENDING_DUE, ...orderNos));
  }

  override isComplete(): Promise<boolean | undefined> {
    return tryRedis(
      this.redis,
      async (redis) => (await redis.eval(IS_COMPLETE, 2, PENDING_DUE, PENDING_COMPLETE)) === 1,
    );
  }

  override async markComplete(): Promise<void> {
    await tryRedis(this.redis, (redis) => redis.set(PENDING_COMPLETE, '1'));
  }

  override mayAsk(orderNo: string, everyMs: number): Promise<boolean | undefined> {
    return tryRedis(
      this.redis,
      async (redis) => (await redis.set(statusAsked(orderNo), '1', 'PX', everyMs, 'NX')) === 'OK',
    );
  }
}
