import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../evidence.ts';
import type { Outage } from '../outages.ts';
import type { Probe } from '../probes.ts';
import { at, foundIn, sound } from './evidence.testing.ts';

const when = (second: number): number => at(second).getTime();
const ready = (second: number, status: string | undefined, httpStatus?: number): Probe => ({
  ...{ app: 'pay-1', kind: 'ready', at: when(second), ms: 10, status, httpStatus, down: [] },
});
const away = (dependency: Outage['dependency'], from: number, to: number, dead = true): Outage => ({
  ...{ apps: 'all', dependency, dead, from: when(from), to: when(to) },
});
const found = (change: (e: Evidence) => void): string[] => foundIn(sound, change);
const seen = (probe: Probe, ...outages: Outage[]): string[] =>
  found((e) => {
    e.probes.push(probe);
    e.outages.push(...outages);
  });

describe('readiness', () => {
  it('follows MySQL, and is degraded without Redis or RabbitMQ', () => {
    expect(seen(ready(20, 'unavailable', 503), away('mysql', 1, 30))).toEqual([]);
    expect(seen(ready(20, 'degraded', 200), away('redis', 1, 30))).toEqual([]);
    expect(seen(ready(20, 'unavailable', 503), away('redis', 1, 30))).toEqual(['I14']);
    expect(seen(ready(20, 'degraded', 200), away('mysql', 1, 30))).toEqual(['I14']);
  });

  it('says so within 15 s', () => {
    expect(seen(ready(14, 'ready', 200), away('mysql', 1, 30))).toEqual([]);
    expect(seen(ready(17, 'ready', 200), away('mysql', 1, 30))).toEqual(['I14']);
    expect(seen(ready(17, 'ready', 200), away('rabbitmq', 1, 30))).toEqual(['I14']);
    expect(seen(ready(17, 'ready', 200), away('mysql', 1, 30, false))).toEqual([]);
    expect(seen(ready(17, 'ready', 200), { ...away('mysql', 1, 30), apps: 'order' })).toEqual([]);
  });

  it('is well again 30 s after its dependency is back', () => {
    expect(seen(ready(35, 'unavailable', 503), away('mysql', 1, 6))).toEqual([]);
    expect(seen(ready(37, 'unavailable', 503), away('mysql', 1, 6))).toEqual(['I14']);
    expect(seen(ready(37, 'degraded', 200))).toEqual(['I14']);
  });

  it('may be degraded on the way back from MySQL, while consumers of RabbitMQ wait for it', () => {
    const waiting = (second: number) => ({ ...ready(second, 'degraded', 200), down: ['rabbitmq'] });
    expect(seen(waiting(35), away('mysql', 1, 6))).toEqual([]);
    expect(seen(waiting(37), away('mysql', 1, 6))).toEqual(['I14']);
    expect(seen({ ...waiting(35), down: ['redis'] }, away('mysql', 1, 6))).toEqual(['I14']);
    expect(seen(waiting(20), away('mysql', 1, 30))).toEqual(['I14']);
  });

  it('is answered, unless the process was killed or stopped', () => {
    expect(seen(ready(10, undefined))).toEqual(['I14']);
    expect(
      found((e) => {
        e.probes.push(ready(10, undefined));
        e.silences.push({ app: 'pay-1', killed: true, from: when(9), to: when(9) });
      }),
    ).toEqual([]);
  });
});

describe('liveness', () => {
  const live = (second: number): Probe => ({ ...ready(second, undefined), kind: 'live' });

  it('is always there, but for a process that was killed or stopped', () => {
    expect(seen(live(10), away('mysql', 1, 30))).toEqual(['I14']);
    const after = (second: number, killed: boolean) =>
      found((e) => {
        e.probes.push(live(second));
        e.silences.push({ app: 'pay-1', killed, from: when(5), to: when(6) });
      });
    expect(after(8, false)).toEqual([]);
    expect(after(20, false)).toEqual(['I14']);
    expect(after(20, true)).toEqual([]);
    expect(after(40, true)).toEqual(['I14']);
  });
});
