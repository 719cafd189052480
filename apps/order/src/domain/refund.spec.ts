import { describe, expect, it } from '@jest/globals';
import { checkTransitions, orderStatuses } from './order-states.ts';
import {
  afterRefund,
  bookingOf,
  refundAdvice,
  refundStates,
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

it.each([
  ['a request that is paid', 'REQUESTED', 'SUCCESS', -7, 7],
  ['a request that is refused', 'REQUESTED', 'REFUSED', -7, 0],
  ['a request that is closed', 'REQUESTED', 'CLOSED', -7, 0],
  ['a request the account did not take', 'REQUESTED', 'ABNORMAL', 0, 0],
  ['what was repaid without WeChat', 'ABNORMAL', 'REPAID', -7, 7],
  ['what WeChat paid after all', 'ABNORMAL', 'SUCCESS', -7, 7],
  ['what WeChat paid although it was repaid', 'REPAID', 'SUCCESS', 0, 0],
  ['a refusal that was none', 'REFUSED', 'SUCCESS', 0, 7],
  ['a refund made without us', undefined, 'SUCCESS', 0, 7],
  ['one made without us that failed', undefined, 'CLOSED', 0, 0],
  ['one made without us that is stuck', undefined, 'ABNORMAL', 7, 0],
] as const)('%s is booked: %s to %s', (_what, from, to, reservedFen, refundedFen) => {
  expect(bookingOf(from, to, 7)).toEqual({ reservedFen, refundedFen });
});

it('an order keeps its state while only surplus went back', () => {
  expect([1, 20, 21, 119, 120].map((refunded) => afterRefund(refunded, 100, 120))).toEqual([
    ...[undefined, undefined, 'PART_REFUNDED', 'PART_REFUNDED', 'REFUNDED'],
  ]);
});

it('there is advice for every state of a refund', () => {
  expect(Object.keys(refundAdvice).toSorted()).toEqual(refundStates.toSorted());
  for (const state of ['REFUSED', 'CLOSED', 'ABNORMAL'] as const)
    expect(refundAdvice[state]).toContain('POST /operator');
});

it('an order is refunded only when all of its money went back', () => {
  expect([afterRefund(99, 100), afterRefund(100, 100)]).toEqual(['PART_REFUNDED', 'REFUNDED']);
});
