// Ports that decide nothing: what they would do is left out, so that MySQL alone has to keep the promises.
import {
  OrderReads,
  type OrderSummary,
  type OrderView,
  PayLinks,
  PendingOrders as PendingOfOrder,
} from '../../apps/order/src/flow/ports.ts';
import {
  Audits,
  Counts,
  OpenPages,
  Orders,
  PendingOrders,
  PrepayLock,
  RefundListings,
} from '../../apps/pay/src/flow/ports.ts';
import type { Product } from '../../apps/order/src/domain/basket.ts';
import type { Around } from './around.testing.ts';
import type { OrderBooks, OrderRow } from './order-books.testing.ts';

const nothing = (): void => undefined;
const away = (): Promise<undefined> => Promise.resolve(undefined);

/** Redis is away. */
export class NoRedis extends PendingOrders {
  override claim = away;
  override schedule = away;
  override remove = away;
  override isComplete = away;
  override markComplete = away;
  override mayAsk = away;
}

export class NoRedisOfOrder extends PendingOfOrder {
  override placed = nothing;
  override closing = nothing;
  override ended = nothing;
}

/** Nobody makes refunds in the merchant console here. */
export class NoListings extends RefundListings {
  override claim = () => Promise.resolve([]);
  override done = () => Promise.resolve();
  override later = () => Promise.resolve();
}

export class NoLock extends PrepayLock {
  override acquire = () => Promise.resolve('away' as const);
}

export class NoPages extends OpenPages {
  override switched = nothing;
}

export class NoCounts extends Counts {
  override notice = nothing;
  override settled = nothing;
  override prepay = nothing;
  override refundWaits = nothing;
}

export class NoAudits extends Audits {
  override write = away;
}

export class NoOrders extends Orders {
  override payable = () => Promise.resolve('unreachable' as const);
}

export class NoLinks extends PayLinks {
  override urlFor = (orderNo: string) => orderNo;
}

/** Reads of `order`: one turn, and never the last word. */
export class ReadsInMemory extends OrderReads {
  constructor(
    private readonly around: Around,
    private readonly books: OrderBooks,
  ) {
    super();
  }

  override state(orderNo: string): Promise<OrderRow | undefined> {
    return this.around.turns.take(`order reads ${orderNo}`, () => {
      const order = this.books.orders.get(orderNo);
      return order && { ...order };
    });
  }
  override products = (): Promise<Product[]> => Promise.resolve([]);
  override list = (): Promise<OrderSummary[]> => Promise.resolve([]);
  override order = (): Promise<OrderView | undefined> => Promise.resolve(undefined);
}
