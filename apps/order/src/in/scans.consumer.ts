import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import {
  PRODUCT_FIND,
  PRODUCT_SCANNED,
  productFindRequest,
  productScannedRequest,
  type ProductFindReply,
  type ProductScannedReply,
} from '#contract';
import { counter } from '#platform';
import { OrderByScan } from '../flow/scan.ts';

const scans = counter('paypair_order_scans_total', 'Scans of product codes by outcome', ['outcome']);

/** What `pay` asks about product codes. Both questions may be repeated. */
@Controller()
export class ScansConsumer {
  constructor(private readonly orderByScan: OrderByScan) {}

  @MessagePattern(PRODUCT_FIND)
  async find(data: unknown): Promise<ProductFindReply> {
    return { found: await this.orderByScan.sells(productFindRequest.parse(data).productId) };
  }

  @MessagePattern(PRODUCT_SCANNED)
  async scanned(data: unknown): Promise<ProductScannedReply> {
    const outcome = await this.orderByScan.order(productScannedRequest.parse(data));
    scans.inc({ outcome: outcome.kind });
    if (outcome.kind !== 'order') return outcome;
    const { orderNo, totalFee, title, expiresAt } = outcome.order;
    return { kind: 'order', orderNo, totalFee, title, expiresAt: expiresAt.toISOString() };
  }
}
