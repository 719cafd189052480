import { type EntityManager } from 'typeorm';
import { type AnomalyKind } from '../../domain/anomaly.ts';
import { kinOf, type Successor } from '../../domain/refund.ts';
import { type PaymentRole } from '../../domain/settlement.ts';

interface AboutRefund {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
}

/** Opens the anomaly of a refund, or opens it again. `detail` is what the list shows at first sight. */
export async function openRefundAnomaly(
  em: EntityManager,
  kind: AnomalyKind,
  { orderNo, transactionId, outRefundNo }: AboutRefund,
  detail: string,
  now: Date,
): Promise<void> {
  const text = detail.slice(0, 255);
  await em.query(
    `INSERT INTO anomaly (kind, order_no, transaction_id, out_refund_no, detail, state, opened_at)
     VALUES (?, ?, ?, ?, ?, 'OPEN', ?)
     ON DUPLICATE KEY UPDATE detail = ?, state = 'OPEN', opened_at = ?, closed_at = NULL, closed_by = NULL, note = NULL`,
    [kind, orderNo, transactionId, outRefundNo, text, now, text, now],
  );
}

/**
 * Closes what a refund has settled that is with the buyer now: its own anomalies, those of refunds that never paid the
 * same money; and once nothing of the payment is left, all others about money that had to go back.
 */
export async function closeSettled(
  em: EntityManager,
  { transactionId, outRefundNo, role, nothingLeft }: AboutRefund & { role: PaymentRole; nothingLeft: boolean },
  now: Date,
): Promise<void> {
  const note = `given back by ${outRefundNo}`;
  const close = `UPDATE anomaly SET state = 'DONE', closed_at = ?, note = ?
    WHERE transaction_id = ? AND state = 'OPEN'`;
  await em.query(`${close} AND kind = 'REFUND_ABNORMAL' AND out_refund_no = ?`, [
    now,
    note,
    transactionId,
    outRefundNo,
  ]);
  const refunds = await em.query<Successor[]>(
    'SELECT out_refund_no AS outRefundNo, replaces FROM refund_request WHERE transaction_id = ?',
    [transactionId],
  );
  const kin = kinOf(refunds, outRefundNo).map((one) => one.outRefundNo);
  const unpaid = `${close} AND kind IN ('REFUND_REFUSED', 'REFUND_CLOSED')`;
  await em.query(`${unpaid} AND out_refund_no IN (?)`, [now, note, transactionId, kin]);
  if (!nothingLeft) return;
  await em.query(`${close} AND kind IN (?)`, [now, note, transactionId, [role, 'REFUND_REFUSED', 'REFUND_CLOSED']]);
}
