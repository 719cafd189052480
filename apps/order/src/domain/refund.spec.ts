import { describe, expect, it } from '@jest/globals';
import { checkTransitions, orderStatuses } from './order-states.ts';
import {
  afterRefund,
  automaticRefundNo,
  FIRST_REFUND_STATE,
  givesBackByItself,
  isReserved,
  mayEnd,
  refundRefusal,
  refundTransitions,
} from './refund.ts';

const payment = (refundedFen = 0, reservedFen = 0) => ({ totalFee: 100, refundedFen, reservedFen });

describe('the transition table of a refund', () => {
  it('is sound', () => {
    expect(() => checkTransitions(refundTransitions, FIRST_REFUND_STATE)).not.toThrow();
  });

  it.each([
    [undefined, 'SUCCESS', true],
    ['REQUESTED', 'SUCCESS', true],
    ['REQUESTED', 'REFUSED', true],
    ['REQUESTED', 'CLOSED', true],
    ['REQUESTED', 'ABNORMAL', true],
    ['ABNORMAL', 'SUCCESS', true],
    ['ABNORMAL', 'REFUSED', false],
    ['CLOSED', 'REFUSED', false],
    ['SUCCESS', 'CLOSED', false],
    ['SUCCESS', 'SUCCESS', false],
  ] as const)('%s may end as %s: %s', (from, to, may) => {
    expect(mayEnd(from, to)).toBe(may);
  });

  it('keeps the amount aside until WeChat is clear, and when nobody could take it', () => {
    const states = ['REQUESTED', 'ABNORMAL', 'SUCCESS', 'REFUSED', 'CLOSED'] as const;
    expect(states.map(isReserved)).toEqual([true, true, false, false, false]);
  });
});

describe('a refund by an operator', () => {
  it.each(orderStatuses)('of an order that is %s', (status) => {
    const paid = ['PAID', 'PART_REFUNDED', 'REFUNDED'].includes(status);
    expect(refundRefusal(status, payment(), 0, 1)).toBe(paid ? undefined : 'order-not-paid');
  });

  it.each([
    [payment(), 100, undefined],
    [payment(), 101, 'exceeds-paid'],
    [payment(40), 60, undefined],
    [payment(40), 61, 'exceeds-paid'],
    [payment(40, 30), 30, undefined],
    [payment(40, 30), 31, 'exceeds-paid'],
    [payment(100), 1, 'exceeds-paid'],
    [undefined, 1, 'order-not-paid'],
  ] as const)('of %j for %d fen', (paid, amountFen, refusal) => {
    expect(refundRefusal('PAID', paid, 0, amountFen)).toBe(refusal);
  });

  it('is one of at most 50', () => {
    expect(refundRefusal('PART_REFUNDED', payment(49), 49, 1)).toBeUndefined();
    expect(refundRefusal('PART_REFUNDED', payment(50), 50, 1)).toBe('too-many-refunds');
  });
});

describe('money that pays nothing', () => {
  it('goes back by itself under the number of its transaction', () => {
    expect((['LATE', 'DOUBLE', 'MAIN', 'AMOUNT'] as const).map(givesBackByItself)).toEqual([true, true, false, false]);
    expect(automaticRefundNo('4200')).toBe('A4200');
  });
});

it('an order is refunded only when all of its money went back', () => {
  expect([afterRefund(99, 100), afterRefund(100, 100)]).toEqual(['PART_REFUNDED', 'REFUNDED']);
});
