import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AnomalyGuide, type AnomalyStory, type Row } from '#platform';
import { type AnomalyFacts, storyOf } from '../../domain/anomaly.ts';
import type { AnomalyRow } from './anomaly.row.ts';
import type { PayableRow } from './payable.row.ts';
import type { RefundRow } from './refund.row.ts';

/** Tells the anomalies of `pay` from what came, its orders and its refunds. */
@Injectable()
export class AnomalyGuideMysql extends AnomalyGuide {
  override readonly id = 'id';

  /** Each is about another transaction. */
  override twins(): Promise<string[]> {
    return Promise.resolve([]);
  }

  override async tell(em: EntityManager, rows: readonly Row[]): Promise<AnomalyStory[]> {
    const anomalies = rows as unknown as readonly AnomalyRow[];
    const orderNos = anomalies.flatMap(({ order_no }) => order_no ?? []);
    const orders =
      orderNos.length === 0
        ? []
        : await em.query<Pick<PayableRow, 'order_no' | 'order_status'>[]>(
            'SELECT order_no, order_status FROM payable WHERE order_no IN (?)',
            [orderNos],
          );
    const statusOf = new Map(orders.map(({ order_no, order_status }) => [order_no, order_status]));
    const refunds = await em.query<RefundRow[]>(
      'SELECT * FROM refund WHERE transaction_id IN (?) ORDER BY created_at, out_refund_no',
      [anomalies.map(({ transaction_id }) => transaction_id)],
    );
    return anomalies.map((row) =>
      storyOf({
        id: row.id,
        kind: row.kind,
        state: row.state,
        note: row.note,
        orderNo: row.order_no,
        outTradeNo: row.out_trade_no,
        transactionId: row.transaction_id,
        detail: JSON.parse(row.detail) as AnomalyFacts['detail'],
        orderStatus: row.order_no === null ? undefined : statusOf.get(row.order_no),
        refunds: refunds
          .filter(({ transaction_id }) => transaction_id === row.transaction_id)
          .map(({ out_refund_no, amount_fen, state, last_error }) => ({
            ...{ outRefundNo: out_refund_no, amountFen: Number(amount_fen), state, lastError: last_error },
          })),
      }),
    );
  }
}
