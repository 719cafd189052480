import { by, capturedIn, refundsIn, sum, type Broken, type Check } from './broken.ts';

/**
 * I5: what WeChat took is, fen by fen, what is booked or open as an anomaly; and of each payment, what WeChat gave back
 * is what is booked as refunded, and what is set aside is what still may go back.
 */
export const sumsAgree: Check = (evidence) => [...taken(evidence), ...givenBack(evidence), ...standing(evidence)];

const taken: Check = ({ ledger, payments, anomaliesOfPay }) => {
  const took = new Map(capturedIn(ledger).map((one) => [one.transactionId, one]));
  const booked = new Map(payments.map((one) => [one.transactionId, one]));
  const wrong = payments.flatMap((payment): Broken[] => {
    const real = took.get(payment.transactionId)?.totalFee;
    if (real === payment.totalFee) return [];
    const what = `${payment.transactionId} is booked with ${payment.totalFee} fen, WeChat took ${real ?? 'nothing'}`;
    return [{ invariant: 'I5', orderNo: payment.orderNo, what }];
  });
  const open = new Set(anomaliesOfPay.map(({ transactionId }) => transactionId));
  const aside = [...took.values()].filter((one) => !booked.has(one.transactionId) && open.has(one.transactionId));
  const fees = (those: readonly { totalFee: number }[]) => sum(those.map(({ totalFee }) => totalFee));
  const [captured, explained] = [fees([...took.values()]), fees(payments) + fees(aside)];
  const what = `WeChat took ${captured} fen, ${explained} are booked or open`;
  return captured === explained ? wrong : [...wrong, { invariant: 'I5', what }];
};

const givenBack: Check = ({ ledger, payments, refundRequests }) => {
  const back = by(
    refundsIn(ledger).filter(({ status }) => status === 'SUCCESS'),
    ({ transactionId }) => transactionId,
  );
  const held = by(
    refundRequests.filter(({ state }) => state === 'REQUESTED' || state === 'ABNORMAL'),
    ({ transactionId }) => transactionId,
  );
  return payments.flatMap(({ transactionId, orderNo, refundedFen, reservedFen }) => {
    const real = sum((back.get(transactionId) ?? []).map(({ refundFee }) => refundFee));
    const aside = sum((held.get(transactionId) ?? []).map(({ amountFen }) => amountFen));
    return [
      ...(real === refundedFen
        ? []
        : [{ invariant: 'I5', orderNo, what: `WeChat gave ${real} fen back, ${refundedFen} are booked as refunded` }]),
      ...(aside === reservedFen
        ? []
        : [
            {
              invariant: 'I5',
              orderNo,
              what: `${reservedFen} fen are set aside, refunds of ${aside} may still go back`,
            },
          ]),
    ];
  });
};

/** An order says of itself how much of its money went back; what was paid beyond its price, and accepted, is not its own. */
const standing: Check = ({ orders, payments }) => {
  const main = new Map(payments.filter(({ role }) => role === 'MAIN').map((one) => [one.orderNo, one]));
  return orders.flatMap(({ orderNo, status, totalFee }) => {
    const money = main.get(orderNo);
    const refundedFen = money ? Math.max(0, money.refundedFen - (money.totalFee - totalFee)) : 0;
    const due = refundedFen === 0 ? undefined : refundedFen < totalFee ? 'PART_REFUNDED' : 'REFUNDED';
    const is = status === 'PART_REFUNDED' || status === 'REFUNDED' ? status : undefined;
    if (is === due) return [];
    return [{ invariant: 'I5', orderNo, what: `is ${status}, ${refundedFen} of ${totalFee} fen went back` }];
  });
};
