import { type EntityManager } from 'typeorm';
import { type Event } from '#contract';
import { writeAudit } from '#platform';
import { type AnomalyKind } from '../../domain/anomaly.ts';
import { type OrderStatus } from '../../domain/order-states.ts';
import {
  isReserved,
  MAX_REFUNDS,
  refundable,
  rivalsOf,
  type RefundOrigin,
  type RefundState,
} from '../../domain/refund.ts';
import { type PaymentRole } from '../../domain/settlement.ts';
import { type RequestAnewWish } from '../../flow/ports.ts';
import { Abandon } from './idempotency-keys.ts';
import { lockOrders } from './order-moves.ts';
import { setAside, writeRefunds } from './refund-requests.ts';

interface Anomaly {
  kind: AnomalyKind;
  state: 'OPEN' | 'DONE';
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
}

interface Refund {
  outRefundNo: string;
  state: RefundState;
  origin: RefundOrigin;
  amountFen: string;
  restock: number;
  replaces: string | null;
}

interface Payment {
  role: PaymentRole;
  leftFen: number;
}

/** What is asked for: how much, for whom, in whose place. */
interface Again {
  amountFen: number;
  origin: RefundOrigin;
  restock: boolean;
  replaces?: string;
}

const read = `SELECT kind, state, order_no AS orderNo, transaction_id AS transactionId, out_refund_no AS outRefundNo
  FROM anomaly WHERE anomaly_id = ?`;

/**
 * Requests the money of an anomaly under a new number: what is left of money that did not fit, or the amount of a refund
 * that WeChat refused or closed.
 * @throws Abandon when there is nothing to request: nothing is written
 */
export async function requestAnew(
  em: EntityManager,
  { anomalyId, reason, operator }: RequestAnewWish,
  outRefundNo: string,
): Promise<{ amountFen: number; events: Event[] }> {
  const [about] = await em.query<Anomaly[]>(read, [anomalyId]);
  if (!about) throw new Abandon('unknown-anomaly');
  const { orders, now } = await lockOrders(em, [about.orderNo]);
  const [anomaly] = await em.query<Anomaly[]>(`${read} FOR UPDATE`, [anomalyId]);
  const order = orders.get(about.orderNo);
  if (!anomaly || !order) throw new Abandon('unknown-anomaly');
  const { orderNo, transactionId } = anomaly;
  const refunds = await em.query<Refund[]>(
    `SELECT out_refund_no AS outRefundNo, state, origin, amount_fen AS amountFen, restock, replaces
     FROM refund_request WHERE transaction_id = ?`,
    [transactionId],
  );
  const again = whatAgain(anomaly, order.status, refunds, await lockPayment(em, transactionId));
  if (refunds.filter(({ state }) => state !== 'REFUSED').length >= MAX_REFUNDS) throw new Abandon('too-many-refunds');
  if (!(await setAside(em, transactionId, again.amountFen))) throw new Abandon('exceeds-paid');
  const refund = { outRefundNo, orderNo, transactionId, reason, ...again };
  const events = await writeRefunds(em, now, [{ ...refund, requestedBy: operator }]);
  const before = { anomalyId, kind: anomaly.kind, refunds };
  await writeAudit(em, { actor: operator, action: 'refund.anew', subject: outRefundNo, before, after: refund });
  return { amountFen: again.amountFen, events };
}

function whatAgain(
  { kind, state, outRefundNo }: Anomaly,
  order: OrderStatus,
  refunds: readonly Refund[],
  { role, leftFen }: Payment,
): Again {
  if (state !== 'OPEN') throw new Abandon('anomaly-closed');
  switch (kind) {
    case 'LATE':
    case 'DOUBLE':
    case 'AMOUNT': {
      if (kind === 'AMOUNT' && order === 'REVIEW') throw new Abandon('in-review');
      if (leftFen <= 0) throw new Abandon(refunds.some((one) => isReserved(one.state)) ? 'under-way' : 'nothing-left');
      return { amountFen: leftFen, origin: kind === 'AMOUNT' ? 'REVIEW' : kind, restock: false };
    }
    case 'REFUND_REFUSED':
    case 'REFUND_CLOSED': {
      const old = refunds.find((one) => one.outRefundNo === outRefundNo);
      if (!old) throw new Abandon('not-by-refund');
      if (rivalsOf(refunds, outRefundNo, role).some((one) => isReserved(one.state))) throw new Abandon('under-way');
      const origin = old.origin === 'CONSOLE' ? 'MANUAL' : old.origin;
      return { amountFen: Number(old.amountFen), origin, restock: old.restock === 1, replaces: outRefundNo };
    }
    case 'REFUND_ABNORMAL':
    case 'REPAID_TWICE':
      throw new Abandon('not-by-refund');
  }
}

async function lockPayment(em: EntityManager, transactionId: string): Promise<Payment> {
  const [row] = await em.query<({ role: PaymentRole } & Record<'totalFee' | 'refundedFen' | 'reservedFen', string>)[]>(
    `SELECT role, total_fee AS totalFee, refunded_fen AS refundedFen, reserved_fen AS reservedFen
     FROM order_payment WHERE transaction_id = ? FOR UPDATE`,
    [transactionId],
  );
  if (!row) throw new Error(`the payment ${transactionId} of an anomaly is not booked`);
  const { role, totalFee, refundedFen, reservedFen } = row;
  const leftFen = refundable({
    totalFee: Number(totalFee),
    refundedFen: Number(refundedFen),
    reservedFen: Number(reservedFen),
  });
  return { role, leftFen };
}
