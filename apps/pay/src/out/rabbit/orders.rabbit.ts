import { Injectable, Logger } from '@nestjs/common';
import { ORDER_PAYABLE, orderPayableReply, type OrderPayableRequest } from '#contract';
import { RabbitClient } from '#platform';
import type { NewPayable } from '../../domain/payable.ts';
import { Orders } from '../../flow/ports.ts';

@Injectable()
export class OrdersRabbit extends Orders {
  private readonly logger = new Logger('orders');

  constructor(private readonly client: RabbitClient) {
    super();
  }

  override async payable(orderNo: string): Promise<NewPayable | 'unknown' | 'unreachable'> {
    const request: OrderPayableRequest = { orderNo };
    let answer: unknown;
    try {
      answer = await this.client.request<unknown>(ORDER_PAYABLE, request);
    } catch (error) {
      this.logger.warn({ orderNo, reason: error instanceof Error ? error.message : 'unknown' }, 'order did not answer');
      return 'unreachable';
    }
    const reply = orderPayableReply.safeParse(answer);
    if (!reply.success || (reply.data.found && reply.data.orderNo !== orderNo)) {
      this.logger.error({ orderNo }, 'order answered something else than was asked');
      return 'unreachable';
    }
    if (!reply.data.found) return 'unknown';
    const { totalFee, title, expiresAt } = reply.data;
    return { orderNo, totalFee, title, expiresAt: new Date(expiresAt) };
  }
}
