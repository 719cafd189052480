import type { AttemptState } from './attempt.ts';
import type { OrderStatus } from './payable.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What decides when WeChat is asked about an attempt again. */
export interface CheckFacts {
  state: AttemptState;
  orderStatus: OrderStatus;
  preparedAt: Date | null;
  expiresAt: Date;
  /** Checks so far since the last change of state. */
  tries: number;
  /** WeChat took another amount for it, and `order` has not been heard to accept it or give it back. */
  mispaid: boolean;
}

/**
 * How long until the next check of an attempt, or undefined when there is nothing left to learn or tell.
 *
 * Every 5 s in the first minutes after a code was shown, never slower than 15 s until the order's deadline, slower and
 * slower after it. A SUCCESS is told to `order` again until the order is PAID; when the order had ended otherwise the
 * money is late, `order` books it and tells nobody, so telling ends after about half a day. Money of another amount is
 * told again until `order` has it given back, or says that it paid the order.
 */
export function nextCheckMs(facts: CheckFacts, now: Date): number | undefined {
  switch (facts.state) {
    case 'SUCCESS': {
      if (facts.orderStatus === 'PAID') return undefined;
      if (facts.orderStatus !== 'WAIT_PAY' && facts.tries > 16) return undefined;
      return tellAgainMs(facts.tries);
    }
    case 'CLOSED':
    case 'FAILED':
      return facts.mispaid ? tellAgainMs(facts.tries) : undefined;
    case 'CREATED':
    case 'NOTPAY': {
      const overdue = now.getTime() - facts.expiresAt.getTime();
      if (overdue > 0) return Math.min(Math.max(15 * SECOND, overdue / 4), 10 * MINUTE);
      const shown = facts.preparedAt === null ? 0 : now.getTime() - facts.preparedAt.getTime();
      return shown < 3 * MINUTE ? 5 * SECOND : 15 * SECOND;
    }
  }
}

/** Doubles with every try, from `firstMs` up to `capMs`. `tries` counts from 0. */
export const backOffMs = (tries: number, firstMs: number, capMs: number): number =>
  Math.min(firstMs * 2 ** Math.min(Math.max(tries, 0), 20), capMs);

/** `order` normally answers within a second; this long without an answer, it is told again. `tries` counts from 0. */
export const tellAgainMs = (tries: number): number => backOffMs(tries, MINUTE, 60 * MINUTE);

/**
 * WeChat may refuse to close an order that is younger than this
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_3).
 */
export const CLOSE_REFUSED_FOR_MS = 5 * MINUTE;

/** Closing is tried soon, then patiently. */
export const closeBackOffMs = (tries: number): number => backOffMs(tries, 2 * SECOND, MINUTE);

/** "Order does not exist" is believed only this long after the last moment at which our call could reach WeChat. */
export const ABSENCE_SETTLES_MS = 60 * SECOND;
