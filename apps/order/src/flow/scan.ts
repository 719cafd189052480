// Answers who has scanned a product's permanent code: the order of theirs that is still unpaid, or a new one; two scans at
// once are one order. Next: `pay` makes it payable, settle.
import { Injectable } from '@nestjs/common';
import { type OrderState } from '../domain/order-states.ts';
import { PlaceOrder } from './place.ts';
import { OrderReads, Scans } from './ports.ts';

/** One scan, as WeChat Pay told it to `pay`. */
export interface Scan {
  /** Who scanned, as the merchant's account knows them. */
  openid: string;
  productId: string;
  /** The same for the same scan told again. */
  scanId: string;
}

export type ScanOutcome =
  | { kind: 'order'; order: Pick<OrderState, 'orderNo' | 'totalFee' | 'expiresAt'> & { title: string } }
  | { kind: 'unknown-product' | 'sold-out' | 'busy' };

/** A buyer who is known by a scan alone; nobody signs in under such a name. */
export const buyerOf = (openid: string): string => `wx:${openid}`;

@Injectable()
export class OrderByScan {
  constructor(
    private readonly scans: Scans,
    private readonly reads: OrderReads,
    private readonly placeOrder: PlaceOrder,
  ) {}

  /** Whether a code for this product would lead to anything. */
  sells(productId: string): Promise<boolean> {
    return this.scans.isProduct(productId);
  }

  /** One piece of the product. A scan told again is answered with its order, whatever has become of that. */
  async order(scan: Scan): Promise<ScanOutcome> {
    const buyerId = buyerOf(scan.openid);
    const told = await this.scans.orderOf(buyerId, scan.scanId);
    if (told !== undefined) return this.answer(told);
    const newest = await this.scans.newest(buyerId, scan.productId);
    if (newest?.isPayable) return this.found(buyerId, scan, newest.orderNo);
    return this.place(buyerId, scan, newest?.orderNo);
  }

  /** The key names the order before this one, so whoever scans at the same moment asks for the same order. */
  private async place(buyerId: string, scan: Scan, before = 'none'): Promise<ScanOutcome> {
    const { productId } = scan;
    const placement = await this.placeOrder.place({
      buyerId,
      key: `scan:${productId}:after:${before}`,
      fingerprint: `scan:${productId}`,
      wishes: [{ productId, quantity: 1 }],
    });
    switch (placement.kind) {
      case 'placed':
        return this.found(buyerId, scan, placement.order.orderNo);
      case 'replayed':
        return this.found(buyerId, scan, (JSON.parse(placement.body) as { orderNo: string }).orderNo);
      case 'out-of-stock':
        return { kind: 'sold-out' };
      case 'unknown-product':
        return { kind: 'unknown-product' };
      case 'key-busy':
      case 'shop-busy':
        return { kind: 'busy' };
      case 'key-reused':
      case 'too-expensive':
        throw new Error(`a scan of ${productId} cannot be answered with ${placement.kind}`);
    }
  }

  private async found(buyerId: string, { scanId }: Scan, orderNo: string): Promise<ScanOutcome> {
    await this.scans.remember(buyerId, scanId, orderNo);
    return this.answer(orderNo);
  }

  private async answer(orderNo: string): Promise<ScanOutcome> {
    const order = await this.reads.state(orderNo);
    if (!order) throw new Error(`order ${orderNo} of a scan is not there`);
    return { kind: 'order', order };
  }
}
