import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TimerQueue } from './timer-queue.ts';

const job = (): void => undefined;

describe('TimerQueue', () => {
  it('gives everything back in order of time, then in order of asking, whatever was added', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (dues, until) => {
        const queue = new TimerQueue();
        for (const due of dues) queue.add(due, job);
        const first = queue.takeUntil(until);
        const second = queue.takeUntil(Infinity);
        expect(first.every(({ due }) => due <= until)).toBe(true);
        const expected = dues.map((due, order) => ({ due, order: order + 1 })).sort((a, b) => a.due - b.due);
        expect([...first, ...second].map(({ due, order }) => ({ due, order }))).toEqual(expected);
        expect(queue.nextDue).toBeUndefined();
      }),
    );
  });
});
