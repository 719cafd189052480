import { type OrderStatus } from './order-states.ts';
import { type PaymentRole } from './settlement.ts';

/**
 * One request to give money back, as `order` knows it. `pay` carries it out and tells the end.
 *
 * REQUESTED keeps its amount reserved. REFUSED (never taken on) and CLOSED (taken on, nothing given back) release it;
 * ABNORMAL keeps it until an operator has recorded how it was repaid (REPAID). WeChat's word that the money is back is a
 * fact and is booked from every state.
 */
export const refundTransitions = {
  REQUESTED: ['SUCCESS', 'REFUSED', 'CLOSED', 'ABNORMAL'],
  REFUSED: ['SUCCESS'],
  CLOSED: ['SUCCESS'],
  ABNORMAL: ['SUCCESS', 'REPAID'],
  REPAID: ['SUCCESS'],
  SUCCESS: [],
} as const satisfies Record<string, readonly string[]>;

export type RefundState = keyof typeof refundTransitions;
export const refundStates = Object.keys(refundTransitions) as RefundState[];
/** How WeChat may end a refund; REPAID is an operator's word. */
export type RefundEnd = Exclude<RefundState, 'REQUESTED' | 'REPAID'>;

/** How a buyer whose account WeChat could not pay was paid after all. */
export const repaidHows = ['bank-transfer', 'cash', 'merchant-console', 'other'] as const;
export type RepaidHow = (typeof repaidHows)[number];

/**
 * Whether WeChat's word that a REPAID refund has been paid means that the buyer has the money twice. What was repaid in
 * the merchant console was paid by WeChat itself, which then says so.
 */
export const isPaidTwice = (how: RepaidHow | null): boolean => how !== 'merchant-console';

/**
 * Who wanted it: an operator (MANUAL, or REVIEW of money of another amount), the rules (LATE, DOUBLE), or somebody in the
 * merchant console of WeChat Pay (CONSOLE), where it was made without us.
 */
export const refundOrigins = ['MANUAL', 'REVIEW', 'LATE', 'DOUBLE', 'CONSOLE'] as const;
export type RefundOrigin = (typeof refundOrigins)[number];

export const FIRST_REFUND_STATE: RefundState = 'REQUESTED';

/** Whether the amount of a refund in this state is set aside, neither refunded nor free for another refund. */
export const isReserved = (state: RefundState): boolean => state === 'REQUESTED' || state === 'ABNORMAL';

const isGiven = (state: RefundState | undefined): boolean => state === 'SUCCESS' || state === 'REPAID';

/** A refund, and the refused or closed one that it was made for. */
export interface Successor {
  outRefundNo: string;
  replaces: string | null;
}

/** This refund, the one it was made for, those that were made for it, and so on: they give back the same money. */
export function kinOf<R extends Successor>(refunds: readonly R[], outRefundNo: string): R[] {
  const kin = new Set([outRefundNo]);
  for (const no of kin) {
    for (const one of refunds) {
      if (one.replaces === no) kin.add(one.outRefundNo);
      if (one.outRefundNo === no && one.replaces !== null) kin.add(one.replaces);
    }
  }
  return refunds.filter((one) => kin.has(one.outRefundNo));
}

/** The refunds of a payment that may do what this one has not: money that pays no order goes back by any of them. */
export const rivalsOf = <R extends Successor>(refunds: readonly R[], outRefundNo: string, role: PaymentRole): R[] =>
  role === 'MAIN' ? kinOf(refunds, outRefundNo) : [...refunds];

/** What a refund's change of state does to the books of its payment, in fen. `from` undefined: made without us. */
export function bookingOf(
  from: RefundState | undefined,
  to: RefundState,
  amountFen: number,
): { reservedFen: number; refundedFen: number } {
  const as = (yes: boolean): number => (yes ? amountFen : 0);
  return {
    reservedFen: as(isReserved(to)) - as(from !== undefined && isReserved(from)),
    refundedFen: as(isGiven(to)) - as(isGiven(from)),
  };
}

/** Whether a refund that stands in `from` (undefined: made without us) becomes `to` by WeChat's word. */
export function mayEnd(from: RefundState | undefined, to: RefundEnd): boolean {
  return from === undefined || (refundTransitions[from] as readonly RefundState[]).includes(to);
}

/** WeChat takes at most this many refunds of one payment. */
export const MAX_REFUNDS = 50;

/** How many more fen of a payment may be requested back. */
export const refundable = (payment: { totalFee: number; refundedFen: number; reservedFen: number }): number =>
  payment.totalFee - payment.refundedFen - payment.reservedFen;

/** Whether a payment's books can take an ABNORMAL refund as repaid: other refunds may have given its money back since. */
export const mayBeRepaid = (payment: { totalFee: number; refundedFen: number }, amountFen: number): boolean =>
  payment.refundedFen + amountFen <= payment.totalFee;

export type RefundRefusal = 'order-not-paid' | 'exceeds-paid' | 'too-many-refunds';

/** Why an operator cannot have money of an order given back, or undefined when it may be tried. Amounts in fen. */
export function refundRefusal(
  status: OrderStatus,
  payment: { totalFee: number; refundedFen: number; reservedFen: number } | undefined,
  refunds: number,
  amountFen: number,
): RefundRefusal | undefined {
  if (status !== 'PAID' && status !== 'PART_REFUNDED' && status !== 'REFUNDED') return 'order-not-paid';
  if (!payment) return 'order-not-paid';
  if (amountFen > refundable(payment)) return 'exceeds-paid';
  return refunds >= MAX_REFUNDS ? 'too-many-refunds' : undefined;
}

/** Money that pays no order goes back by itself: everything of it, under a number that is the same however often. */
export const givesBackByItself = (role: PaymentRole): role is 'LATE' | 'DOUBLE' => role === 'LATE' || role === 'DOUBLE';

export const automaticRefundNo = (transactionId: string): string => `A${transactionId}`;

/**
 * What an order is after money of the payment that paid it went back; undefined while the shop still has all that the
 * order costs, because only surplus went back.
 * @param paidFen what the buyer paid, when that was more than the order's `totalFee`
 */
export function afterRefund(
  refundedFen: number,
  totalFee: number,
  paidFen = totalFee,
): 'PART_REFUNDED' | 'REFUNDED' | undefined {
  const kept = paidFen - refundedFen;
  if (kept <= 0) return 'REFUNDED';
  return kept < totalFee ? 'PART_REFUNDED' : undefined;
}

/** What an operator should do about a refund in this state. */
export const refundAdvice: Readonly<Record<RefundState, string>> = {
  REQUESTED:
    'Nothing: it is repeated until WeChat has answered. If it stays so, GET /operator/refunds of pay says why (balance, certificate).',
  SUCCESS: 'Nothing: the buyer has the money.',
  REFUSED: 'WeChat never took it on. Remove the cause, then request it anew by POST /operator/anomalies/:id/refund.',
  CLOSED: 'WeChat closed it without paying. Request it anew by POST /operator/anomalies/:id/refund.',
  ABNORMAL:
    "The buyer's account could not take it. Repay the buyer (merchant console, bank transfer, cash), then POST /operator/refunds/:outRefundNo/repaid.",
  REPAID: 'Nothing: the buyer was repaid without WeChat.',
};
