import type { Event } from '#contract';
import { event } from '#platform';
import type { RefundEnd } from '../../domain/refund.ts';
import type { RefundRow } from './refund.row.ts';

const typeOf = {
  SUCCESS: 'refund.succeeded',
  REFUSED: 'refund.failed',
  CLOSED: 'refund.failed',
  ABNORMAL: 'refund.abnormal',
} as const satisfies Record<RefundEnd, string>;

/** How a refund ended. The id names the fact, so the same end told twice is one message. */
export function refundEnded(row: RefundRow, status: RefundEnd): Event {
  const { out_refund_no: outRefundNo, refund_id: refundId } = row;
  return event(typeOf[status], `${typeOf[status]}:${outRefundNo}`, {
    orderNo: row.order_no,
    transactionId: row.transaction_id,
    outRefundNo,
    ...(refundId === null ? {} : { refundId }),
    amountFen: Number(row.amount_fen),
    status,
    reason: row.last_error,
  });
}
