import { describe, expect, it } from '@jest/globals';
import { orderStatuses, type OrderStatus } from './order-states.ts';
import { decideSettle, pointsFor } from './settlement.ts';

const orderNo = 'A'.repeat(20);
const order = (status: OrderStatus) => ({ orderNo, status, totalFee: 100 });

/** state of the order → [role of the right amount, role of another amount] */
const matrix: Record<OrderStatus, [string, string]> = {
  WAIT_PAY: ['MAIN', 'AMOUNT'],
  CLOSING: ['MAIN', 'AMOUNT'],
  REVIEW: ['DOUBLE', 'DOUBLE'],
  PAID: ['DOUBLE', 'DOUBLE'],
  PART_REFUNDED: ['DOUBLE', 'DOUBLE'],
  REFUNDED: ['DOUBLE', 'DOUBLE'],
  CANCELLED: ['LATE', 'LATE'],
  PAY_FAILED: ['LATE', 'LATE'],
};

describe('what a payment means for its order', () => {
  for (const status of orderStatuses) {
    const [right, other] = matrix[status];
    it(`${status}: the right amount is ${right}`, () => {
      expect(decideSettle(order(status), { totalFee: 100 }, undefined)).toEqual({ kind: 'book', role: right });
    });
    it.each([1, 99, 101, 10_000])(`${status}: %d instead of 100 fen is ${other}`, (totalFee) => {
      expect(decideSettle(order(status), { totalFee }, undefined)).toEqual({ kind: 'book', role: other });
    });
    it(`${status}: money that differs from what was asked is ${other}, even of the order's amount`, () => {
      const differs = decideSettle(order(status), { totalFee: 100, differs: true }, undefined);
      expect(differs).toEqual({ kind: 'book', role: other });
    });
    it(`${status}: the same transaction again changes nothing`, () => {
      expect(decideSettle(order(status), { totalFee: 100 }, orderNo)).toEqual({ kind: 'repeat' });
      expect(decideSettle(order(status), { totalFee: 7 }, orderNo)).toEqual({ kind: 'repeat' });
    });
    it(`${status}: a transaction booked for another order is refused`, () => {
      expect(decideSettle(order(status), { totalFee: 100 }, 'B'.repeat(20))).toEqual({ kind: 'foreign' });
    });
  }

  it('an unknown order cannot be settled', () => {
    expect(decideSettle(undefined, { totalFee: 100 }, undefined)).toEqual({ kind: 'unknown-order' });
  });
});

describe('points', () => {
  it.each([
    [1, 0],
    [99, 0],
    [100, 1],
    [199, 1],
    [9_999_999_999, 99_999_999],
  ])('%d fen give %d', (fen, points) => {
    expect(pointsFor(fen)).toBe(points);
  });
});
