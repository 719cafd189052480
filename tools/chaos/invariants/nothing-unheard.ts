import { AFTER_END, type Check } from './broken.ts';

/** How `pay` remembers an order that has ended: that money went back later is not its business. */
export const heardAs = (status: string): string =>
  status === 'PART_REFUNDED' || status === 'REFUNDED' ? 'PAID' : status;

/**
 * I12: what one side said, the other has: every order can be paid there, every success is booked, every end is known,
 * every refund was carried over and back.
 */
export const nothingUnheard: Check = (evidence) => [...payments(evidence), ...refundsHeard(evidence)];

const payments: Check = ({ orders, payables, attempts, payments: booked, parked }) => {
  const known = new Map(payables.map((one) => [one.orderNo, one]));
  const transactions = new Set(booked.map(({ transactionId }) => transactionId));
  const aside = new Set(parked.map(({ messageId }) => messageId));
  const successes = attempts.flatMap(({ state, transactionId, orderNo }) => {
    if (state !== 'SUCCESS' || transactionId === null || transactions.has(transactionId)) return [];
    if (aside.has(`payment.succeeded:${transactionId}`)) return [];
    return [{ invariant: 'I12', orderNo, what: `pay has settled ${transactionId}, order has not heard of it` }];
  });
  const ends = orders.flatMap(({ orderNo, status }) => {
    const seen = known.get(orderNo)?.orderStatus;
    if (seen === heardAs(status) || !(status in AFTER_END) || seen === undefined) return [];
    return [{ invariant: 'I12', orderNo, what: `is ${status}, pay believes ${seen}` }];
  });
  return [...successes, ...ends];
};

const refundsHeard: Check = ({ refundRequests, refunds }) => {
  const carried = new Map(refunds.map((one) => [one.outRefundNo, one.state]));
  const asked = new Map(refundRequests.map((one) => [one.outRefundNo, one]));
  const toPay = refundRequests.flatMap(({ outRefundNo, orderNo, state }) => {
    const seen = carried.get(outRefundNo);
    if (seen === state) return [];
    return [
      { invariant: 'I12', orderNo, what: `refund ${outRefundNo} is ${state}, pay has ${seen ?? 'not heard of it'}` },
    ];
  });
  const toOrder = refunds
    .filter(({ outRefundNo }) => !asked.has(outRefundNo))
    .map(({ outRefundNo, orderNo }) => ({
      invariant: 'I12',
      orderNo,
      what: `pay has refund ${outRefundNo}, order has not heard of it`,
    }));
  return [...toPay, ...toOrder];
};
