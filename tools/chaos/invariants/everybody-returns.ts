import { concerns, type Dependency, type Outage } from '../outages.ts';
import type { Probe } from '../probes.ts';
import type { Evidence } from '../evidence.ts';
import { by, type Broken, type Check } from './broken.ts';

/** So long after a dependency has died, readiness must say so. */
const TELLS_WITHIN_MS = 15_000;
/** So long after it is back, or after the process was started anew, everything must be well again. */
const RETURNS_WITHIN_MS = 30_000;
/** A process that was stopped answers again this long after it goes on. */
const WAKES_WITHIN_MS = 3_000;

/**
 * I14: whoever was not killed lives, and everybody is ready again by himself. Readiness follows MySQL; without Redis or
 * RabbitMQ it stays, but says `degraded`.
 */
export const everybodyReturns: Check = (evidence) => [
  ...[...evidence.crashes, ...(evidence.notReady === undefined ? [] : [evidence.notReady])].map((what) => ({
    invariant: 'I14',
    what,
  })),
  ...[...by(evidence.probes, ({ app, kind }) => `${app} ${kind}`).values()].flatMap((probes) =>
    probes.flatMap((probe, index) => [
      ...alive(probe, evidence),
      ...(wasWell(probes, index) ? [] : ready(probe, evidence)),
      ...late(probe, evidence),
    ]),
  ),
];

/** Whether the same process was ready within that time: a moment of a busy machine is no broken promise. */
function wasWell(probes: readonly Probe[], index: number): boolean {
  const now = probes[index]?.at ?? 0;
  for (let i = index - 1; i >= 0; i -= 1) {
    const before = probes[i];
    if (!before || before.at < now - RETURNS_WITHIN_MS) return false;
    if (before.status === 'ready') return true;
  }
  return false;
}

/** Readiness that does not know of an outage which has lasted. */
function late(probe: Probe, { outages }: Evidence): Broken[] {
  if (probe.kind !== 'ready' || probe.status !== 'ready') return [];
  const dead = outages.find((one) => concerns(one, probe.app) && isDead(one, probe));
  return dead ? [told(probe, `is ready without ${dead.dependency}, which has been away for long`)] : [];
}

function alive(probe: Probe, { silences }: Evidence): Broken[] {
  if (probe.kind !== 'live' || probe.httpStatus === 200) return [];
  const excused = silences.some(
    ({ app, killed, from, to }) =>
      app === probe.app && overlaps(probe, from, to + (killed ? RETURNS_WITHIN_MS : WAKES_WITHIN_MS)),
  );
  return excused ? [] : [told(probe, 'did not say that it lives')];
}

function ready(probe: Probe, { silences, outages }: Evidence): Broken[] {
  if (probe.kind !== 'ready') return [];
  const silent = silences.some(
    ({ app, from, to }) => app === probe.app && overlaps(probe, from, to + RETURNS_WITHIN_MS),
  );
  const mine = outages.filter((one) => concerns(one, probe.app));
  const near = mine.filter(({ from, to }) => overlaps(probe, from, to + RETURNS_WITHIN_MS));
  if (probe.status === undefined) return silent ? [] : [told(probe, 'readiness was not answered')];
  if (silent || (probe.status === 'ready' && probe.httpStatus === 200)) return [];
  const causes = new Set(near.map(({ dependency }) => dependency));
  if (probe.status === 'degraded') {
    const dead = mine.find((one) => one.dependency === 'mysql' && isDead(one, probe));
    if (dead) return [told(probe, 'is degraded without MySQL, where it should not be ready')];
    const known = causes.has('redis') || causes.has('rabbitmq') || (causes.has('mysql') && waits(probe));
    return known ? [] : [told(probe, 'is degraded without a reason')];
  }
  return hasReason(causes) ? [] : [told(probe, `is ${probe.status} although MySQL is there`)];
}

/** Consumers go on a few seconds after MySQL is back; until then nobody reads what RabbitMQ has. */
const waits = ({ down }: Probe): boolean => down.join() === 'rabbitmq';

const hasReason = (causes: ReadonlySet<Dependency>): boolean => causes.has('mysql');

/** Dead for so long before the question, and still dead after the answer. */
const isDead = ({ dead, from, to }: Outage, { at, ms }: Probe): boolean =>
  dead && from + TELLS_WITHIN_MS <= at && at + ms < to;

const overlaps = ({ at, ms }: Probe, from: number, to: number): boolean => from <= at + ms && at <= to;

const told = ({ app, at, httpStatus, down }: Probe, what: string): Broken => ({
  invariant: 'I14',
  what: `${app} ${what} (${[httpStatus ?? 'no answer', ...down].join(', ')} at ${new Date(at).toISOString()})`,
});
