// Takes an order: stock is reserved and the order exists, or nothing is written; one key is one order. Next: settle, expire.
import { Injectable } from '@nestjs/common';
import { type Wish } from '../domain/basket.ts';
import { PayLinks, PendingOrders, Placements, ShopRules, TimeoutMessages, type Placement } from './ports.ts';

/** One request to place an order, its input already checked. */
export interface PlaceRequest {
  buyerId: string;
  key: string;
  fingerprint: string;
  wishes: readonly Wish[];
}

@Injectable()
export class PlaceOrder {
  constructor(
    private readonly placements: Placements,
    private readonly pending: PendingOrders,
    private readonly timeouts: TimeoutMessages,
    private readonly payLinks: PayLinks,
    private readonly rules: ShopRules,
  ) {}

  /**
   * Places an order at the shop's own prices. Redis and the time-out message follow the commit and may fail: the order
   * stands all the same, and the sweep expires it.
   * @returns the placed order with the answer stored under its key, a replay of that answer, or a refusal
   */
  async place(request: PlaceRequest): Promise<Placement> {
    const placement = await this.placements.place(
      { ...request, payWithinMs: this.rules.payWithinMs },
      ({ orderNo, totalFee, status, expiresAt }) =>
        JSON.stringify({
          orderNo,
          totalFee,
          status,
          expiresAt: expiresAt.toISOString(),
          payUrl: this.payLinks.urlFor(orderNo, expiresAt),
        }),
    );
    if (placement.kind === 'placed') {
      this.pending.placed(placement.order);
      this.timeouts.schedule(placement.order.orderNo);
    }
    return placement;
  }
}
