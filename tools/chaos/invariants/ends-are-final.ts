import { by, AFTER_END, capturedIn, type Broken, type Check } from './broken.ts';

/**
 * I8: what has ended stays so, each change starts where the last one stopped, and an order ends without money only when
 * WeChat could take none any more: late money is money whose own number WeChat had closed before.
 */
export const endsAreFinal: Check = ({ log, orders, payments, ledger }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const broken = [...by(log, ({ orderNo }) => orderNo)].flatMap(([orderNo, those]) => {
    const found: Broken[] = [];
    let last: string | null = null;
    for (const { from, to } of those) {
      if (from !== last)
        found.push({ invariant: 'I8', orderNo, what: `went from ${from} to ${to} when it was ${last}` });
      else if (last !== null && AFTER_END[last]?.includes(to) === false)
        found.push({ invariant: 'I8', orderNo, what: `left ${last} for ${to}` });
      last = to;
    }
    if (last !== statusOf.get(orderNo))
      found.push({ invariant: 'I8', orderNo, what: `is ${statusOf.get(orderNo)}, its log ends with ${last}` });
    return found;
  });
  const captured = new Map(capturedIn(ledger).map((one) => [one.transactionId, one]));
  const closedAt = new Map(
    ledger.flatMap(({ kind, outTradeNo = '', seq }) => (kind === 'closed' ? [[outTradeNo, seq] as const] : [])),
  );
  const unclosed = payments.filter(({ role, transactionId, outTradeNo }) => {
    const money = captured.get(transactionId);
    return role === 'LATE' && money !== undefined && (closedAt.get(outTradeNo) ?? Infinity) > money.seq;
  });
  const what = 'ended without its money, which WeChat could still take';
  return [...broken, ...unclosed.map(({ orderNo }) => ({ invariant: 'I8', orderNo, what }))];
};
