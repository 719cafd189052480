import { describe, expect, it } from '@jest/globals';
import {
  whenAmountDiffers,
  whenBuyerCancels,
  whenClosedAtWechat,
  whenPaymentFailed,
  whenTimeIsUp,
  type Rule,
} from './closing.ts';
import { mayMove, orderStatuses, type ClosingReason, type OrderState, type OrderStatus } from './order-states.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const order = (status: OrderStatus, closingReason: ClosingReason | null = null, expiresAt = now): OrderState => ({
  orderNo: 'A'.repeat(20),
  buyerId: 'buyer',
  status,
  closingReason: status === 'CLOSING' ? (closingReason ?? 'timeout') : closingReason,
  totalFee: 100,
  expiresAt,
});
const target = (rule: Rule, ...args: Parameters<typeof order>) => rule(order(...args), now)?.to;

describe('closing an order', () => {
  it('moves only from these states, to these', () => {
    const moves = (rule: Rule) =>
      Object.fromEntries(
        orderStatuses.flatMap((status) => (target(rule, status) ? [[status, target(rule, status)]] : [])),
      );
    expect(moves(whenTimeIsUp)).toEqual({ WAIT_PAY: 'CLOSING' });
    expect(moves(whenBuyerCancels)).toEqual({ WAIT_PAY: 'CLOSING' });
    expect(moves(whenPaymentFailed)).toEqual({ WAIT_PAY: 'CLOSING' });
    expect(moves(whenAmountDiffers)).toEqual({ WAIT_PAY: 'REVIEW', CLOSING: 'REVIEW' });
    expect(moves(whenClosedAtWechat)).toEqual({ CLOSING: 'CANCELLED' });
  });

  it('asks only for moves that the table knows', () => {
    for (const rule of [whenTimeIsUp, whenBuyerCancels, whenPaymentFailed, whenAmountDiffers, whenClosedAtWechat]) {
      for (const status of orderStatuses) {
        const to = target(rule, status);
        if (to) expect(mayMove(status, to)).toBe(true);
      }
    }
  });

  it.each([
    ['timeout', 'CANCELLED'],
    ['buyer', 'CANCELLED'],
    ['failed', 'PAY_FAILED'],
  ] as const)('a close because of %s ends as %s', (reason, end) => {
    expect(target(whenClosedAtWechat, 'CLOSING', reason)).toBe(end);
  });

  it('does not believe a time-out message that comes a millisecond early', () => {
    expect(target(whenTimeIsUp, 'WAIT_PAY', null, new Date(now.getTime() + 1))).toBeUndefined();
    expect(target(whenTimeIsUp, 'WAIT_PAY', null, now)).toBe('CLOSING');
  });

  it('remembers why', () => {
    expect(whenTimeIsUp(order('WAIT_PAY'), now)).toMatchObject({ closingReason: 'timeout' });
    expect(whenBuyerCancels(order('WAIT_PAY'), now)).toMatchObject({ closingReason: 'buyer' });
    expect(whenPaymentFailed(order('WAIT_PAY'), now)).toMatchObject({ closingReason: 'failed' });
  });
});
