/** When attempts are looked at again. */
import type { Attempt } from '../../domain/attempt.ts';

export interface DueOrder {
  orderNo: string;
  dueInMs: number;
}

/** When attempts are looked at again; `next_check_at` in MySQL is the truth. */
export abstract class Checks {
  /** Leases attempts due within `dueWithinMs` (negative: overdue by it); none is due again before `leaseMs`. */
  abstract claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<Attempt[]>;
  /** The same for the attempts of these orders. */
  abstract claimOf(orderNos: readonly string[], dueWithinMs: number, leaseMs: number): Promise<Attempt[]>;
  /** Sets the next check of attempts by their present state and the rule of `domain/schedule.ts`. */
  abstract reschedule(outTradeNos: readonly string[]): Promise<void>;
  /** When each order has to be looked at again; one that is missing in the answer: never. */
  abstract dueIn(orderNos: readonly string[]): Promise<DueOrder[]>;
  /** Orders with a check ahead, at most `limit`, ascending from behind `after`. */
  abstract page(after: string, limit: number): Promise<DueOrder[]>;
  /** May a buyer's query ask WeChat now? At most once per order in `everyMs`, over all instances. */
  abstract mayAsk(orderNo: string, everyMs: number): Promise<boolean>;
}

/** The same in Redis, faster. Every method answers undefined (or does nothing) when Redis is away. */
export abstract class PendingOrders {
  abstract claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<string[] | undefined>;
  abstract schedule(orders: readonly DueOrder[]): Promise<true | undefined>;
  abstract remove(orderNos: readonly string[]): Promise<void>;
  /** Is the set known to hold every pending order? */
  abstract isComplete(): Promise<boolean | undefined>;
  abstract markComplete(): Promise<void>;
  /** True for one caller in `everyMs`. */
  abstract mayAsk(orderNo: string, everyMs: number): Promise<boolean | undefined>;
}
