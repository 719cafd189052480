/** Keys in Redis, one hash tag per structure so that a cluster works. Redis speeds things up; MySQL decides. */

/** Hash of an order for reads that decide nothing: orderNo, totalFee, status, expiresAt, title. */
export const orderKey = (orderNo: string): string => `paypair:order:${orderNo}`;

/** Sorted set of unpaid orders: member = order number, score = next check in epoch milliseconds by Redis `TIME`. */
export const PENDING_DUE = 'paypair:{pending}:due';

/** Present while the sorted set is known to be complete; missing means: rebuild from MySQL. */
export const PENDING_COMPLETE = 'paypair:{pending}:complete';

/** Lock that makes two simultaneous prepays of one order cost one call to WeChat. */
export const prepayLock = (orderNo: string): string => `paypair:lock:prepay:${orderNo}`;

/** Set for 5 s when a buyer's status query asked WeChat about this order. */
export const statusAsked = (orderNo: string): string => `paypair:asked:${orderNo}`;
