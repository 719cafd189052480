/** An order that is wanted paid: its payable, its attempts, and `order`, who knows what it costs. */
import type { Attempt, PrepayRequest } from '../../domain/attempt.ts';
import type { NewPayable, OrderStatus, Payable, PrepayRefusal } from '../../domain/payable.ts';
import type { Way } from '../../domain/way.ts';

/** One order with all its attempts, as MySQL knew it at `now` (database time). */
export interface Standing {
  payable: Payable;
  attempts: Attempt[];
  now: Date;
}

/** What a new attempt is made from, beside what the payable says. */
export type AttemptWish = Pick<PrepayRequest, 'signType' | 'notifyUrl' | 'spbillCreateIp'> & {
  way: Way;
  minExpireSeconds: number;
  /** How long the call to WeChat may take. */
  callMs: number;
};

/** How an order has ended; of a paid one, by which transaction, when its teller says so. */
export interface OrderNews {
  orderNo: string;
  status: OrderStatus;
  transactionId?: string | undefined;
}

export type BegunPrepay =
  | { kind: 'call'; attempt: Attempt }
  | { kind: 'ready'; attempt: Attempt }
  /** Open, but made to be paid in another way, or by somebody else. */
  | { kind: 'other-way'; attempt: Attempt }
  /** Somebody is waiting for WeChat's answer about the open attempt. */
  | { kind: 'busy' }
  | { kind: 'refused'; reason: PrepayRefusal }
  | { kind: 'unknown-order' };

/** What WeChat answers: `codeUrl` for NATIVE, `mwebUrl` for MWEB. */
export interface PreparedAtWechat {
  prepayId: string;
  codeUrl: string | null;
  mwebUrl: string | null;
}

/** Payables and attempts in MySQL. Amounts and states that decide anything come from here only. */
export abstract class Attempts {
  /** By order number or by an attempt's number. */
  abstract find(number: string): Promise<Standing | undefined>;
  /** Stores payables that are new; what is known already stays as it is. */
  abstract place(payables: readonly NewPayable[]): Promise<void>;
  /** Under the payable's lock: what is open, or an attempt committed and leased to this caller for one call. */
  abstract begin(orderNo: string, wish: AttemptWish): Promise<BegunPrepay>;
  /** Stores it under the payable's lock. `stale`: another call came between; `over`: must never be handed out. */
  abstract storePrepared(attempt: Attempt, prepared: PreparedAtWechat): Promise<'stored' | 'stale' | 'over'>;
  /** Ends the lease of a call that brought nothing, so that a repeat need not wait. */
  abstract release(attempt: Attempt): Promise<void>;
  /** The same for a call that WeChat has refused and that left nothing there. */
  abstract refused(attempt: Attempt): Promise<void>;
  /** WeChat knows the attempt: CREATED → NOTPAY. */
  abstract seen(outTradeNo: string): Promise<void>;
  /**
   * WeChat has confirmed the end of an open attempt. `absentForMs`: only when the last call's deadline is at least
   * that long ago, or every call of it was refused. Answers whether the attempt is final now.
   */
  abstract finish(outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number): Promise<boolean>;
  /** Stores how orders ended; answers which are unknown here. Never goes back. */
  abstract recordOrderStatus(news: readonly OrderNews[]): Promise<Set<string>>;
}

/** Makes two simultaneous prepays cost one call. It only saves work: MySQL decides. */
export abstract class PrepayLock {
  /** A release function; `busy` when somebody else holds it; `away` when Redis is. */
  abstract acquire(orderNo: string, ttlMs: number): Promise<(() => Promise<void>) | 'busy' | 'away'>;
}

/** `order`, asked directly when a buyer is faster than its event. */
export abstract class Orders {
  abstract payable(orderNo: string): Promise<NewPayable | 'unknown' | 'unreachable'>;
}
