import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageNeeds, type ParkedContent } from '#platform';
import type { OrderStatus } from '../../domain/payable.ts';

/**
 * Which messages say what is not written down here yet: a refund until it is recorded, however its order stands; all else
 * while `order` has not said how the order ended.
 */
@Injectable()
export class MessageNeedsMysql extends MessageNeeds {
  override async isNeeded(em: EntityManager, { data: { orderNo, outRefundNo } }: ParkedContent): Promise<boolean> {
    const [payable] = await em.query<{ order_status: OrderStatus }[]>(
      'SELECT order_status FROM payable WHERE order_no = ?',
      [orderNo],
    );
    if (!payable) return false;
    if (outRefundNo === undefined) return ['WAIT_PAY', 'REVIEW'].includes(payable.order_status);
    const refunds = await em.query<object[]>('SELECT 1 FROM refund WHERE out_refund_no = ?', [outRefundNo]);
    return refunds.length === 0;
  }
}
