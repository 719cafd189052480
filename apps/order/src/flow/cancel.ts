// The buyer cancels: the order closes at WeChat first, so money that was faster still pays it. Next: close.
import { Injectable } from '@nestjs/common';
import { whenBuyerCancels } from '../domain/closing.ts';
import { type OrderStatus } from '../domain/order-states.ts';
import { OrderChanges, OrderReads, PendingOrders } from './ports.ts';

export type CancelOutcome =
  /** Closing now, or closing or closed before. */
  | { kind: 'accepted'; status: OrderStatus }
  | { kind: 'paid' }
  /** Money of another amount waits for an operator. */
  | { kind: 'in-review' }
  /** No such order of this buyer. */
  | { kind: 'unknown-order' };

@Injectable()
export class CancelOrder {
  constructor(
    private readonly changes: OrderChanges,
    private readonly reads: OrderReads,
    private readonly pending: PendingOrders,
  ) {}

  /** Asks for the end of a buyer's own order; asking again is the same. */
  async cancel(orderNo: string, buyerId: string): Promise<CancelOutcome> {
    const order = await this.reads.state(orderNo);
    if (order?.buyerId !== buyerId) return { kind: 'unknown-order' };
    const [moved] = await this.changes.move([orderNo], whenBuyerCancels);
    if (moved?.from === undefined) return { kind: 'unknown-order' };
    if (moved.to) this.pending.closing([orderNo]);
    switch (moved.from) {
      case 'PAID':
      case 'PART_REFUNDED':
      case 'REFUNDED':
        return { kind: 'paid' };
      case 'REVIEW':
        return { kind: 'in-review' };
      case 'WAIT_PAY':
      case 'CLOSING':
      case 'CANCELLED':
      case 'PAY_FAILED':
        return { kind: 'accepted', status: moved.to ?? moved.from };
    }
  }
}
