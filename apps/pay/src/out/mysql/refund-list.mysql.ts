import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RefundState } from '../../domain/refund.ts';
import { RefundList, type RefundShown } from '../../flow/ports.ts';
import type { RefundRow } from './refund.row.ts';

@Injectable()
export class RefundListMysql extends RefundList {
  constructor(private readonly db: DataSource) {
    super();
  }

  override async page(query: { state?: RefundState; before?: string; limit: number }): Promise<RefundShown[]> {
    const { state, before, limit } = query;
    const older = `AND (created_at, out_refund_no) <
      (SELECT r.created_at, r.out_refund_no FROM refund r WHERE r.out_refund_no = ?)`;
    const rows = await this.db.query<RefundRow[]>(
      `SELECT * FROM refund WHERE ${state === undefined ? '1 = 1' : 'state = ?'} ${before === undefined ? '' : older}
        ORDER BY created_at DESC, out_refund_no DESC LIMIT ?`,
      [...(state === undefined ? [] : [state]), ...(before === undefined ? [] : [before]), limit],
    );
    return rows.map((row) => ({
      outRefundNo: row.out_refund_no,
      orderNo: row.order_no,
      transactionId: row.transaction_id,
      amountFen: Number(row.amount_fen),
      origin: row.origin,
      state: row.state,
      refundId: row.refund_id,
      calledAt: row.called_at,
      nextTryAt: row.next_try_at,
      tries: row.tries,
      lastError: row.last_error,
      createdAt: row.created_at,
    }));
  }
}
