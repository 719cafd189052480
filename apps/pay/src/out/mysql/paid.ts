import type { EntityManager } from 'typeorm';
import type { AttemptRow } from './attempt.row.ts';

export interface Paid {
  orderNo: string;
  outTradeNo: string;
  mchId: string;
  appid: string;
  /** What was paid, in fen: WeChat wants to hear it with every refund. */
  totalFee: number;
}

/** Money of ours by WeChat's number: that of a settled attempt, or money of another amount that is kept as an anomaly. */
export async function paidOf(em: EntityManager, transactionId: string): Promise<Paid | undefined> {
  const [attempt] = await em.query<AttemptRow[]>(
    "SELECT * FROM attempt WHERE transaction_id = ? AND state = 'SUCCESS'",
    [transactionId],
  );
  if (attempt) return paid(attempt, Number(attempt.total_fee));
  const [odd] = await em.query<(AttemptRow & { detail: string })[]>(
    `SELECT a.*, x.detail FROM anomaly x JOIN attempt a ON a.out_trade_no = x.out_trade_no
      WHERE x.kind = 'AMOUNT' AND x.transaction_id = ?`,
    [transactionId],
  );
  const { totalFee } = odd ? (JSON.parse(odd.detail) as { totalFee: unknown }) : { totalFee: undefined };
  return odd && typeof totalFee === 'number' ? paid(odd, totalFee) : undefined;
}

const paid = (attempt: AttemptRow, totalFee: number): Paid => ({
  orderNo: attempt.order_no,
  outTradeNo: attempt.out_trade_no,
  mchId: attempt.mch_id,
  appid: attempt.appid,
  totalFee,
});
