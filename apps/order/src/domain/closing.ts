import { endOfClosing, type Move, type OrderState } from './order-states.ts';

/** The rules that close an order: each says which move an event asks for, or none when there is nothing to do. */
export type Rule = (order: OrderState, now: Date) => Move | undefined;

/** Time is up: only an order still waiting for money, and only by the database's clock. */
export const whenTimeIsUp: Rule = (order, now) =>
  order.status === 'WAIT_PAY' && order.expiresAt <= now
    ? { to: 'CLOSING', closingReason: 'timeout', why: 'time is up' }
    : undefined;

/** The buyer does not want it any more. */
export const whenBuyerCancels: Rule = (order) =>
  order.status === 'WAIT_PAY' ? { to: 'CLOSING', closingReason: 'buyer', why: 'cancelled by buyer' } : undefined;

/** WeChat reported a final failure: a hint only, so the close at WeChat decides how the order ends. */
export const whenPaymentFailed: Rule = (order) =>
  order.status === 'WAIT_PAY' ? { to: 'CLOSING', closingReason: 'failed', why: 'payment failed' } : undefined;

/** Money of another amount was taken for an attempt: an operator decides, nothing times out meanwhile. */
export const whenAmountDiffers: Rule = (order) =>
  order.status === 'WAIT_PAY' || order.status === 'CLOSING' ? { to: 'REVIEW', why: 'amount differs' } : undefined;

/** Every attempt of the order is final at WeChat without money. */
export const whenClosedAtWechat: Rule = (order) =>
  order.status === 'CLOSING' && order.closingReason !== null
    ? { to: endOfClosing[order.closingReason], why: `closed after ${order.closingReason}` }
    : undefined;
