import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AnomalyGuide, type AnomalyStory, type Row } from '#platform';
import { storyOf, type AnomalyFacts, type AnomalyKind } from '../../domain/anomaly.ts';
import { type OrderStatus } from '../../domain/order-states.ts';
import { rivalsOf, type RefundState, type Successor } from '../../domain/refund.ts';
import { type PaymentRole } from '../../domain/settlement.ts';
import { paymentOf } from './refund-results.ts';

interface AnomalyColumns {
  anomaly_id: string;
  kind: AnomalyKind;
  state: 'OPEN' | 'DONE';
  note: string | null;
  order_no: string;
  transaction_id: string;
  out_refund_no: string;
}

interface Around {
  transactionId: string;
  status: OrderStatus;
  orderFee: string;
  role: PaymentRole;
  totalFee: string;
  refundedFen: string;
  reservedFen: string;
}

/** Tells the anomalies of `order` from their orders, payments and refunds. */
@Injectable()
export class MysqlAnomalyGuide extends AnomalyGuide {
  override readonly id = 'anomaly_id';

  /** Money that has to go back, and the refunds of it that failed. */
  override async twins(em: EntityManager, row: Row): Promise<string[]> {
    const { anomaly_id, kind, transaction_id, out_refund_no } = row as unknown as AnomalyColumns;
    if (kind === 'REFUND_ABNORMAL' || kind === 'REPAID_TWICE') return [];
    const { role } = await paymentOf(em, transaction_id);
    const refunds = await em.query<Successor[]>(
      'SELECT out_refund_no AS outRefundNo, replaces FROM refund_request WHERE transaction_id = ?',
      [transaction_id],
    );
    const failed = rivalsOf(refunds, out_refund_no, role).map(({ outRefundNo }) => outRefundNo);
    const twins = await em.query<{ id: string }[]>(
      `SELECT anomaly_id AS id FROM anomaly WHERE transaction_id = ? AND state = 'OPEN' AND anomaly_id <> ?
         AND (kind = ? OR (kind IN ('REFUND_REFUSED', 'REFUND_CLOSED') AND out_refund_no IN (?)))
       ORDER BY anomaly_id FOR UPDATE`,
      [transaction_id, anomaly_id, role, ['', ...failed]],
    );
    return twins.map(({ id }) => id);
  }

  override async tell(em: EntityManager, rows: readonly Row[]): Promise<AnomalyStory[]> {
    const anomalies = rows as unknown as readonly AnomalyColumns[];
    const transactionIds = anomalies.map((one) => one.transaction_id);
    const around = await em.query<Around[]>(
      `SELECT p.transaction_id AS transactionId, o.status, o.total_fee AS orderFee, p.role,
         p.total_fee AS totalFee, p.refunded_fen AS refundedFen, p.reserved_fen AS reservedFen
       FROM order_payment p JOIN orders o ON o.order_no = p.order_no WHERE p.transaction_id IN (?)`,
      [transactionIds],
    );
    const refunds = await em.query<
      { transactionId: string; outRefundNo: string; state: RefundState; amountFen: string; replaces: string | null }[]
    >(
      `SELECT transaction_id AS transactionId, out_refund_no AS outRefundNo, state, amount_fen AS amountFen, replaces
       FROM refund_request WHERE transaction_id IN (?) ORDER BY requested_at, out_refund_no`,
      [transactionIds],
    );
    return anomalies.map((anomaly) => {
      const of = around.find(({ transactionId }) => transactionId === anomaly.transaction_id);
      if (!of) throw new Error(`the payment of anomaly ${anomaly.anomaly_id} is not booked`);
      const facts: AnomalyFacts = {
        anomalyId: anomaly.anomaly_id,
        kind: anomaly.kind,
        state: anomaly.state,
        note: anomaly.note,
        orderNo: anomaly.order_no,
        outRefundNo: anomaly.out_refund_no,
        order: { status: of.status, totalFee: Number(of.orderFee) },
        payment: {
          role: of.role,
          totalFee: Number(of.totalFee),
          refundedFen: Number(of.refundedFen),
          reservedFen: Number(of.reservedFen),
        },
        refunds: refunds
          .filter(({ transactionId }) => transactionId === anomaly.transaction_id)
          .map((refund) => ({ ...refund, amountFen: Number(refund.amountFen) })),
      };
      return storyOf(facts);
    });
  }
}
