import type { OrderStatus } from './payable.ts';
import type { RefundState } from './refund.ts';

/** An anomaly with what is known around it. Amounts in fen; `detail` as it was written when the money came. */
export interface AnomalyFacts {
  id: string;
  kind: 'AMOUNT' | 'UNKNOWN';
  state: 'OPEN' | 'DONE';
  note: string | null;
  orderNo: string | null;
  outTradeNo: string;
  transactionId: string;
  detail: {
    outcome?: string;
    totalFee?: number | null;
    expectedFee?: number | null;
    settledTransaction?: string | null;
    mchId?: string;
    appid?: string;
  };
  /** Undefined when the money belongs to no order of ours. */
  orderStatus: OrderStatus | undefined;
  /** Refunds of this very transaction, oldest first. */
  refunds: readonly { outRefundNo: string; amountFen: number; state: RefundState; lastError: string }[];
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
  return { ...told, ...(facts.kind === 'AMOUNT' ? openAmount(facts) : openUnknown(facts)) };
}

function happened({ detail, outTradeNo, transactionId }: AnomalyFacts): string {
  const money = `${detail.totalFee ?? 'an unknown number of'} fen (transaction ${transactionId})`;
  switch (detail.outcome) {
    case 'amount-mismatch':
      return `WeChat took ${money} for ${outTradeNo}, which asked for ${detail.expectedFee ?? '?'} fen.`;
    case 'second-transaction':
      return `WeChat took ${money} for ${outTradeNo}, which ${detail.settledTransaction ?? 'another transaction'} had paid.`;
    case 'wrong-merchant':
      return `WeChat told of ${money} for ${outTradeNo}, taken for account ${detail.mchId} and appid ${detail.appid}, which did not ask for it.`;
    case 'transaction-taken':
      return `WeChat told of ${money} for ${outTradeNo}, but this transaction has paid another order of ours.`;
    default:
      return `WeChat told of ${money} for ${outTradeNo}, which is no number of ours.`;
  }
}

function done({ kind, refunds, orderStatus, note }: AnomalyFacts): string {
  const first =
    kind === 'AMOUNT'
      ? 'the notification is stored, the attempt ended, and order told until it has decided'
      : 'the notification is stored; nothing was settled by it';
  const order = orderStatus === undefined ? [] : [`the order is ${orderStatus}`];
  const back = refunds.map(({ outRefundNo, amountFen, state }) => `${outRefundNo} of ${amountFen} fen is ${state}`);
  return `${[first, ...order, ...back, ...(note === null ? [] : [note])].join('; ')}.`;
}

type Open = Pick<Story, 'open' | 'whatToDo' | 'holds'>;

function openAmount({ orderNo, orderStatus, refunds }: AnomalyFacts): Open {
  const underWay = refunds.find(({ state }) => state === 'REQUESTED' || state === 'PROCESSING');
  if (underWay) {
    const why = underWay.lastError === '' ? '' : ` (last answer: ${underWay.lastError})`;
    return {
      open: `Refund ${underWay.outRefundNo} is under way${why}.`,
      whatToDo: 'Nothing now: this closes by itself when WeChat has paid.',
      holds: `refund ${underWay.outRefundNo} is under way`,
    };
  }
  if (orderStatus === 'REVIEW' || orderStatus === 'WAIT_PAY') {
    return {
      open: 'The order waits for a decision.',
      whatToDo: `Decide in order: POST /operator/orders/${orderNo}/review. This closes when the money has paid the order, is back or is repaid.`,
      holds: 'the order waits for a decision in order: that closes it',
    };
  }
  const stuck = refunds.find(({ state }) => state === 'ABNORMAL');
  if (stuck) {
    return {
      open: `Refund ${stuck.outRefundNo} could not be paid to the account of the buyer.`,
      whatToDo: `Repay the buyer by other means, then record it in order: POST /operator/refunds/${stuck.outRefundNo}/repaid. This closes when all of the money is back or repaid.`,
      holds: undefined,
    };
  }
  return {
    open: 'The money is neither taken for its order nor given back by WeChat.',
    whatToDo: `Look at GET /operator/anomalies of order for order ${orderNo}: request it anew there, or close it there and here with the same note.`,
    holds: undefined,
  };
}

function openUnknown({ id, detail }: AnomalyFacts): Open {
  const close = `then close this with a note: POST /operator/anomalies/${id}/close {"note": …}.`;
  const elsewhere =
    detail.outcome === 'wrong-merchant'
      ? 'Find out in the merchant console of that account whose money it is, and settle it there;'
      : 'No order of ours can give it back. Find the transaction in the merchant console: if it is real, refund it there;';
  return {
    open: 'Nobody here knows whose money this is, or whether there is any.',
    whatToDo: `${elsewhere} if it cannot be found there, somebody else holds the API key: change it; ${close}`,
    holds: undefined,
  };
}
