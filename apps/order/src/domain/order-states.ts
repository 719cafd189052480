/**
 * The states of an order and every way from one to the next. The database repeats the old state in the WHERE clause of
 * each change, because only it sees what happens at the same time; this table says which changes exist at all.
 */

/** Where an order may go from each state. States without a way out are final and never change again. */
export const orderTransitions = {
  /** Placed, stock reserved, waiting for money. */
  WAIT_PAY: ['PAID', 'CLOSING', 'REVIEW'],
  /** No new prepay; WeChat has not yet confirmed that nothing can be paid any more, so money may still win. */
  CLOSING: ['PAID', 'CANCELLED', 'PAY_FAILED', 'REVIEW'],
  /** Money of another amount arrived: an operator decides, stock stays reserved, no time-out. */
  REVIEW: ['PAID', 'CANCELLED'],
  /** Some of its money, or all of it, may go back. */
  PAID: ['PART_REFUNDED', 'REFUNDED'],
  PART_REFUNDED: ['REFUNDED'],
  REFUNDED: [],
  CANCELLED: [],
  PAY_FAILED: [],
} as const satisfies Record<string, readonly string[]>;

export type OrderStatus = keyof typeof orderTransitions;
export const orderStatuses = Object.keys(orderTransitions) as OrderStatus[];

/** Every order begins here. */
export const FIRST_STATUS: OrderStatus = 'WAIT_PAY';

/** Why an order is being closed; it decides how a confirmed close ends. */
export type ClosingReason = 'timeout' | 'buyer' | 'failed';

/** How CLOSING ends once WeChat has confirmed that no attempt can be paid. */
export const endOfClosing: Readonly<Record<ClosingReason, 'CANCELLED' | 'PAY_FAILED'>> = {
  timeout: 'CANCELLED',
  buyer: 'CANCELLED',
  failed: 'PAY_FAILED',
};

/** What a rule may look at. Amounts in fen. */
export interface OrderState {
  orderNo: string;
  buyerId: string;
  status: OrderStatus;
  closingReason: ClosingReason | null;
  totalFee: number;
  expiresAt: Date;
}

/** A change of state that a rule asks for; `why` goes into the order's log (at most 64 ASCII characters). */
export type Move =
  { to: 'CLOSING'; closingReason: ClosingReason; why: string } | { to: Exclude<OrderStatus, 'CLOSING'>; why: string };

/** Whether the table knows this way. */
export function mayMove(from: OrderStatus, to: OrderStatus): boolean {
  return (orderTransitions[from] as readonly OrderStatus[]).includes(to);
}

/** Whether nothing can change the order any more. */
export function isFinal(status: OrderStatus): boolean {
  return orderTransitions[status].length === 0;
}

/**
 * Checks a transition table once, at start: every target is a state of the table, every state can be reached from
 * `first`.
 * @throws Error naming each unknown or unreachable state
 */
export function checkTransitions(table: Readonly<Record<string, readonly string[]>>, first: string): void {
  const faults: string[] = [];
  for (const [from, targets] of Object.entries(table)) {
    for (const to of targets) if (!(to in table)) faults.push(`${from} leads to unknown state ${to}`);
  }
  const reached = new Set([first]);
  for (const state of reached) for (const to of table[state] ?? []) reached.add(to);
  for (const state of Object.keys(table)) if (!reached.has(state)) faults.push(`state ${state} cannot be reached`);
  if (!(first in table)) faults.push(`first state ${first} is unknown`);
  if (faults.length > 0) throw new Error(`transition table: ${faults.join('; ')}`);
}
