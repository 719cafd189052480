import { STORED, type Check } from './broken.ts';

/**
 * I6: whatever was answered SUCCESS is written down with the bytes that were answered; a notification of a refund counts
 * as written down when the refund's end is.
 */
export const successIsStored: Check = ({ ledger, notices, refunds }) => {
  const stored = notices.filter(({ outcome }) => STORED.has(outcome));
  const paid = new Set(stored.map(({ transactionId }) => transactionId));
  const failed = new Set(stored.filter(({ kind }) => kind === 'failed').map(({ outTradeNo }) => outTradeNo));
  const ended = new Set(
    refunds
      .filter(({ state }) => state !== 'REQUESTED' && state !== 'PROCESSING')
      .map(({ outRefundNo }) => outRefundNo),
  );
  return ledger
    .filter(({ kind, accepted }) => kind === 'notified' && accepted === true)
    .filter(({ transactionId, outTradeNo = '', outRefundNo }) => {
      if (outRefundNo !== undefined) return !ended.has(outRefundNo);
      return !(transactionId ? paid.has(transactionId) : failed.has(outTradeNo));
    })
    .map(({ outTradeNo = '', outRefundNo }) => ({
      invariant: 'I6',
      orderNo: outTradeNo,
      what: `a notification${outRefundNo ? ` of ${outRefundNo}` : ''} was answered SUCCESS and is stored nowhere`,
    }));
};
