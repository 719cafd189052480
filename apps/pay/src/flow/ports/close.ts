/** Commands to close, and what has become of them. */
import type { CloseReason } from '../../domain/payable.ts';

export interface CloseCommand {
  orderNo: string;
  reason: Exclude<CloseReason, 'paid'>;
}

/** Commands to close, stored until WeChat has answered for every attempt. */
export abstract class Closings {
  /** Answers which orders are unknown here. */
  abstract record(commands: readonly CloseCommand[]): Promise<Set<string>>;
  /** Leases due commands to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<string[]>;
  /**
   * Answers the command once all attempts are final, and again until `order` has said how it ended; else sets the next
   * try by back-off. Nothing is answered while money of another amount waits for an operator's decision.
   */
  abstract conclude(orderNo: string): Promise<'paid' | 'closed' | 'later'>;
}
