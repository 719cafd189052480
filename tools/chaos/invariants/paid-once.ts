import { by, type Check } from './broken.ts';

/** I2: an order becomes PAID once, by one transaction, and a transaction belongs to one order. */
export const paidOnce: Check = ({ log, payments, attempts }) => {
  const twice = [
    ...by(
      log.filter(({ to }) => to === 'PAID'),
      ({ orderNo }) => orderNo,
    ),
  ]
    .filter(([, moves]) => moves.length > 1)
    .map(([orderNo, moves]) => ({ invariant: 'I2', orderNo, what: `became PAID ${moves.length} times` }));
  const mains = [
    ...by(
      payments.filter(({ role }) => role === 'MAIN'),
      ({ orderNo }) => orderNo,
    ),
  ]
    .filter(([, those]) => those.length > 1)
    .map(([orderNo, those]) => ({ invariant: 'I2', orderNo, what: `${those.length} main payments` }));
  const owner = new Map(attempts.map(({ outTradeNo, orderNo }) => [outTradeNo, orderNo]));
  const strange = payments
    .filter(({ outTradeNo, orderNo }) => owner.get(outTradeNo) !== orderNo)
    .map(({ orderNo, outTradeNo }) => ({ invariant: 'I2', orderNo, what: `booked ${outTradeNo}, another order's` }));
  return [...twice, ...mains, ...strange];
};
