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

/**
 * Money of ours by WeChat's number: money of another amount than was asked, be it accepted or not, is kept as an anomaly;
 * all other money is that of a settled attempt.
 */
export async function paidOf(em: EntityManager, transactionId: string): Promise<Paid | undefined> {
  const [odd] = await em.query<(AttemptRow & { detail: string })[]>(
    `SELECT a.*, x.detail FROM anomaly x JOIN attempt a ON a.out_trade_no = x.out_trade_no
      WHERE x.kind = 'AMOUNT' AND x.transaction_id = ?`,
    [transactionId],
  );
  const { totalFee } = odd ? (JSON.parse(odd.detail) as { totalFee: unknown }) : { totalFee: undefined };
  if (odd && typeof totalFee === 'number') return paid(odd, totalFee);
  const [attempt] = await em.query<AttemptRow[]>(
    "SELECT * FROM attempt WHERE transaction_id = ? AND state = 'SUCCESS'",
    [transactionId],
  );
  return attempt && paid(attempt, Number(attempt.total_fee));
}

const paid = (attempt: AttemptRow, totalFee: number): Paid => ({
  orderNo: attempt.order_no,
  outTradeNo: attempt.out_trade_no,
  mchId: attempt.mch_id,
  appid: attempt.appid,
  totalFee,
});
