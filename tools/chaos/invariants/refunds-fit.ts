import type { RefundRequestFact } from '../evidence.ts';
import { by, capturedIn, refundsIn, sum, type Broken, type Check } from './broken.ts';

/** A wish and an end that wait for the same row may carry their times in the other order, but not further apart. */
const LOCK_WAIT_MS = 5_000;
/** How WeChat's word for an end reads in our books. */
const BOOKED_AS: Readonly<Record<string, string>> = { SUCCESS: 'SUCCESS', REFUNDCLOSE: 'CLOSED', CHANGE: 'ABNORMAL' };

/**
 * I9: never more goes back, or is promised back, than was paid; one refund number is one amount of one payment; WeChat
 * took each on at most once, none that nobody asked for, and both books say of each what WeChat says.
 */
export const refundsFit: Check = (evidence) => [
  ...atWechat(evidence),
  ...promised(evidence),
  ...oneNumberOneRefund(evidence),
  ...endsAgree(evidence),
];

const atWechat: Check = ({ ledger, refundRequests, payments }) => {
  const known = new Map(refundRequests.map((one) => [one.outRefundNo, one]));
  const orderOf = new Map(payments.map(({ transactionId, orderNo }) => [transactionId, orderNo]));
  const all = refundsIn(ledger);
  const broken: Broken[] = [];
  const tell = (transactionId: string, what: string) =>
    broken.push({ invariant: 'I9', orderNo: orderOf.get(transactionId) ?? transactionId, what });
  for (const [number, those] of by(all, ({ outRefundNo }) => outRefundNo)) {
    if (those.length > 1) tell(those[0]?.transactionId ?? '', `WeChat took ${number} on ${those.length} times`);
  }
  for (const { outRefundNo, transactionId, refundFee } of all) {
    const request = known.get(outRefundNo);
    // Nobody uses the merchant console in a run: what comes from there was made by us under a number we did not keep.
    if (!request || request.origin === 'CONSOLE') tell(transactionId, `nobody asked WeChat for ${outRefundNo}`);
    else if (request.transactionId !== transactionId || request.amountFen !== refundFee)
      tell(transactionId, `${outRefundNo} is ${request.amountFen} fen here, WeChat took ${refundFee} on`);
  }
  const paid = new Map(capturedIn(ledger).map((one) => [one.transactionId, one.totalFee]));
  for (const [transactionId, those] of by(all, (one) => one.transactionId)) {
    const back = sum(those.filter(({ status }) => status !== 'REFUNDCLOSE').map(({ refundFee }) => refundFee));
    const most = paid.get(transactionId) ?? 0;
    if (back > most) tell(transactionId, `${back} fen of ${most} went back`);
  }
  return broken;
};

/** At no time are more fen on their way back, or back, than were paid: WeChat's own limit is not ours to lean on. */
const promised: Check = ({ refundRequests, payments }) => {
  const paid = new Map(payments.map((one) => [one.transactionId, one]));
  return [...by(refundRequests, ({ transactionId }) => transactionId)].flatMap(([transactionId, those]) => {
    const payment = paid.get(transactionId);
    const most = mostPromised(those);
    if (!payment || most <= payment.totalFee) return [];
    const what = `${most} fen of ${payment.totalFee} were promised back at the same time`;
    return [{ invariant: 'I9', orderNo: payment.orderNo, what }];
  });
};

function mostPromised(requests: readonly RefundRequestFact[]): number {
  const steps = requests.flatMap(({ amountFen, state, requestedAt, endedAt }) => {
    const released = (state === 'REFUSED' || state === 'CLOSED') && endedAt !== null;
    return [
      { at: requestedAt.getTime(), fen: amountFen },
      ...(released ? [{ at: Math.max(endedAt.getTime() - LOCK_WAIT_MS, requestedAt.getTime()), fen: -amountFen }] : []),
    ];
  });
  steps.sort((a, b) => a.at - b.at || a.fen - b.fen);
  let [now, most] = [0, 0];
  for (const { fen } of steps) most = Math.max(most, (now += fen));
  return most;
}

const oneNumberOneRefund: Check = ({ refundRequests, refunds }) => {
  const carried = new Map(refunds.map((one) => [one.outRefundNo, one]));
  return refundRequests.flatMap(({ outRefundNo, transactionId, amountFen, orderNo }) => {
    const done = carried.get(outRefundNo);
    if (!done || (done.transactionId === transactionId && done.amountFen === amountFen)) return [];
    const what = `${outRefundNo} is ${amountFen} fen of ${transactionId} in order, ${done.amountFen} of ${done.transactionId} in pay`;
    return [{ invariant: 'I9', orderNo, what }];
  });
};

const endsAgree: Check = ({ ledger, refundRequests }) => {
  const real = new Map(refundsIn(ledger).map((one) => [one.outRefundNo, one.status]));
  return refundRequests.flatMap(({ outRefundNo, orderNo, state }) => {
    const status = real.get(outRefundNo);
    const due = status === undefined ? ['REQUESTED', 'REFUSED'] : [BOOKED_AS[status] ?? 'REQUESTED'];
    if (due.includes(state)) return [];
    return [
      { invariant: 'I9', orderNo, what: `${outRefundNo} is booked as ${state}, WeChat says ${status ?? 'nothing'}` },
    ];
  });
};
