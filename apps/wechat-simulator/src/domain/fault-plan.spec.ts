import { describe, expect, it } from '@jest/globals';
import { FaultPlan, noNotifyFaults, type NoticeFate } from './fault-plan.ts';

const fates = (plan: FaultPlan, count: number): NoticeFate[] => Array.from({ length: count }, () => plan.nextNotice());

describe('FaultPlan', () => {
  it('does nothing unless it is told to', () => {
    const plan = new FaultPlan();
    expect(plan.nextNotice()).toEqual({ lost: undefined, twice: false, delayMs: 0, amountDelta: 0 });
    expect(plan.nextRequest('unifiedorder')).toEqual({});
  });

  it('decides the same for the same seed, and otherwise for another one', () => {
    const notify = { ...noNotifyFaults, dropRate: 0.3, duplicateRate: 0.2, seed: 7 };
    const [one, two, other] = [new FaultPlan(), new FaultPlan(), new FaultPlan()];
    one.set({ notify, endpoints: {} });
    two.set({ notify, endpoints: {} });
    other.set({ notify: { ...notify, seed: 8 }, endpoints: {} });
    const chosen = fates(one, 200);
    expect(fates(two, 200)).toEqual(chosen);
    expect(fates(other, 200)).not.toEqual(chosen);
  });

  it('keeps close to its rates', () => {
    const plan = new FaultPlan();
    plan.set({ notify: { ...noNotifyFaults, dropRate: 0.3, duplicateRate: 0.2 }, endpoints: {} });
    const all = fates(plan, 10_000);
    const dropped = all.filter(({ lost }) => lost === 'dropped').length;
    const twice = all.filter(({ twice }) => twice).length;
    expect(dropped / 10_000).toBeCloseTo(0.3, 1);
    expect(twice / (10_000 - dropped)).toBeCloseTo(0.2, 1);
  });

  it('loses everything when notifications are off', () => {
    const plan = new FaultPlan();
    plan.set({ notify: { ...noNotifyFaults, off: true, duplicateRate: 1 }, endpoints: {} });
    expect(fates(plan, 3).map(({ lost, twice }) => [lost, twice])).toEqual(Array(3).fill(['off', false]));
  });

  it('hits the next n requests of one endpoint', () => {
    const plan = new FaultPlan();
    plan.set({ notify: noNotifyFaults, endpoints: { orderquery: { refuse: 502, times: 2 } } });
    const hits = Array.from({ length: 3 }, () => plan.nextRequest('orderquery').refuse);
    expect(hits).toEqual([502, 502, undefined]);
    expect(plan.nextRequest('closeorder')).toEqual({});
    expect(plan.current().endpoints).toEqual({ orderquery: { refuse: 502, times: 0 } });
  });
});
