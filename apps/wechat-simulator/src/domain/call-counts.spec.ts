import { describe, expect, it } from '@jest/globals';
import { CallCounts } from './call-counts.ts';

describe('the counts of calls', () => {
  it('tell how often a number was named by a call, and how many ran at the same time', () => {
    const counts = new CallCounts();
    const [first, second] = [counts.begin('refund', 'R1'), counts.begin('refund', 'R1')];
    first();
    first();
    counts.begin('refund', 'R1')();
    second();
    counts.begin('refundquery', 'R1')();
    expect(counts.list()).toEqual([
      { endpoint: 'refund', number: 'R1', count: 3, mostAtOnce: 2 },
      { endpoint: 'refundquery', number: 'R1', count: 1, mostAtOnce: 1 },
    ]);
    counts.clear();
    expect(counts.list()).toEqual([]);
  });
});
