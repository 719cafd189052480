import { type OrderStatus } from './order-states.ts';
import { mayBeRepaid, refundable, rivalsOf, type RefundState } from './refund.ts';
import { type PaymentRole } from './settlement.ts';

/** Money that does not fit, and refunds that did not end with the money at the buyer's. */
export type AnomalyKind =
  'LATE' | 'DOUBLE' | 'AMOUNT' | 'REFUND_REFUSED' | 'REFUND_CLOSED' | 'REFUND_ABNORMAL' | 'REPAID_TWICE';

/** An anomaly with what is known around it. Amounts in fen. */
export interface AnomalyFacts {
  anomalyId: string;
  kind: AnomalyKind;
  state: 'OPEN' | 'DONE';
  note: string | null;
  orderNo: string;
  /** The refund it is about; empty when it is about the payment. */
  outRefundNo: string;
  order: { status: OrderStatus; totalFee: number };
  payment: { role: PaymentRole; totalFee: number; refundedFen: number; reservedFen: number };
  /** All refunds of the payment, oldest first. */
  refunds: readonly { outRefundNo: string; amountFen: number; state: RefundState; replaces: string | null }[];
}

/** What an operator reads. `holds`: why it cannot be closed by hand yet. */
export interface Story {
  happened: string;
  done: string;
  open: string;
  whatToDo: string;
  holds: string | undefined;
}

const NOTHING = 'Nothing.';

/** Tells an anomaly: what happened, what was done, what is open, and what to do about it. */
export function storyOf(facts: AnomalyFacts): Story {
  const told = { happened: happened(facts), done: done(facts) };
  if (facts.state === 'DONE') return { ...told, open: NOTHING, whatToDo: NOTHING, holds: undefined };
  return { ...told, ...openOf(facts) };
}

function happened({ kind, payment, order, outRefundNo, refunds }: AnomalyFacts): string {
  const amount = refunds.find((one) => one.outRefundNo === outRefundNo)?.amountFen;
  const refund = `refund ${outRefundNo}${amount === undefined ? '' : ` of ${amount} fen`}`;
  switch (kind) {
    case 'LATE':
      return `${payment.totalFee} fen came for an order that had ended without money.`;
    case 'DOUBLE':
      return `${payment.totalFee} fen came for an order that had money already.`;
    case 'AMOUNT':
      return `${payment.totalFee} fen came for an order of ${order.totalFee} fen.`;
    case 'REFUND_REFUSED':
      return `WeChat refused ${refund}.`;
    case 'REFUND_CLOSED':
      return `WeChat closed ${refund} without paying.`;
    case 'REFUND_ABNORMAL':
      return `WeChat could not pay ${refund}: the account of the buyer did not take it.`;
    case 'REPAID_TWICE':
      return `WeChat paid ${refund} although the buyer had been repaid that money already.`;
  }
}

function done({ payment, order, refunds, note }: AnomalyFacts): string {
  const steps = refunds.map(({ outRefundNo, amountFen, state }) => `${outRefundNo} of ${amountFen} fen is ${state}`);
  const money = `booked: ${payment.refundedFen} fen are back, ${payment.reservedFen} fen set aside`;
  const said = note === null ? [] : [note];
  return `${[`order ${order.status}`, money, ...steps, ...said].join('; ')}.`;
}

type Open = Pick<Story, 'open' | 'whatToDo' | 'holds'>;

function openOf(facts: AnomalyFacts): Open {
  const { kind, order, orderNo, refunds, outRefundNo } = facts;
  const mine = refunds.find((one) => one.outRefundNo === outRefundNo);
  if (kind === 'AMOUNT' && order.status === 'REVIEW') return inReview(facts);
  if (kind === 'REPAID_TWICE') {
    return {
      open: 'The buyer has this money twice.',
      whatToDo: `Settle it with the buyer, then close this with a note: ${closeRoute(facts)}.`,
      holds: undefined,
    };
  }
  if (kind === 'REFUND_ABNORMAL' && mine?.state === 'ABNORMAL') {
    if (!mayBeRepaid(facts.payment, mine.amountFen)) return backByOthers(facts);
    return {
      open: 'The buyer does not have the money; it stays set aside.',
      whatToDo: `Repay the buyer by other means, then record it: POST /operator/refunds/${outRefundNo}/repaid.`,
      holds: 'record how the buyer was repaid: that closes it',
    };
  }
  const relevant = outRefundNo === '' ? refunds : rivalsOf(refunds, outRefundNo, facts.payment.role);
  const underWay = relevant.find(({ state }) => state === 'REQUESTED');
  if (underWay) {
    return {
      open: `Refund ${underWay.outRefundNo} is under way.`,
      whatToDo:
        'Nothing now: this closes by itself when WeChat has paid. Should it stay so, GET /operator/refunds of pay says why.',
      holds: `refund ${underWay.outRefundNo} is under way`,
    };
  }
  const stuck = relevant.find(({ state }) => state === 'ABNORMAL');
  if (stuck) {
    return {
      open: `Refund ${stuck.outRefundNo} could not be paid to the account of the buyer.`,
      whatToDo: `Repay the buyer by other means, then record it: POST /operator/refunds/${stuck.outRefundNo}/repaid.`,
      holds: `record how refund ${stuck.outRefundNo} was repaid`,
    };
  }
  const left = refundable(facts.payment);
  const settled = `If order ${orderNo} was settled with the buyer in another way, close this with a note: ${closeRoute(facts)}.`;
  if (mine && mine.amountFen > left) {
    return {
      open: `The ${mine.amountFen} fen of refund ${outRefundNo} are not back, and only ${left} fen of this payment are left: other refunds have taken its place.`,
      whatToDo: `Should the buyer still miss money, ask for it: POST /orders/${orderNo}/refunds. ${settled}`,
      holds: undefined,
    };
  }
  return {
    open: mine
      ? `The ${mine.amountFen} fen of refund ${outRefundNo} are neither given back nor on their way.`
      : `${left} fen of this payment are neither given back nor on their way.`,
    whatToDo: `Remove the cause WeChat names, then request it anew: POST /operator/anomalies/${facts.anomalyId}/refund. ${settled}`,
    holds: undefined,
  };
}

const backByOthers = (facts: AnomalyFacts): Open => ({
  open: `The account of the buyer did not take refund ${facts.outRefundNo}, but other refunds have given that money back.`,
  whatToDo: `Make sure that the buyer has it, then close this with a note: ${closeRoute(facts)}.`,
  holds: undefined,
});

function inReview({ orderNo, order, payment }: AnomalyFacts): Open {
  const route = `POST /operator/orders/${orderNo}/review`;
  const enough = refundable(payment) >= order.totalFee;
  return {
    open: 'The order waits for your decision; its goods stay reserved.',
    whatToDo: enough
      ? `Accept the money (what is more than the order costs goes back by itself), or give all of it back: ${route} {"decision": "accept"} or {"decision": "refund"}.`
      : `It is less than the order costs: give it back by ${route} {"decision": "refund"}. The order is cancelled then.`,
    holds: 'the order is in REVIEW: your decision closes it',
  };
}

const closeRoute = ({ anomalyId }: AnomalyFacts): string => `POST /operator/anomalies/${anomalyId}/close {"note": …}`;
