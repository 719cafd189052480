import { type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { event, protection } from '#platform';
import { FIRST_REFUND_STATE, type RefundOrigin } from '../../domain/refund.ts';

/** Whether what was paid bounds what goes back. */
export const capsRefunds = protection('refund-cap');

/** One request as it is written. Amounts in fen. */
export interface NewRefund {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  reason: string;
  restock: boolean;
  origin: RefundOrigin;
  requestedBy: string;
  /** The refused or closed refund this one is made for. */
  replaces?: string;
}

type Command = Pick<NewRefund, 'outRefundNo' | 'orderNo' | 'transactionId' | 'amountFen' | 'reason'>;

/** The command to give money back. The same text however often it is told: a repeat is the same command. */
export const refundRequested = (
  { orderNo, transactionId, outRefundNo, amountFen, reason }: Command,
  now: Date,
): Event<'refund.requested'> => {
  const command = { orderNo, transactionId, outRefundNo, amountFen, reason };
  return event('refund.requested', `refund.requested:${outRefundNo}`, command, now);
};

/**
 * Sets an amount of a payment aside for a refund. The cap stands in the WHERE clause: never more than was paid.
 * @returns whether there was so much left
 */
export async function setAside(em: EntityManager, transactionId: string, amountFen: number): Promise<boolean> {
  const { affectedRows } = await em.query<{ affectedRows: number }>(
    `UPDATE order_payment SET reserved_fen = reserved_fen + ?
     WHERE transaction_id = ? AND (refunded_fen + reserved_fen + ? <= total_fee OR ?)`,
    [amountFen, transactionId, amountFen, !capsRefunds],
  );
  return affectedRows === 1;
}

/**
 * Writes requests whose amounts the caller has reserved in the same transaction.
 * @returns the commands to record in the same transaction
 */
export async function writeRefunds(em: EntityManager, now: Date, refunds: readonly NewRefund[]): Promise<Event[]> {
  if (refunds.length === 0) return [];
  const rows = refunds.map((one) => [
    one.outRefundNo,
    one.orderNo,
    one.transactionId,
    one.amountFen,
    one.reason,
    one.restock ? 1 : 0,
    one.origin,
    FIRST_REFUND_STATE,
    one.requestedBy,
    now,
    now,
    one.replaces ?? null,
  ]);
  await em.query(
    `INSERT INTO refund_request (out_refund_no, order_no, transaction_id, amount_fen, reason, restock, origin, state,
       requested_by, requested_at, sent_at, replaces) VALUES ?`,
    [rows],
  );
  return refunds.map((one) => refundRequested(one, now));
}
