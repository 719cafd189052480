import { machine } from './machine.ts';

/**
 * What a buyer owes for one order. OPEN: may be prepared and paid. CLOSING: WeChat is being asked to close what is
 * open, nothing new is prepared. DONE: paid, or closed for good.
 */
export type PayableState = 'OPEN' | 'CLOSING' | 'DONE';

export const payableMachine = machine<PayableState>('payable', 'OPEN', {
  OPEN: ['CLOSING', 'DONE'],
  CLOSING: ['DONE'],
  DONE: [],
});

/** The order's state as far as `order` has told us; REVIEW is known here first, when the amount does not fit. */
export type OrderStatus = 'WAIT_PAY' | 'REVIEW' | 'PAID' | 'CANCELLED' | 'PAY_FAILED';

export const orderStatusMachine = machine<OrderStatus>('order status', 'WAIT_PAY', {
  WAIT_PAY: ['REVIEW', 'PAID', 'CANCELLED', 'PAY_FAILED'],
  REVIEW: ['PAID', 'CANCELLED', 'PAY_FAILED'],
  PAID: [],
  CANCELLED: [],
  PAY_FAILED: [],
});

/** Why a payable is being closed; `paid` is our own: money came for one attempt while another was open. */
export type CloseReason = 'timeout' | 'buyer' | 'failed' | 'paid';

/** What `order` tells about an order that can be paid. */
export interface NewPayable {
  orderNo: string;
  totalFee: number;
  title: string;
  expiresAt: Date;
}

export interface Payable extends NewPayable {
  mchId: string;
  appid: string;
  state: PayableState;
  orderStatus: OrderStatus;
  closeReason: CloseReason | null;
}

export type PrepayRefusal =
  | 'ORDER_PAID'
  | 'ORDER_CLOSED'
  | 'ORDER_EXPIRED'
  | 'ORDER_CLOSING'
  | 'ORDER_IN_REVIEW'
  /** What is open can be paid all the same. */
  | 'TOO_MANY_ATTEMPTS';

/**
 * Why nothing may be prepared for this payable, or undefined when it may.
 *
 * @param paid whether one of its attempts has succeeded
 */
export function prepayRefusal(payable: Payable, paid: boolean, now: Date): PrepayRefusal | undefined {
  if (paid || payable.orderStatus === 'PAID') return 'ORDER_PAID';
  if (payable.orderStatus === 'REVIEW') return 'ORDER_IN_REVIEW';
  if (payable.state === 'CLOSING') return 'ORDER_CLOSING';
  if (payable.state === 'DONE' || payable.orderStatus !== 'WAIT_PAY') {
    return payable.closeReason === 'timeout' ? 'ORDER_EXPIRED' : 'ORDER_CLOSED';
  }
  return payable.expiresAt.getTime() <= now.getTime() ? 'ORDER_EXPIRED' : undefined;
}
