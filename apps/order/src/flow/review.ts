// An operator decides about money of another amount: it pays the order and what is too much goes back, or all of it goes
// back and the order ends. One decision wins. Next: refund, or `order.paid` and `order.cancelled` to whoever listens.
import { Injectable, Logger } from '@nestjs/common';
import { PendingOrders, Reviews, type ReviewPlacement, type ReviewWish } from './ports.ts';

@Injectable()
export class ReviewOrders {
  private readonly logger = new Logger(ReviewOrders.name);

  constructor(
    private readonly reviews: Reviews,
    private readonly pending: PendingOrders,
  ) {}

  /** Decides about one order; the same key is the same decision. */
  async decide(wish: ReviewWish): Promise<ReviewPlacement> {
    const placed = await this.reviews.decide(wish, (reviewed) => JSON.stringify(reviewed));
    if (placed.kind === 'decided') {
      const { orderNo, decision, operator } = wish;
      this.logger.log({ orderNo, decision, operator }, 'review decided');
      this.pending.ended([orderNo]);
    }
    return placed;
  }
}
