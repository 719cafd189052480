import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OrderEnds } from '#platform';

/** Which orders nothing can happen to any more: `order` has said how they ended, and no refund is on its way. */
@Injectable()
export class OrderEndsMysql extends OrderEnds {
  override async isFinal(em: EntityManager, orderNo: string): Promise<boolean> {
    const [row] = await em.query<{ order_status: string; refunds: string }[]>(
      `SELECT order_status, (SELECT COUNT(*) FROM refund r
         WHERE r.order_no = p.order_no AND r.state IN ('REQUESTED', 'PROCESSING')) AS refunds
         FROM payable p WHERE order_no = ?`,
      [orderNo],
    );
    if (!row) return true;
    return !['WAIT_PAY', 'REVIEW'].includes(row.order_status) && Number(row.refunds) === 0;
  }
}
