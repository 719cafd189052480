/** A new order, and what is told the rest of the world about it. */
import type { Line, Wish } from '../../domain/basket.ts';
import type { OrderStatus } from '../../domain/order-states.ts';

/** An order wanted by a buyer. `key` and `fingerprint` make a repeat of the same request answer the same. */
export interface OrderRequest {
  buyerId: string;
  /** Idempotency key, 1–128 printable ASCII characters, unique per buyer. */
  key: string;
  /** SHA-256 of the canonical request, hexadecimal. */
  fingerprint: string;
  wishes: readonly Wish[];
  payWithinMs: number;
}

export interface PlacedOrder {
  orderNo: string;
  buyerId: string;
  status: OrderStatus;
  totalFee: number;
  title: string;
  lines: readonly Line[];
  expiresAt: Date;
}

export type Placement =
  | { kind: 'placed'; order: PlacedOrder; body: string }
  | { kind: 'replayed'; status: number; body: string }
  | { kind: 'key-reused' }
  /** The first request with this key is still running. */
  | { kind: 'key-busy' }
  /** Too many buyers want the same products at this moment. */
  | { kind: 'shop-busy' }
  | { kind: 'unknown-product'; productId: string; at: number }
  | { kind: 'out-of-stock'; productId: string; at: number }
  | { kind: 'too-expensive' };

/** Writes new orders. */
export abstract class Placements {
  /**
   * One transaction: key, order, items, reservations, log, `order.placed`, stock. Nothing is written unless all is.
   * @param answer renders what is stored under the key and answered to every repeat, byte for byte
   */
  abstract place(request: OrderRequest, answer: (order: PlacedOrder) => string): Promise<Placement>;
}

/** Orders of buyers who scanned the code of a product. */
export abstract class Scans {
  abstract isProduct(productId: string): Promise<boolean>;
  /** The order that this very scan has led to. */
  abstract orderOf(buyerId: string, scanId: string): Promise<string | undefined>;
  /** A buyer's newest order of a product, and whether it may be paid now by the database's clock. */
  abstract newest(buyerId: string, productId: string): Promise<{ orderNo: string; isPayable: boolean } | undefined>;
  /** Keeps what a scan has led to, as long as idempotency keys are kept; the first word stands. */
  abstract remember(buyerId: string, scanId: string, orderNo: string): Promise<void>;
}

/** Orders waiting for money, in Redis: it makes re-queries cheap and decides nothing. Never throws, never waits. */
export abstract class PendingOrders {
  abstract placed(order: PlacedOrder): void;
  /** Not payable any more, but WeChat has still to be asked. */
  abstract closing(orderNos: readonly string[]): void;
  /** Nothing is awaited any more. */
  abstract ended(orderNos: readonly string[]): void;
}

/** The message that comes back when an order's time is up. A hint: the sweep is the guarantee. Never throws. */
export abstract class TimeoutMessages {
  abstract schedule(orderNo: string): void;
}

/** Links to the cashier page. */
export abstract class PayLinks {
  /** An absolute URL that lets its holder see and pay this order. */
  abstract urlFor(orderNo: string, expiresAt: Date): string;
}

/** How the shop is run. */
export class ShopRules {
  constructor(
    /** How long a buyer has to pay, in milliseconds. */
    readonly payWithinMs: number,
  ) {}
}
