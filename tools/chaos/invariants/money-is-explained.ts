import { capturedIn, PAID, type Check } from './broken.ts';

/**
 * I1: all money ends as a paid order, or as surplus that is booked and either back with the buyer or open for somebody
 * to decide.
 */
export const moneyIsExplained: Check = ({ ledger, orders, payments, attempts, anomaliesOfOrder, anomaliesOfPay }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const booked = new Map(payments.map((payment) => [payment.transactionId, payment]));
  const open = new Set(
    [...anomaliesOfOrder, ...anomaliesOfPay]
      .filter(({ state }) => state === 'OPEN')
      .map(({ transactionId }) => transactionId),
  );
  const orderOf = new Map(attempts.map(({ outTradeNo, orderNo }) => [outTradeNo, orderNo]));
  return capturedIn(ledger).flatMap(({ transactionId, outTradeNo, totalFee }) => {
    const payment = booked.get(transactionId);
    const isMain = payment?.role === 'MAIN' && PAID.has(statusOf.get(payment.orderNo) ?? '');
    const isBack = payment !== undefined && payment.role !== 'MAIN' && payment.refundedFen === totalFee;
    const isOpen = payment?.role !== 'MAIN' && open.has(transactionId);
    if (isMain || isBack || isOpen) return [];
    const orderNo = payment?.orderNo ?? orderOf.get(outTradeNo) ?? outTradeNo;
    const is = payment
      ? `booked as ${payment.role}, its order is ${statusOf.get(payment.orderNo)}, ${payment.refundedFen} fen went back`
      : 'not booked';
    return [{ invariant: 'I1', orderNo, what: `transaction ${transactionId} was captured and is ${is}` }];
  });
};
