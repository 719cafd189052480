/**
 * Everything the steps need from outside, on one screen. The abstract classes are Nest tokens; the adapters are in
 * `out/`. Amounts in fen, times UTC. A port that writes has committed when it answers, and the events it recorded are
 * on their way: no transaction travels through the steps.
 */
import { type Line, type Product, type Wish } from '../domain/basket.ts';
import { type Rule } from '../domain/closing.ts';
import { type OrderState, type OrderStatus } from '../domain/order-states.ts';
import {
  type RefundEnd,
  type RefundOrigin,
  type RefundRefusal,
  type RefundState,
  type RepaidHow,
} from '../domain/refund.ts';
import { type Decision, type ReviewRefusal } from '../domain/review.ts';
import { type Payment, type PaymentRole } from '../domain/settlement.ts';

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

/** What became of one order under a rule. `from` is undefined when there is no such order. */
export interface Moved {
  orderNo: string;
  from: OrderStatus | undefined;
  /** The new state, or undefined when the rule asked for nothing. */
  to: OrderStatus | undefined;
}

export type Settled =
  | { kind: 'booked'; role: PaymentRole; from: OrderStatus }
  | { kind: 'repeat' }
  | { kind: 'foreign' }
  | { kind: 'unknown-order' };

/** Changes orders: each call is one transaction over all its orders, taken one by one when a batch conflicts. */
export abstract class OrderChanges {
  /** Locks the orders ascending and decides each by `decideSettle`; one outcome per payment, in order. */
  abstract settle(payments: readonly Payment[]): Promise<Settled[]>;
  /**
   * Locks the orders ascending, asks `rule` (with database time) and writes what it asks for with all its
   * consequences: log, stock, event or close command. One outcome per order number, in order.
   */
  abstract move(orderNos: readonly string[], rule: Rule): Promise<Moved[]>;
  /** As `move`, for at most `limit` orders whose time is up and that no other process is working on. */
  abstract moveExpired(rule: Rule, limit: number): Promise<Moved[]>;
  /**
   * Records the close command again for at most `limit` CLOSING orders last told longer ago than this; with it
   * `order.placed`, because whoever never heard of the order cannot close it.
   */
  abstract resendCloses(olderThanMs: number, limit: number): Promise<number>;
  /** Records again how these orders have ended; those that have not, and unknown ones, are left alone. */
  abstract tellEnds(orderNos: readonly string[]): Promise<void>;
  /** Deletes at most `limit` idempotency keys older than this; answers how many. */
  abstract forgetKeys(olderThanMs: number, limit: number): Promise<number>;
}

/** An operator's wish to give money of an order back. */
export interface RefundWish {
  orderNo: string;
  amountFen: number;
  /** Shown to the buyer; at most 80 characters. */
  reason: string;
  /** Whether the goods are on the shelf again once everything is given back. */
  restock: boolean;
  /** Who asks. */
  operator: string;
  key: string;
  fingerprint: string;
}

export type RefundPlacement =
  | { kind: 'requested' | 'replayed'; body: string }
  | { kind: 'key-reused' | 'key-busy' | 'unknown-order' | RefundRefusal };

/** How a refund ended at WeChat, as `pay` tells it. */
export interface RefundResult {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
  refundId: string | undefined;
  amountFen: number;
  end: RefundEnd;
  reason: string;
}

/**
 * What became of one result. `repeat`: known already. `unknown-order`, `unknown-payment`: not heard of yet.
 * `other-refund`: this number belongs to another amount or payment; nothing was changed.
 */
export type RefundBooked = 'booked' | 'repeat' | 'unknown-order' | 'unknown-payment' | 'other-refund';

/** Requests for refunds, and what became of them. */
export abstract class Refunds {
  /**
   * One transaction: key, cap, request, outbox. The cap is decided by one UPDATE: refunded + reserved + x ≤ paid.
   * @param answer renders what is stored under the key and answered to every repeat
   */
  abstract request(wish: RefundWish, answer: (outRefundNo: string) => string): Promise<RefundPlacement>;
  /** One transaction with all that follows: amounts, state of the order, points, stock, anomaly, event. */
  abstract conclude(result: RefundResult): Promise<RefundBooked>;
  /**
   * Records the command again for at most `limit` requests: first `firstMs` after it was made, then after twice as long
   * each time, at last every `atMostMs`.
   */
  abstract resend(firstMs: number, atMostMs: number, limit: number): Promise<number>;
}

/** An operator's decision about an order in REVIEW. */
export interface ReviewWish {
  orderNo: string;
  decision: Decision;
  note: string;
  operator: string;
  key: string;
  fingerprint: string;
}

