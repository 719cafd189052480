import type { EntityManager } from 'typeorm';
import { attemptMachine, type SettleSource } from '../../domain/attempt.ts';
import type { AnomalyRow } from './anomaly.row.ts';

/**
 * `order` has taken these transactions for their orders after all: where one had come with another amount, its anomaly is
 * done and its attempt has succeeded by it.
 */
export async function closeAccepted(em: EntityManager, transactionIds: readonly string[]): Promise<void> {
  if (transactionIds.length === 0) return;
  const accepted = await em.query<AnomalyRow[]>(
    "SELECT * FROM anomaly WHERE kind = 'AMOUNT' AND transaction_id IN (?) AND state = 'OPEN' FOR UPDATE",
    [transactionIds],
  );
  for (const anomaly of accepted) await accept(em, anomaly);
}

async function accept(em: EntityManager, { id, out_trade_no, transaction_id, ...row }: AnomalyRow): Promise<void> {
  await em.query(
    `UPDATE anomaly SET state = 'DONE', closed_at = UTC_TIMESTAMP(3), note = 'accepted: it paid its order' WHERE id = ?`,
    [id],
  );
  // Anomalies of older processes do not say when it was paid.
  const { source, paidAt } = JSON.parse(row.detail) as { source: SettleSource; paidAt?: string };
  await em.query(
    `UPDATE attempt SET state = 'SUCCESS', open_slot = NULL, calling_until = NULL, next_check_at = NULL,
            transaction_id = ?, paid_at = ?, settle_source = ?, updated_at = UTC_TIMESTAMP(3)
      WHERE out_trade_no = ? AND state IN (?)`,
    [
      transaction_id,
      paidAt === undefined ? row.created_at : new Date(paidAt),
      source,
      out_trade_no,
      attemptMachine.sources('SUCCESS'),
    ],
  );
}

/** Closes the anomaly of a payment once the buyer has all of it back, from WeChat or by other means. */
export async function closeGivenBack(em: EntityManager, transactionId: string, totalFee: number): Promise<void> {
  const [sum] = await em.query<{ fen: string | null }[]>(
    "SELECT SUM(amount_fen) AS fen FROM refund WHERE transaction_id = ? AND state IN ('SUCCESS', 'REPAID')",
    [transactionId],
  );
  if (Number(sum?.fen ?? 0) < totalFee) return;
  await em.query(
    `UPDATE anomaly SET state = 'DONE', closed_at = UTC_TIMESTAMP(3), note = 'given back'
      WHERE kind IN ('AMOUNT', 'UNKNOWN') AND transaction_id = ? AND state = 'OPEN'`,
    [transactionId],
  );
}
