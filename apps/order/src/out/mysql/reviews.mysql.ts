import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { Outbox, writeAudit } from '#platform';
import { type OrderState } from '../../domain/order-states.ts';
import { automaticRefundNo } from '../../domain/refund.ts';
import { judgeReview, type Decision, type ReviewRefusal } from '../../domain/review.ts';
import { Reviews, type Reviewed, type ReviewPlacement, type ReviewWish } from '../../flow/ports.ts';
import { commit } from './commit.ts';
import { Abandon, answerAgain, answerKey, takeKey } from './idempotency-keys.ts';
import { expectRows, lockOrders, writeMoves } from './order-moves.ts';
import { setAside, writeRefunds } from './refund-requests.ts';

interface Money {
  transactionId: string;
  totalFee: number;
  refundedFen: number;
  reservedFen: number;
  paidAt: Date;
}

/** Shown to the buyer by WeChat. */
const reasonOf: Readonly<Record<Decision, string>> = { accept: '多付金额，自动退款', refund: '付款金额不符，退款' };
const whyOf: Readonly<Record<Decision, string>> = { accept: 'accepted by operator', refund: 'refunded by operator' };

/** Decisions about orders in REVIEW, in MySQL. */
@Injectable()
export class MysqlReviews extends Reviews {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async decide(wish: ReviewWish, answer: (reviewed: Reviewed) => string): Promise<ReviewPlacement> {
    try {
      const body = await commit(this.dataSource, this.outbox, async (em) => {
        await takeKey(em, wish, '');
        const { reviewed, events } = await decide(em, wish);
        const body = answer(reviewed);
        await answerKey(em, wish, body);
        return { result: body, events };
      });
      return { kind: 'decided', body };
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
      return answerAgain(this.dataSource, wish, (error as Abandon<ReviewRefusal | 'unknown-order'>).because);
    }
  }
}

/** @throws Abandon when the order does not allow it: nothing is written */
async function decide(em: EntityManager, wish: ReviewWish): Promise<{ reviewed: Reviewed; events: Event[] }> {
  const { orderNo, decision, operator } = wish;
  const { orders, now } = await lockOrders(em, [orderNo]);
  const order = orders.get(orderNo);
  if (!order) throw new Abandon('unknown-order');
  const money = await moneyInReview(em, orderNo);
  const verdict = judgeReview(order, money, decision);
  if (verdict.kind !== 'ends') throw new Abandon(verdict.kind);
  const { to, giveBackFen } = verdict;
  const move = { to, why: whyOf[decision] };
  const ended = await writeMoves(em, now, [
    { order, move, paidAt: money?.paidAt, transactionId: money?.transactionId },
  ]);
  if (money && to === 'PAID') await takeForOrder(em, money.transactionId);
  const refund = money && giveBackFen > 0 ? { outRefundNo: automaticRefundNo(money.transactionId), giveBackFen } : null;
  const commands = money && refund ? await giveBack(em, order, money, refund, wish, now) : [];
  if (money) await writeAnomaly(em, money, refund, wish, now);
  const reviewed: Reviewed = {
    orderNo,
    status: to,
    transactionId: money?.transactionId ?? null,
    refund: refund && { outRefundNo: refund.outRefundNo, amountFen: refund.giveBackFen },
  };
  const before = { status: order.status, totalFee: order.totalFee, payment: money ?? null };
  const after = { ...reviewed, note: wish.note };
  await writeAudit(em, { actor: operator, action: `order.review.${decision}`, subject: orderNo, before, after });
  return { reviewed, events: [...ended, ...commands] };
}

/** The money that put the order into REVIEW: other money that came since goes back by itself. */
async function moneyInReview(em: EntityManager, orderNo: string): Promise<Money | undefined> {
  const [row] = await em.query<(Omit<Money, 'totalFee' | 'refundedFen' | 'reservedFen'> & Record<string, string>)[]>(
    `SELECT transaction_id AS transactionId, total_fee AS totalFee, refunded_fen AS refundedFen,
       reserved_fen AS reservedFen, paid_at AS paidAt
     FROM order_payment WHERE order_no = ? AND role = 'AMOUNT' ORDER BY booked_at, transaction_id LIMIT 1 FOR UPDATE`,
    [orderNo],
  );
  if (!row) return undefined;
  const [totalFee, refundedFen, reservedFen] = [row.totalFee, row.refundedFen, row.reservedFen].map(Number);
  return { ...row, totalFee: totalFee ?? 0, refundedFen: refundedFen ?? 0, reservedFen: reservedFen ?? 0 };
}

const takeForOrder = (em: EntityManager, transactionId: string): Promise<void> =>
  expectRows(em, 1, "UPDATE order_payment SET role = 'MAIN' WHERE transaction_id = ? AND role = 'AMOUNT'", [
    transactionId,
  ]);

async function giveBack(
  em: EntityManager,
  { orderNo }: OrderState,
  { transactionId }: Money,
  { outRefundNo, giveBackFen }: { outRefundNo: string; giveBackFen: number },
  { decision, operator }: ReviewWish,
  now: Date,
): Promise<Event[]> {
  if (!(await setAside(em, transactionId, giveBackFen))) throw new Error('judged money was not there');
  const what = { outRefundNo, orderNo, transactionId, amountFen: giveBackFen, reason: reasonOf[decision] };
  return writeRefunds(em, now, [{ ...what, restock: false, origin: 'REVIEW', requestedBy: operator }]);
}

/** Accepted money fits now. Money that goes back stays an anomaly until the buyer has it. */
async function writeAnomaly(
  em: EntityManager,
  { transactionId, totalFee, refundedFen }: Money,
  refund: { outRefundNo: string; giveBackFen: number } | null,
  { decision, note, operator }: ReviewWish,
  now: Date,
): Promise<void> {
  const back = refund ? `; ${refund.giveBackFen} fen go back as ${refund.outRefundNo}` : '';
  const text = `${whyOf[decision]}${back}${note === '' ? '' : `: ${note}`}`.slice(0, 255);
  const isOver = decision === 'accept' || refundedFen >= totalFee;
  await em.query(
    `UPDATE anomaly SET note = ?${isOver ? ", state = 'DONE', closed_at = ?, closed_by = ?" : ''}
     WHERE transaction_id = ? AND kind = 'AMOUNT' AND state = 'OPEN'`,
    [text, ...(isOver ? [now, operator] : []), transactionId],
  );
}
