import { describe, expect, it } from '@jest/globals';
import { orderStatuses } from './order-states.ts';
import { decisions, judgeReview } from './review.ts';

const order = { status: 'REVIEW', totalFee: 100 } as const;
const money = (totalFee: number, refundedFen = 0, reservedFen = 0) => ({ totalFee, refundedFen, reservedFen });

describe('money of another amount', () => {
  it.each([
    ['less than the order costs', money(99), { kind: 'too-little' }],
    ['exactly what it costs', money(100), { kind: 'ends', to: 'PAID', giveBackFen: 0 }],
    ['more than it costs', money(130), { kind: 'ends', to: 'PAID', giveBackFen: 30 }],
    ['more, some of which is back', money(130, 20, 5), { kind: 'ends', to: 'PAID', giveBackFen: 5 }],
    ['more, too much of which is back', money(130, 20, 11), { kind: 'too-little' }],
    ['nowhere to be found', undefined, { kind: 'nothing-booked' }],
  ])('is accepted when it is enough: %s', (_what, payment, verdict) => {
    expect(judgeReview(order, payment, 'accept')).toEqual(verdict);
  });

  it.each([
    [money(1), 1],
    [money(130), 130],
    [money(130, 20, 5), 105],
    [money(130, 130), 0],
    [undefined, 0],
  ])('goes back, all that is left of it: %j', (payment, giveBackFen) => {
    expect(judgeReview(order, payment, 'refund')).toEqual({ kind: 'ends', to: 'CANCELLED', giveBackFen });
  });

  it.each(orderStatuses.filter((status) => status !== 'REVIEW'))('is not judged for an order that is %s', (status) => {
    for (const decision of decisions) {
      expect(judgeReview({ status, totalFee: 100 }, money(100), decision)).toEqual({ kind: 'not-in-review' });
    }
  });
});
