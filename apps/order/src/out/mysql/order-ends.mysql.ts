import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { OrderEnds } from '#platform';

/** Which orders nothing can happen to any more: paid or ended, and no refund on its way. */
@Injectable()
export class MysqlOrderEnds extends OrderEnds {
  override async isFinal(em: EntityManager, orderNo: string): Promise<boolean> {
    const [row] = await em.query<{ status: string; refunds: string }[]>(
      `SELECT status, (SELECT COUNT(*) FROM refund_request r
         WHERE r.order_no = o.order_no AND r.state = 'REQUESTED') AS refunds FROM orders o WHERE order_no = ?`,
      [orderNo],
    );
    if (!row) return true;
    return !['WAIT_PAY', 'CLOSING', 'REVIEW'].includes(row.status) && Number(row.refunds) === 0;
  }
}
