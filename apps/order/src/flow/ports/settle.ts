/** What changes orders: money, time and buyers. */
import type { Rule } from '../../domain/closing.ts';
import type { OrderStatus } from '../../domain/order-states.ts';
import type { Payment, PaymentRole } from '../../domain/settlement.ts';

/** What became of one order under a rule. `from` is undefined when there is no such order. */
export interface Moved {
  orderNo: string;
  from: OrderStatus | undefined;
  /** The new state, or undefined when the rule asked for nothing. */
  to: OrderStatus | undefined;
}

export type Settled =
  | { kind: 'booked'; role: PaymentRole; from: OrderStatus }
  | { kind: 'repeat' }
  | { kind: 'foreign' }
  | { kind: 'unknown-order' };

/** Changes orders: each call is one transaction over all its orders, taken one by one when a batch conflicts. */
export abstract class OrderChanges {
  /** Locks the orders ascending and decides each by `decideSettle`; one outcome per payment, in order. */
  abstract settle(payments: readonly Payment[]): Promise<Settled[]>;
  /**
   * Locks the orders ascending, asks `rule` (with database time) and writes what it asks for with all its
   * consequences: log, stock, event or close command. One outcome per order number, in order.
   */
  abstract move(orderNos: readonly string[], rule: Rule): Promise<Moved[]>;
  /** As `move`, for at most `limit` orders whose time is up and that no other process is working on. */
  abstract moveExpired(rule: Rule, limit: number): Promise<Moved[]>;
  /**
   * Records the close command again for at most `limit` CLOSING orders last told longer ago than this; with it
   * `order.placed`, because whoever never heard of the order cannot close it.
   */
  abstract resendCloses(olderThanMs: number, limit: number): Promise<number>;
  /** Records again how these orders have ended; those that have not, and unknown ones, are left alone. */
  abstract tellEnds(orderNos: readonly string[]): Promise<void>;
  /** Deletes at most `limit` idempotency keys older than this; answers how many. */
  abstract forgetKeys(olderThanMs: number, limit: number): Promise<number>;
}
