import type { Event } from '#contract';
import type { Turns } from './turns.testing.ts';

/** What protects the money; a spec takes one away to see that the checks would notice. */
export type Protection =
  /** An order is locked while it is decided on, and its old state stands in the WHERE clause. */
  | 'order compare-and-set'
  /** The same for an attempt and its payable. */
  | 'attempt compare-and-set'
  /** `transaction_id` is unique among the payments of orders. */
  | 'unique transaction'
  /** refunded + reserved + x ≤ paid, in one UPDATE. */
  | 'refund cap'
  /** The old state of a refund request stands in the WHERE clause of its end. */
  | 'refund compare-and-set'
  /** One refund has one number, however often it is told. */
  | 'same refund number'
  /** A call without an answer changes nothing. */
  | 'unknown stays unknown'
  /** `order` waits for WeChat's word before it gives an order up. */
  | 'close before cancel'
  /** "already paid" as the answer to a close makes it paid. */
  | 'paid at close'
  /** `total_fee` is compared with what was asked for. */
  | 'amounts compared';

/** What both databases and WeChat share in a world of one process. */
export interface Around {
  turns: Turns;
  /** Database time, in milliseconds; moves only when everything is quiet, or by a turn of its own. */
  now: number;
  /** Hands over what a transaction has recorded, as its commit. */
  tell(events: readonly Event[]): void;
  has(protection: Protection): boolean;
}

/**
 * One transaction. With its rows locked nobody comes between what it reads and what it writes: one turn. Without, it has
 * one turn to read and one to write.
 */
export function transaction<R, T>(
  { turns }: Around,
  locked: boolean,
  what: string,
  read: () => R,
  write: (read: R) => T,
): Promise<T> {
  if (locked) return turns.take(what, () => write(read()));
  return turns.take(`${what}: reads`, read).then((seen) => turns.take(`${what}: writes`, () => write(seen)));
}

/** The row of a key that must be there. */
export function row<K, V>(rows: ReadonlyMap<K, V>, key: K): V {
  const found = rows.get(key);
  if (found === undefined) throw new Error(`no row ${String(key)}`);
  return found;
}
