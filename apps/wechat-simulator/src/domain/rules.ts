/** What a merchant sets in WeChat Pay's console, and where the documentation leaves the gateway a choice. */
import type { RefundEnd } from './refund.ts';

export interface Rules {
  /** How far away `time_expire` must be. */
  minExpireMs: number;
  /** How old an order must be before it can be closed. */
  closeAfterMs: number;
  /** The repeats of notifications: the current or the old documentation. */
  notifySchedule: 'current' | 'legacy';
  /** How long a refund is PROCESSING, and how it ends. */
  refundAfterMs: number;
  refundEndsAs: RefundEnd;
  /** For refunds that name no `notify_url`; empty: these are not notified. */
  refundNotifyUrl: string;
  /** The merchant's address for mode 1; empty: product codes cannot be paid. */
  scanUrl: string;
  /** Whom OAuth names; empty: the owner of the phone. */
  oauthOpenid: string;
}

export class RuleBook {
  readonly #first: Rules;
  #now: Rules;

  constructor(first: Rules) {
    this.#first = first;
    this.#now = first;
  }

  get now(): Readonly<Rules> {
    return this.#now;
  }

  change(changes: Partial<Rules>): void {
    this.#now = { ...this.#now, ...changes };
  }

  /** Back to what the process was started with. */
  reset(): void {
    this.#now = this.#first;
  }
}
