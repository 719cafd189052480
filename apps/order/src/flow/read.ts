// Shows orders and products as they are committed: nothing is decided here; another buyer's order does not exist.
import { Injectable } from '@nestjs/common';
import { type OrderPayableReply } from '#contract';
import { type Product } from '../domain/basket.ts';
import { OrderReads, PayLinks, type OrderQuery, type OrderSummary, type OrderView } from './ports.ts';

/** Orders on one page of a list. */
const PAGE = 50;

/** Who is asking: an operator sees every order, a buyer their own. */
export interface Reader {
  buyerId: string;
  operator: boolean;
}

@Injectable()
export class ReadOrders {
  constructor(
    private readonly reads: OrderReads,
    private readonly payLinks: PayLinks,
  ) {}

  /** All products with what is left of them. Prices in fen. */
  products(): Promise<Product[]> {
    return this.reads.products();
  }

  /** One order, or undefined when there is none that this reader may see. */
  async order(orderNo: string, reader: Reader): Promise<OrderView | undefined> {
    const order = await this.reads.order(orderNo);
    return order && (reader.operator || order.buyerId === reader.buyerId) ? order : undefined;
  }

  /** Orders newest first; `next` is the cursor of the following page, null on the last one. */
  async list(
    reader: Reader,
    filter: Pick<OrderQuery, 'status' | 'before'>,
  ): Promise<{ orders: OrderSummary[]; next: string | null }> {
    const own = reader.operator ? {} : { buyerId: reader.buyerId };
    const orders = await this.reads.list({ ...filter, ...own, limit: PAGE + 1 });
    const page = orders.slice(0, PAGE);
    return { orders: page, next: orders.length > PAGE ? (page.at(-1)?.orderNo ?? null) : null };
  }

  /** The link to the cashier for the buyer who still may pay this order; null for everybody and everything else. */
  payUrl(order: Pick<OrderSummary, 'orderNo' | 'buyerId' | 'status' | 'expiresAt'>, reader: Reader): string | null {
    const payable = order.status === 'WAIT_PAY' && order.buyerId === reader.buyerId;
    return payable ? this.payLinks.urlFor(order.orderNo, order.expiresAt) : null;
  }

  /** What `pay` needs to take money for an order whose event has not reached it yet. */
  async payable(orderNo: string): Promise<OrderPayableReply> {
    const order = await this.reads.state(orderNo);
    if (!order) return { found: false };
    const { totalFee, title, expiresAt, status } = order;
    return { found: true, orderNo, totalFee, title, expiresAt: expiresAt.toISOString(), status };
  }
}
