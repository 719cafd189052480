// Mode 1: asks the merchant for an order when somebody scans the permanent code of a product; only an order that this
// merchant made, and answered with a correct signature, is shown. Next: pay.ts.
import { Injectable } from '@nestjs/common';
import { phoneOpenid } from '../domain/identifiers.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order, SignType } from '../domain/order.ts';
import { RuleBook } from '../domain/rules.ts';
import { Merchant, MerchantCallback } from './ports.ts';
import { Recorder } from './record.ts';

export type ProductScan =
  { kind: 'order'; order: Order } | { kind: 'no-callback' | 'malformed' } | { kind: 'refused'; text: string };

@Injectable()
export class ScanProduct {
  constructor(
    private readonly book: OrderBook,
    private readonly rules: RuleBook,
    private readonly callback: MerchantCallback,
    private readonly merchant: Merchant,
    private readonly recorder: Recorder,
  ) {}

  /** @param signType the algorithm that the product code is signed with */
  async scan(productId: string, signType: SignType): Promise<ProductScan> {
    const { scanUrl } = this.rules.now;
    if (scanUrl === '') return { kind: 'no-callback' };
    const openid = phoneOpenid(this.merchant.appid);
    const reply = await this.callback.ask(scanUrl, { openid, productId, signType });
    const prepayId = reply.kind === 'order' ? reply.prepayId : null;
    await this.recorder.record({ kind: 'scanned', productId, prepayId, replied: reply.replied });
    if (reply.kind === 'refused') return { kind: 'refused', text: reply.text };
    const order = prepayId === null ? undefined : this.book.byPrepay(prepayId);
    return order ? { kind: 'order', order } : { kind: 'malformed' };
  }
}
