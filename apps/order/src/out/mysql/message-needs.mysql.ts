import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { MessageNeeds, type ParkedContent } from '#platform';
import { type OrderStatus } from '../../domain/order-states.ts';
import { mayEnd, type RefundEnd, type RefundState } from '../../domain/refund.ts';

/**
 * Which messages say what is not in the books yet. Money, and how a refund ended, are needed until they are booked,
 * however their order stands: money that came late goes back only when it is booked. All else moves an order on that has
 * not ended.
 */
@Injectable()
export class MysqlMessageNeeds extends MessageNeeds {
  override async isNeeded(em: EntityManager, { type, data }: ParkedContent): Promise<boolean> {
    const { orderNo, transactionId, outRefundNo } = data;
    const [order] = await em.query<{ status: OrderStatus }[]>('SELECT status FROM orders WHERE order_no = ?', [
      orderNo,
    ]);
    if (!order) return false;
    if (outRefundNo !== undefined) return isNewsOfRefund(em, data);
    if (transactionId !== undefined && (type === 'payment.succeeded' || type === 'payment.mismatched')) {
      return !(await isBooked(em, transactionId));
    }
    return ['WAIT_PAY', 'CLOSING', 'REVIEW'].includes(order.status);
  }
}

async function isBooked(em: EntityManager, transactionId: string): Promise<boolean> {
  const rows = await em.query<object[]>('SELECT 1 FROM order_payment WHERE transaction_id = ?', [transactionId]);
  return rows.length > 0;
}

/** One that was made in the merchant console is known only by its message. */
async function isNewsOfRefund(em: EntityManager, { outRefundNo, status }: ParkedContent['data']): Promise<boolean> {
  const [known] = await em.query<{ state: RefundState }[]>('SELECT state FROM refund_request WHERE out_refund_no = ?', [
    outRefundNo,
  ]);
  return !known || mayEnd(known.state, status as RefundEnd);
}
