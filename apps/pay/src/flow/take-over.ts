// Takes over refunds that were made in the merchant console: they are stored under WeChat's number and told like ours.
// That a payment has such refunds is written down with its settlement, and WeChat is asked for their list until it has
// given all of it. Next: the refund step asks WeChat about each until it has ended.
import { Injectable, Logger } from '@nestjs/common';
import { listingTryMs } from '../domain/refund.ts';
import { abreast } from './abreast.ts';
import { RefundGateway, RefundListings, Refunds } from './ports.ts';

const LIST_MS = 5_000;
const ABREAST = 5;
/** A list has up to five pages, each a call of its own. */
const LEASE_MS = 60_000;
/** A tick takes no more payments after this long; the next one goes on. */
const TICK_MS = 4_000;

@Injectable()
export class TakeOver {
  private readonly logger = new Logger('refund');

  constructor(
    private readonly refunds: Refunds,
    private readonly gateway: RefundGateway,
    private readonly listings: RefundListings,
  ) {}

  /** Works off the lists that could not be had at once. */
  async tick(): Promise<void> {
    const end = performance.now() + TICK_MS;
    for (let more = true; more && performance.now() < end;) {
      const due = await this.listings.claim(ABREAST, LEASE_MS);
      await abreast(
        due,
        ABREAST,
        async ({ transactionId, tries }) => {
          if (!(await this.of(transactionId))) await this.listings.later(transactionId, listingTryMs(tries));
        },
        (error) => this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a listing failed'),
      );
      more = due.length === ABREAST;
    }
  }

  /** Stores what is not known here of a payment's refunds. Answers whether all of them could be seen. */
  async of(transactionId: string): Promise<boolean> {
    const seen = await this.gateway.list(transactionId, LIST_MS);
    if (!seen) {
      this.logger.error({ transactionId }, 'the refunds of a payment could not be listed');
      return false;
    }
    for (const refund of seen) {
      if ((await this.refunds.takeOver(refund)) !== true) continue;
      const { outRefundNo, refundId, amountFen } = refund;
      this.logger.warn({ transactionId, outRefundNo, refundId, amountFen }, 'a refund made without us is taken over');
    }
    await this.listings.done(transactionId);
    return true;
  }
}
