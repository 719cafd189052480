import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageNeeds, type ParkedContent } from '#platform';
import type { OrderStatus } from '../../domain/payable.ts';
import { refundMachine, type RefundState } from '../../domain/refund.ts';

/**
 * Which messages say what is not written down here yet: a refund until it is recorded, and that it was repaid until that
 * is, however its order stands; all else while `order` has not said how the order ended.
 */
@Injectable()
export class MessageNeedsMysql extends MessageNeeds {
  override async isNeeded(
    em: EntityManager,
    { type, data: { orderNo, outRefundNo } }: ParkedContent,
  ): Promise<boolean> {
    const [payable] = await em.query<{ order_status: OrderStatus }[]>(
      'SELECT order_status FROM payable WHERE order_no = ?',
      [orderNo],
    );
    if (!payable) return false;
    if (outRefundNo === undefined) return ['WAIT_PAY', 'REVIEW'].includes(payable.order_status);
    const [refund] = await em.query<{ state: RefundState }[]>('SELECT state FROM refund WHERE out_refund_no = ?', [
      outRefundNo,
    ]);
    return !refund || (type === 'refund.repaid' && refundMachine.may(refund.state, 'REPAID'));
  }
}
