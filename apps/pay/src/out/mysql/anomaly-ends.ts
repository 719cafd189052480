import type { EntityManager } from 'typeorm';

/** `order` has taken these transactions for their orders after all. */
export async function closeAccepted(em: EntityManager, transactionIds: readonly string[]): Promise<void> {
  if (transactionIds.length === 0) return;
  await em.query(
    `UPDATE anomaly SET state = 'DONE', closed_at = UTC_TIMESTAMP(3), note = 'accepted: it paid its order'
      WHERE kind = 'AMOUNT' AND transaction_id IN (?) AND state = 'OPEN'`,
    [transactionIds],
  );
}

/** Closes the anomaly of a payment once WeChat has given all of it back. */
export async function closeGivenBack(em: EntityManager, transactionId: string, totalFee: number): Promise<void> {
  const [sum] = await em.query<{ fen: string | null }[]>(
    "SELECT SUM(amount_fen) AS fen FROM refund WHERE transaction_id = ? AND state = 'SUCCESS'",
    [transactionId],
  );
  if (Number(sum?.fen ?? 0) < totalFee) return;
  await em.query(
    `UPDATE anomaly SET state = 'DONE', closed_at = UTC_TIMESTAMP(3), note = 'given back'
      WHERE transaction_id = ? AND state = 'OPEN'`,
    [transactionId],
  );
}
