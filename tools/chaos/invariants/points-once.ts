import { by, PAID, type Check } from './broken.ts';

/** I4: one row of points for each paid order, of its own size; taken back once when all its money went back; no others. */
export const pointsOnce: Check = ({ orders, points }) => {
  const rowsOf = by(points, ({ orderNo }) => orderNo);
  const known = new Set(orders.map(({ orderNo }) => orderNo));
  const strange = [...rowsOf.keys()].filter((orderNo) => !known.has(orderNo));
  return [
    ...strange.map((orderNo) => ({ invariant: 'I4', orderNo, what: 'points without an order' })),
    ...orders.flatMap(({ orderNo, status, totalFee }) => {
      const size = Math.floor(totalFee / 100);
      const due = [
        ...(PAID.has(status) ? [`PAID ${size}`] : []),
        ...(status === 'REFUNDED' ? [`REFUNDED ${size === 0 ? 0 : -size}`] : []),
      ];
      const rows = (rowsOf.get(orderNo) ?? []).map(({ reason, points: given }) => `${reason} ${given}`);
      if (rows.sort().join() === due.join()) return [];
      return [{ invariant: 'I4', orderNo, what: `${status} with points ${rows.join(', ') || 'none'}` }];
    }),
  ];
};
