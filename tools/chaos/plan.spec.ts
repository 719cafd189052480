import { describe as group, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawPlan } from './draw.ts';
import { BEHAVIOURS, describe, plan, victimsOf } from './plan.ts';
import { PLANS } from './mutant-plans.ts';
import { protections } from '#platform';

group('a plan', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const one = drawPlan(seed, 30, 2);
        expect(drawPlan(seed, 30, 2)).toEqual(one);
        expect(drawPlan(seed + 1, 30, 2).faults).not.toEqual(one.faults);
      }),
      { numRuns: 50 },
    );
  });

  it('survives being written to a file and read again', () => {
    const one = drawPlan(7, 60, 1);
    expect(plan.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it('names only processes that exist, and every kind of fault and of buyer sooner or later', () => {
    const single = drawPlan(3, 3_600, 1);
    const targets = single.faults.flatMap((fault) => (fault.kind === 'kill' ? [fault.target] : []));
    expect(
      targets.filter((target) => target.includes('-')).every((one) => victimsOf(1).some((two) => one === two)),
    ).toBe(true);
    expect(new Set(single.faults.map(({ kind }) => kind))).toEqual(
      new Set([
        ...['kill', 'stop', 'flushall', 'unbind', 'link', 'wechat', 'refunds-end', 'mysql', 'rabbitmq'],
        ...['clock', 'wechat-clock', 'poison'],
      ]),
    );
    expect(new Set(single.buyers.map(({ does }) => does))).toEqual(new Set(Object.keys(BEHAVIOURS)));
  });

  it('is printed one line per fault', () => {
    expect(
      describe({ kind: 'link', target: 'pay-redis', how: { mode: 'blackhole' }, atMs: 1_500, durationMs: 700 }),
    ).toBe('   1.5 s  link pay-redis {"mode":"blackhole"} for 0.7 s');
  });

  it('exists for every protection that can be switched off', () => {
    expect(Object.keys(PLANS).sort()).toEqual([...protections].sort());
  });
});
