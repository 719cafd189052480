// Gives money back: capped per payment, told to `pay` until it answers, booked once by how it ended at WeChat. Ends the story.
import { Injectable, Logger } from '@nestjs/common';
import { type EventData } from '#contract';
import { Refunds, type RefundBooked, type RefundPlacement, type RefundWish } from './ports.ts';

/** A command is told again when it has had no answer for this long, and then ever more slowly: balances take days. */
const RESEND_AFTER_MS = 60_000;
const RESEND_AT_MOST_MS = 10 * 60_000;
/** Requests told again in one transaction. */
const PAGE = 200;
/** Transactions in one sweep. */
const PAGES = 50;

type Result = EventData<'refund.succeeded'>;

@Injectable()
export class RefundOrders {
  private readonly logger = new Logger(RefundOrders.name);

  constructor(private readonly refunds: Refunds) {}

  /** Requests a refund of the money that paid an order; the same key is the same refund. */
  async request(wish: RefundWish): Promise<RefundPlacement> {
    const placed = await this.refunds.request(wish, (outRefundNo) =>
      JSON.stringify({ outRefundNo, status: 'REQUESTED' }),
    );
    if (placed.kind === 'requested') {
      const { orderNo, amountFen, operator } = wish;
      this.logger.log({ orderNo, amountFen, operator }, 'refund requested');
    }
    return placed;
  }

  /** Books how refunds ended; one outcome per result, in order. */
  async conclude(results: readonly Result[]): Promise<RefundBooked[]> {
    const outcomes: RefundBooked[] = [];
    for (const result of results) {
      const { status: end, orderNo, outRefundNo } = result;
      const outcome = await this.refunds.conclude({ ...result, end, refundId: result.refundId });
      outcomes.push(outcome);
      const about = { orderNo, outRefundNo, end, outcome };
      if (outcome === 'booked' && end === 'SUCCESS') this.logger.log(about, 'refunded');
      else if (outcome !== 'repeat') this.logger.error(about, 'a refund needs an operator, or is not known yet');
    }
    return outcomes;
  }

  /** Tells `pay` again what it has not answered. Several processes may do so at the same time. */
  async resend(): Promise<number> {
    let total = 0;
    for (let page = 0; page < PAGES; page++) {
      const sent = await this.refunds.resend(RESEND_AFTER_MS, RESEND_AT_MOST_MS, PAGE);
      total += sent;
      if (sent < PAGE) break;
    }
    return total;
  }
}
