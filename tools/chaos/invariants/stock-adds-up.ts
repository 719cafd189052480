import { by, PAID, RETURNED, sum, type Check } from './broken.ts';

/**
 * I3: per product, what was there = on the shelf + kept for open orders + sold. Every reservation follows its order; what
 * was sold returns to the shelf once, when all the money went back and one of the refunds asked for it.
 */
export const stockAddsUp: Check = ({ stockBefore, stock, reservations, orders, refundRequests }) => {
  const statusOf = new Map(orders.map(({ orderNo, status }) => [orderNo, status]));
  const restocked = new Set(
    refundRequests.filter(({ restock, state }) => restock && state === 'SUCCESS').map(({ orderNo }) => orderNo),
  );
  const wanted = (orderNo: string, status: string): string => {
    if (status === 'REFUNDED' && restocked.has(orderNo)) return 'RETURNED';
    return PAID.has(status) ? 'SOLD' : RETURNED.has(status) ? 'RETURNED' : 'RESERVED';
  };
  const wrong = reservations.flatMap(({ orderNo, state }) => {
    const status = statusOf.get(orderNo) ?? 'no order';
    if (state === wanted(orderNo, status)) return [];
    return [{ invariant: 'I3', orderNo, what: `the order is ${status}, its reservation ${state}` }];
  });
  const left = new Map(stock.map((one) => [one.productId, one.stock]));
  const away = by(
    reservations.filter(({ state }) => state !== 'RETURNED'),
    ({ productId }) => productId,
  );
  const shelves = stockBefore.flatMap(({ productId, stock: before }) => {
    const now = (left.get(productId) ?? 0) + sum((away.get(productId) ?? []).map(({ quantity }) => quantity));
    return now === before ? [] : [{ invariant: 'I3', what: `${productId}: ${before} before, ${now} now` }];
  });
  return [...wrong, ...shelves];
};
