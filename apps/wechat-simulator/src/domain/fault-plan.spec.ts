import { describe, expect, it } from '@jest/globals';
import { FaultPlan, type NoticeFate } from './fault-plan.ts';
import { badDay, noFaults, noNotifyFaults, type Faults } from './faults.ts';

const fates = (plan: FaultPlan, count: number): NoticeFate[] => Array.from({ length: count }, () => plan.nextNotice());

describe('FaultPlan', () => {
  it('does nothing unless it is told to', () => {
    const plan = new FaultPlan();
    expect(plan.nextNotice()).toMatchObject({ lost: undefined, twice: false, delayMs: 0, amountDelta: 0 });
    expect(plan.nextRequest('unifiedorder')).toEqual({});
  });

  it('decides the same for the same seed, and otherwise for another one', () => {
    const notify = { ...noNotifyFaults, dropRate: 0.3, duplicateRate: 0.2, seed: 7 };
    const [one, two, other] = [new FaultPlan(), new FaultPlan(), new FaultPlan()];
    one.set({ ...noFaults, notify });
    two.set({ ...noFaults, notify });
    other.set({ ...noFaults, notify: { ...notify, seed: 8 } });
    const chosen = fates(one, 200);
    expect(fates(two, 200)).toEqual(chosen);
    expect(fates(other, 200)).not.toEqual(chosen);
  });

  it('keeps close to its rates', () => {
    const plan = new FaultPlan();
    plan.set({ ...noFaults, notify: { ...noNotifyFaults, dropRate: 0.3, duplicateRate: 0.2 } });
    const all = fates(plan, 10_000);
    const dropped = all.filter(({ lost }) => lost === 'dropped').length;
    const twice = all.filter(({ twice }) => twice).length;
    expect(dropped / 10_000).toBeCloseTo(0.3, 1);
    expect(twice / (10_000 - dropped)).toBeCloseTo(0.2, 1);
  });

  it('loses everything when notifications are off', () => {
    const plan = new FaultPlan();
    plan.set({ ...noFaults, notify: { ...noNotifyFaults, off: true, duplicateRate: 1 } });
    expect(fates(plan, 3).map(({ lost, twice }) => [lost, twice])).toEqual(Array(3).fill(['off', false]));
  });

  it('hits the next n requests of one endpoint', () => {
    const plan = new FaultPlan();
    plan.set({ ...noFaults, endpoints: { orderquery: { refuse: 502, times: 2 } } });
    const hits = Array.from({ length: 3 }, () => plan.nextRequest('orderquery').refuse);
    expect(hits).toEqual([502, 502, undefined]);
    expect(plan.nextRequest('closeorder')).toEqual({});
    expect(plan.current().endpoints).toEqual({ orderquery: { refuse: 502, times: 0 } });
  });

  it('hits one order before all others, whatever that order is called', () => {
    const plan = new FaultPlan();
    expect(plan.knowsOrders).toBe(false);
    plan.set({
      ...noFaults,
      endpoints: { refund: { refuse: 502 } },
      orders: { T1: { refund: { systemError: 'after', times: 1 }, notify: { amountDelta: -1 } } },
    });
    expect(plan.knowsOrders).toBe(true);
    expect(plan.nextRequest('refund', 'T1')).toMatchObject({ systemError: 'after' });
    expect(plan.nextRequest('refund', 'T1')).toEqual({ refuse: 502 });
    expect(plan.nextRequest('refund', 'constructor')).toEqual({ refuse: 502 });
    expect([plan.nextNotice('T1').amountDelta, plan.nextNotice('T2').amountDelta]).toEqual([-1, 0]);
  });

  it('has bad days that can be lived again', () => {
    const random: NonNullable<Faults['random']> = { seed: 3, share: 0.4, endpoints: ['orderquery'], choose: badDay };
    const [one, two] = [new FaultPlan(), new FaultPlan()];
    one.set({ ...noFaults, random });
    two.set({ ...noFaults, random });
    const days = Array.from({ length: 500 }, () => one.nextRequest('orderquery'));
    expect(Array.from({ length: 500 }, () => two.nextRequest('orderquery'))).toEqual(days);
    const bad = days.filter((fault) => Object.keys(fault).length > 0);
    expect(bad.length / 500).toBeCloseTo(0.4, 1);
    expect(new Set(bad).size).toBe(badDay.length);
    expect(one.nextRequest('unifiedorder')).toEqual({});
  });

  it('forges and delays by chance without disturbing what is lost', () => {
    const notify = { ...noNotifyFaults, dropRate: 0.3, seed: 7 };
    const [plain, tricky] = [new FaultPlan(), new FaultPlan()];
    plain.set({ ...noFaults, notify });
    tricky.set({ ...noFaults, notify: { ...notify, forgeRate: 0.5, forgery: 'amount', jitterMs: 1_000 } });
    const [quiet, loud] = [fates(plain, 200), fates(tricky, 200)];
    expect(loud.map(({ lost }) => lost)).toEqual(quiet.map(({ lost }) => lost));
    expect(new Set(loud.map(({ forgery }) => forgery))).toEqual(new Set(['amount', undefined]));
    expect(Math.max(...loud.map(({ delayMs }) => delayMs))).toBeGreaterThan(500);
  });
});
