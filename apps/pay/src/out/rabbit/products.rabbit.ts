import { Injectable, Logger } from '@nestjs/common';
import {
  PRODUCT_FIND,
  PRODUCT_SCANNED,
  productFindReply,
  productScannedReply,
  productScannedRequest,
  type ProductFindRequest,
} from '#contract';
import { RabbitClient } from '#platform';
import type { NewPayable } from '../../domain/payable.ts';
import { Products, type ProductScan } from '../../flow/ports.ts';

@Injectable()
export class ProductsRabbit extends Products {
  private readonly logger = new Logger('products');

  constructor(private readonly client: RabbitClient) {
    super();
  }

  override async has(productId: string): Promise<boolean | 'unreachable'> {
    const request: ProductFindRequest = { productId };
    const reply = productFindReply.safeParse(await this.ask(PRODUCT_FIND, request));
    return reply.success ? reply.data.found : 'unreachable';
  }

  override async orderFor(
    { productId, openid, scanId }: ProductScan,
    withinMs: number,
  ): Promise<NewPayable | 'unknown-product' | 'sold-out' | 'busy' | 'unreachable'> {
    // Whatever the shop cannot call a product it does not sell.
    const request = productScannedRequest.safeParse({ productId, openid, scanId });
    if (!request.success) return 'unknown-product';
    const reply = productScannedReply.safeParse(await this.ask(PRODUCT_SCANNED, request.data, withinMs));
    if (!reply.success) return 'unreachable';
    if (reply.data.kind !== 'order') return reply.data.kind;
    const { orderNo, totalFee, title, expiresAt } = reply.data;
    return { orderNo, totalFee, title, expiresAt: new Date(expiresAt) };
  }

  /** Undefined when there is no answer. */
  private async ask(pattern: string, request: object, withinMs?: number): Promise<unknown> {
    try {
      return await this.client.request<unknown>(pattern, request, withinMs);
    } catch (error) {
      this.logger.warn({ pattern, reason: error instanceof Error ? error.message : 'unknown' }, 'order did not answer');
      return undefined;
    }
  }
}