/** `refund`: what goes back of the money; null when nothing does. */
export interface Reviewed {
  orderNo: string;
  status: 'PAID' | 'CANCELLED';
  transactionId: string | null;
  refund: { outRefundNo: string; amountFen: number } | null;
}

export type ReviewPlacement =
  | { kind: 'decided' | 'replayed'; body: string }
  | { kind: 'key-reused' | 'key-busy' | 'unknown-order' | ReviewRefusal };

/** Orders whose money an operator judges. */
export abstract class Reviews {
  /**
   * One transaction: key, state of the order with all that follows (stock, points, log, events), role of the payment,
   * refund request, anomaly, audit.
   * @param answer renders what is stored under the key and answered to every repeat
   */
  abstract decide(wish: ReviewWish, answer: (reviewed: Reviewed) => string): Promise<ReviewPlacement>;
}

/** An operator's wish to give money of an anomaly back under a new number. */
export type RequestAnewWish = Pick<RefundWish, 'reason' | 'operator' | 'key' | 'fingerprint'> & { anomalyId: string };

/** `nothing-left`: all of it is back or on its way. `not-by-refund`: no refund can settle this kind of anomaly. */
export type AnewRefusal =
  | 'unknown-anomaly'
  | 'anomaly-closed'
  | 'in-review'
  | 'under-way'
  | 'nothing-left'
  | 'not-by-refund'
  | 'exceeds-paid'
  | 'too-many-refunds';

export type AnewPlacement =
  { kind: 'requested' | 'replayed'; body: string } | { kind: 'key-reused' | 'key-busy' | AnewRefusal };

/** How the buyer got the money of an ABNORMAL refund after all. */
export interface Repayment {
  outRefundNo: string;
  how: RepaidHow;
  note: string;
  operator: string;
}

/** What operators repair about refunds. Each change is one transaction with its audit row. */
export abstract class RefundRepairs {
  /** Requests what is left of an anomaly's money, or a refused or closed refund again, under a new number. */
  abstract requestAnew(
    wish: RequestAnewWish,
    answer: (refund: { outRefundNo: string; amountFen: number }) => string,
  ): Promise<AnewPlacement>;
  /** ABNORMAL → REPAID, with the books and the order as if WeChat had paid. `repeat`: recorded before. */
  abstract recordRepaid(repayment: Repayment): Promise<'recorded' | 'repeat' | 'unknown-refund' | 'not-abnormal'>;
  /** Newest first; `before` is the number of the last one on the page before. */
  abstract list(query: { state?: RefundState; before?: string; limit: number }): Promise<RefundDetail[]>;
  abstract find(outRefundNo: string): Promise<RefundDetail | undefined>;
}

export interface RefundView {
  outRefundNo: string;
  transactionId: string;
  amountFen: number;
  reason: string;
  origin: RefundOrigin;
  status: RefundState;
  requestedAt: Date;
  endedAt: Date | null;
}

/** A refund as an operator sees it. */
export interface RefundDetail extends RefundView {
  orderNo: string;
  refundId: string | null;
  requestedBy: string;
  restock: boolean;
  replaces: string | null;
  repaidHow: RepaidHow | null;
  note: string | null;
}

export interface OrderView {
  orderNo: string;
  buyerId: string;
  status: OrderStatus;
  totalFee: number;
  title: string;
  items: Line[];
  expiresAt: Date;
  createdAt: Date;
  paidAt: Date | null;
  log: { at: Date; from: string | null; to: string; reason: string }[];
  payments: { transactionId: string; role: PaymentRole; totalFee: number; paidAt: Date; refundedFen: number }[];
  refunds: RefundView[];
  points: number;
}

export type OrderSummary = Pick<
  OrderView,
  'orderNo' | 'buyerId' | 'status' | 'totalFee' | 'title' | 'expiresAt' | 'createdAt' | 'paidAt'
>;

export interface OrderQuery {
  /** Only this buyer's orders; undefined = everybody's. */
  buyerId?: string;
  status?: OrderStatus;
  /** Only orders older than this order number. */
  before?: string;
  limit: number;
}

/** Reads of committed rows; nothing is decided by them. */
export abstract class OrderReads {
  abstract products(): Promise<Product[]>;
  abstract order(orderNo: string): Promise<OrderView | undefined>;
  abstract state(orderNo: string): Promise<(OrderState & { title: string }) | undefined>;
  /** Newest first. */
  abstract list(query: OrderQuery): Promise<OrderSummary[]>;
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
