// Closes what is open at WeChat for orders whose time is up; again with back-off and no end until WeChat's answer is
// clear. Next: `order` hears payment.closed, or payment.succeeded.
import { Injectable, Logger } from '@nestjs/common';
import { isOpen } from '../domain/attempt.ts';
import { abreast } from './abreast.ts';
import { CloseAttempt } from './close-attempt.ts';
import { Attempts, Closings, PendingOrders } from './ports.ts';
import { Watch } from './watch.ts';

const ABREAST = 20;
const CALL_MS = 5_000;
/** Three calls for each of an order's open attempts, of which there is one: a lease that outlives its holder's work. */
const LEASE_MS = 30_000;
/** A tick takes no new commands after this long; the next one goes on. */
const TICK_MS = 4_000;

@Injectable()
export class Close {
  private readonly logger = new Logger('close');

  constructor(
    private readonly closings: Closings,
    private readonly attempts: Attempts,
    private readonly closeAttempt: CloseAttempt,
    private readonly pending: PendingOrders,
    private readonly watch: Watch,
  ) {}

  /** Works off the commands that are due. */
  async tick(): Promise<void> {
    const end = performance.now() + TICK_MS;
    for (let more = true; more && performance.now() < end;) {
      const orderNos = await this.closings.claim(ABREAST, LEASE_MS);
      await abreast(
        orderNos,
        ABREAST,
        (orderNo) => this.order(orderNo),
        (error) => this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a close failed'),
      );
      more = orderNos.length === ABREAST;
    }
  }

  /** One try for one order: every open attempt, then the answer to the command. */
  async order(orderNo: string): Promise<void> {
    const standing = await this.attempts.find(orderNo);
    try {
      for (const attempt of standing?.attempts.filter(isOpen) ?? []) await this.closeAttempt.now(attempt, CALL_MS);
    } finally {
      const end = await this.closings.conclude(orderNo);
      if (end !== 'later') {
        this.logger.log({ orderNo, end }, 'order closed');
        await this.pending.remove([orderNo]);
      }
      this.watch.changed(orderNo);
    }
  }
}
