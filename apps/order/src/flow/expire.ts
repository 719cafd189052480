// Ends the wait for money: no order waits longer than its time, and each close command is repeated until answered. Next: close.
import { Injectable } from '@nestjs/common';
import { whenTimeIsUp } from '../domain/closing.ts';
import { OrderChanges, PendingOrders, type Moved } from './ports.ts';

/** Orders taken in one transaction of the sweep. */
const PAGE = 200;
/** Transactions in one sweep: the rest waits for the next one, so that a sweep always ends. */
const PAGES = 50;
/** A close command is told again when it has had no answer for this long. */
const RESEND_AFTER_MS = 60_000;
/** Idempotency keys are kept for a week. */
const KEYS_LIVE_MS = 7 * 24 * 3_600_000;

@Injectable()
export class ExpireOrders {
  constructor(
    private readonly changes: OrderChanges,
    private readonly pending: PendingOrders,
  ) {}

  /** Time-out messages arrived: the database's clock decides; one that came too early does nothing. */
  async timeouts(orderNos: readonly string[]): Promise<void> {
    this.closing(await this.changes.move(orderNos, whenTimeIsUp));
  }

  /**
   * Closes every order whose time is up, whatever became of its message, and tells `pay` again what it has not answered.
   * Several processes may sweep at the same time; each order is taken by one of them.
   */
  async sweep(): Promise<{ expired: number; resent: number }> {
    const expired = await this.pages(async () => {
      const moved = await this.changes.moveExpired(whenTimeIsUp, PAGE);
      this.closing(moved);
      return moved.length;
    });
    const resent = await this.pages(() => this.changes.resendCloses(RESEND_AFTER_MS, PAGE));
    return { expired, resent };
  }

  /** Deletes idempotency keys that are too old to be repeated. */
  async forgetKeys(): Promise<number> {
    return this.pages(() => this.changes.forgetKeys(KEYS_LIVE_MS, PAGE));
  }

  private closing(moved: readonly Moved[]): void {
    const orderNos = moved.filter(({ to }) => to === 'CLOSING').map(({ orderNo }) => orderNo);
    if (orderNos.length > 0) this.pending.closing(orderNos);
  }

  private async pages(page: () => Promise<number>): Promise<number> {
    let total = 0;
    for (let count = 0; count < PAGES; count++) {
      const done = await page();
      total += done;
      if (done < PAGE) break;
    }
    return total;
  }
}
