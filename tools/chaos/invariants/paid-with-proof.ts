import type { PaymentFact } from '../evidence.ts';
import { capturedIn, PAID, STORED, type Check } from './broken.ts';

/**
 * I7: no order is PAID without proof: its own amount, taken by WeChat, told by a stored notification or a query. Or an
 * operator has accepted another amount, not less, which `pay` had been told of and had set aside.
 */
export const paidWithProof: Check = ({ orders, log, payments, attempts, notices, anomaliesOfPay, ledger }) => {
  const mainOf = new Map(payments.filter(({ role }) => role === 'MAIN').map((one) => [one.orderNo, one]));
  const taken = new Map(capturedIn(ledger).map((one) => [one.transactionId, one]));
  const attemptOf = new Map(attempts.map((one) => [one.outTradeNo, one]));
  const told = new Set(notices.filter(({ outcome }) => STORED.has(outcome)).map(({ transactionId }) => transactionId));
  const accepted = new Set(log.filter(({ from, to }) => from === 'REVIEW' && to === 'PAID').map((one) => one.orderNo));
  const setAside = new Set(
    anomaliesOfPay.filter(({ kind }) => kind === 'AMOUNT').map(({ transactionId }) => transactionId),
  );
  const lacksToAccept = (main: PaymentFact, totalFee: number): string | undefined => {
    if (main.totalFee < totalFee) return `accepted with ${main.totalFee} fen of ${totalFee}`;
    if (taken.get(main.transactionId)?.totalFee !== main.totalFee) return 'WeChat took another amount, or nothing';
    return setAside.has(main.transactionId) ? undefined : 'pay has never set that money aside';
  };
  const lacks = (main: PaymentFact | undefined, totalFee: number): string | undefined => {
    if (!main) return 'no payment';
    if (accepted.has(main.orderNo)) return lacksToAccept(main, totalFee);
    if (main.totalFee !== totalFee) return `paid ${main.totalFee} fen of ${totalFee}`;
    if (taken.get(main.transactionId)?.totalFee !== totalFee) return 'WeChat took another amount, or nothing';
    const attempt = attemptOf.get(main.outTradeNo);
    if (attempt?.state !== 'SUCCESS' || attempt.transactionId !== main.transactionId) return 'no successful attempt';
    const proof = attempt.settleSource === 'notify' ? told.has(main.transactionId) : attempt.settleSource !== null;
    return proof ? undefined : 'neither a notification nor a query proves it';
  };
  return orders
    .filter(({ status }) => PAID.has(status))
    .flatMap(({ orderNo, totalFee }) => {
      const missing = lacks(mainOf.get(orderNo), totalFee);
      return missing === undefined ? [] : [{ invariant: 'I7', orderNo, what: `is PAID: ${missing}` }];
    });
};
