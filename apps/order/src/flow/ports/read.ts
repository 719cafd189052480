/** Orders as buyers and operators see them. */
import type { Line, Product } from '../../domain/basket.ts';
import type { OrderState, OrderStatus } from '../../domain/order-states.ts';
import type { PaymentRole } from '../../domain/settlement.ts';
import type { RefundView } from './refund.ts';

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
