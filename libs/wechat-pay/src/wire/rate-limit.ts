import { InvalidRequest } from '../invalid-request.ts';
import { type Deadline } from './deadline.ts';

const WINDOW_MS = 1_000;

/**
 * Lets at most `perSecond` calls begin within any second, in the order in which they asked. A bucket of tokens would
 * let through twice as many around an idle moment, and WeChat Pay counts what arrives.
 */
export class RateLimit {
  // When each of the last `perSecond` calls began, oldest at `next`.
  private readonly begun: Float64Array;
  private next = 0;

  constructor(perSecond: number) {
    if (!Number.isInteger(perSecond) || perSecond < 1 || perSecond > 100_000)
      throw new InvalidRequest('rate limit', 'is not a whole number of calls per second');
    this.begun = new Float64Array(perSecond).fill(-Infinity);
  }

  /** Waits for the call's turn; false without taking a turn when that comes after the deadline. */
  async turn(deadline: Deadline): Promise<boolean> {
    const now = performance.now();
    const at = Math.max(now, (this.begun[this.next] ?? -Infinity) + WINDOW_MS);
    if (at > now && !(at - now < deadline.leftMs())) return false;
    this.begun[this.next] = at;
    this.next = (this.next + 1) % this.begun.length;
    return at <= now || (await deadline.pause(at - now));
  }
}

/** How many calls per second WeChat Pay takes from one merchant. */
export interface Limits {
  /** Default 600: orders, queries, closes, short URLs and bills together. */
  readonly ordersPerSecond: number;
  /** Default 150. */
  readonly refundsPerSecond: number;
}

/**
 * The rate limits of one merchant. Clients of the same merchant share one: WeChat Pay counts per merchant number.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_4 and the limits named with each call.
 */
export class MerchantLimits {
  readonly orders: RateLimit;
  readonly refunds: RateLimit;

  /** @throws InvalidRequest */
  constructor({ ordersPerSecond = 600, refundsPerSecond = 150 }: Partial<Limits> = {}) {
    this.orders = new RateLimit(ordersPerSecond);
    this.refunds = new RateLimit(refundsPerSecond);
  }
}
