/** What buyers and operators saw: every answer, how long it took, and what the same key answered twice. */
import type { AppInstance } from './plan.ts';

/** One HTTP exchange as the buyer saw it. `status` is 0 when the connection broke, undefined when time ran out. */
export interface Call {
  buyer: number;
  app: AppInstance | 'wechat-simulator';
  what: 'place' | 'cashier' | 'code' | 'cancel' | 'order' | 'status' | 'phone' | 'refund' | 'review';
  at: number;
  ms: number;
  status: number | undefined;
  orderNo?: string;
}

/** How idempotency was kept, or not. */
export interface KeyUse {
  orderNo: string;
  buyer: number;
  what: 'same-body' | 'other-body' | 'same-refund' | 'same-decision';
  asPromised: boolean;
  seen: string;
}

export class Diary {
  readonly calls: Call[] = [];
  readonly keys: KeyUse[] = [];
  /** What buyers met that no buyer should: an answer outside the contract. */
  readonly surprises: string[] = [];
  /** Buyers who left because nothing went on, or because they were refused as the contract says. */
  gaveUp = 0;
}
