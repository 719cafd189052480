import { Problem } from '#platform';
import type { TradeState } from '../domain/order.ts';
import type { PayResult } from '../flow/pay.ts';

export interface PayView {
  state: TradeState;
  transactionId: string | null;
  paidAt: string | null;
}

/** @throws Problem 409 when there is nothing left to pay */
export function payView(result: PayResult): PayView {
  switch (result.kind) {
    case 'already-paid':
      throw new Problem(409, 'ORDER_PAID', 'This order is paid already.');
    case 'already-closed':
      throw new Problem(409, 'ORDER_CLOSED', 'This order is closed.');
    case 'done': {
      const { state, transactionId, paidAt } = result;
      return { state, transactionId, paidAt: paidAt === null ? null : new Date(paidAt).toISOString() };
    }
  }
}
