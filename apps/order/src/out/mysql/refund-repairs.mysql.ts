import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { newOrderNo, Outbox, writeAudit } from '#platform';
import { mayBeRepaid, type RefundState } from '../../domain/refund.ts';
import {
  RefundRepairs,
  type AnewPlacement,
  type AnewRefusal,
  type RefundDetail,
  type RepaidBooked,
  type Repayment,
  type RequestAnewWish,
} from '../../flow/ports.ts';
import { commit } from './commit.ts';
import { Abandon, answerAgain, answerKey, takeKey } from './idempotency-keys.ts';
import { expectRows, lockOrders } from './order-moves.ts';
import { given, moveAmounts, paymentOf, refundRepaid } from './refund-results.ts';
import { requestAnew } from './request-anew.ts';

type Row = Omit<RefundDetail, 'amountFen' | 'restock'> & { amountFen: string; restock: number };

const columns = `out_refund_no AS outRefundNo, order_no AS orderNo, transaction_id AS transactionId,
  amount_fen AS amountFen, reason, origin, state AS status, refund_id AS refundId, requested_by AS requestedBy, restock,
  replaces, repaid_how AS repaidHow, note, requested_at AS requestedAt, ended_at AS endedAt`;
const toDetail = (row: Row): RefundDetail => ({
  ...row,
  amountFen: Number(row.amountFen),
  restock: row.restock === 1,
});

/** What operators repair about refunds, in MySQL. */
@Injectable()
export class MysqlRefundRepairs extends RefundRepairs {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async requestAnew(
    wish: RequestAnewWish,
    answer: (refund: { outRefundNo: string; amountFen: number }) => string,
  ): Promise<AnewPlacement> {
    const outRefundNo = `R${newOrderNo()}`;
    try {
      const body = await commit(this.dataSource, this.outbox, async (em) => {
        await takeKey(em, wish, '');
        const { amountFen, events } = await requestAnew(em, wish, outRefundNo);
        const body = answer({ outRefundNo, amountFen });
        await answerKey(em, wish, body);
        return { result: body, events };
      });
      return { kind: 'requested', body };
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
      return answerAgain(this.dataSource, wish, (error as Abandon<AnewRefusal>).because);
    }
  }

  override recordRepaid(repayment: Repayment) {
    return commit(this.dataSource, this.outbox, (em) => recordRepaid(em, repayment));
  }

  override async list({
    state,
    before,
    limit,
  }: {
    state?: RefundState;
    before?: string;
    limit: number;
  }): Promise<RefundDetail[]> {
    const older = `AND (requested_at, out_refund_no) <
      (SELECT r.requested_at, r.out_refund_no FROM refund_request r WHERE r.out_refund_no = ?)`;
    const rows = await this.dataSource.query<Row[]>(
      `SELECT ${columns} FROM refund_request
       WHERE ${state === undefined ? '1 = 1' : 'state = ?'} ${before === undefined ? '' : older}
       ORDER BY requested_at DESC, out_refund_no DESC LIMIT ?`,
      [...(state === undefined ? [] : [state]), ...(before === undefined ? [] : [before]), limit],
    );
    return rows.map(toDetail);
  }

  override async find(outRefundNo: string): Promise<RefundDetail | undefined> {
    const [row] = await this.dataSource.query<Row[]>(`SELECT ${columns} FROM refund_request WHERE out_refund_no = ?`, [
      outRefundNo,
    ]);
    return row && toDetail(row);
  }
}

async function recordRepaid(
  em: EntityManager,
  { outRefundNo, how, note, operator }: Repayment,
): Promise<{ result: RepaidBooked; events: Event[] }> {
  const nothing = (result: RepaidBooked) => ({ result, events: [] });
  // The order of a refund never changes, so it may be read before it is locked; orders are locked first everywhere.
  const [owner] = await em.query<{ orderNo: string }[]>(
    'SELECT order_no AS orderNo FROM refund_request WHERE out_refund_no = ?',
    [outRefundNo],
  );
  if (!owner) return nothing('unknown-refund');
  const { orders, now } = await lockOrders(em, [owner.orderNo]);
  const [row] = await em.query<Row[]>(`SELECT ${columns} FROM refund_request WHERE out_refund_no = ? FOR UPDATE`, [
    outRefundNo,
  ]);
  const order = orders.get(owner.orderNo);
  if (!row || !order) return nothing('unknown-refund');
  if (row.status === 'REPAID')
    return nothing(row.repaidHow === how && row.note === note ? 'repeat' : 'repaid-otherwise');
  if (row.status !== 'ABNORMAL') return nothing('not-abnormal');
  const refund = toDetail(row);
  if (!mayBeRepaid(await paymentOf(em, refund.transactionId), refund.amountFen)) return nothing('exceeds-paid');
  await expectRows(
    em,
    1,
    `UPDATE refund_request SET state = 'REPAID', repaid_how = ?, note = ?, ended_at = ?
     WHERE out_refund_no = ? AND state = 'ABNORMAL'`,
    [how, note, now, outRefundNo],
  );
  await moveAmounts(em, refund, 'ABNORMAL', 'REPAID');
  const events = [refundRepaid(refund, now), ...(await given(em, order, refund, now))];
  const { orderNo, transactionId, amountFen } = refund;
  const before = { state: 'ABNORMAL', orderNo, transactionId, amountFen };
  const after = { state: 'REPAID', how, note };
  await writeAudit(em, { actor: operator, action: 'refund.repaid', subject: outRefundNo, before, after });
  return { result: 'recorded', events };
}
