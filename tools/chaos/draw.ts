/** Draws plans from a seed: who comes, what goes wrong, and when. */
import {
  BEHAVIOURS,
  laneOf,
  LINKS,
  plan,
  victimsOf,
  type BuyerPlan,
  type Fault,
  type LinkMode,
  type Plan,
  type Victim,
} from './plan.ts';
import { Random } from './random.ts';

const BUYERS_PER_SECOND = 3;
const MOST_BUYERS = 6_000;
/** WeChat takes two refunds of one payment a minute apart, so short plans ask for one only. */
const TIME_FOR_PARTS_S = 60;
/** Only such plans have an outage that is long enough for readiness to be judged by it. */
const TIME_FOR_LONG_OUTAGE_S = 40;
/** Shorter runs say nothing about memory. */
const TIME_TO_GROW_S = 60;
/** What each kind of fault weighs in the draw. */
const KINDS = {
  kill: 22,
  stop: 18,
  flushall: 6,
  unbind: 4,
  link: 30,
  wechat: 24,
  'refunds-end': 4,
  mysql: 8,
  rabbitmq: 6,
  clock: 8,
  'wechat-clock': 3,
  poison: 2,
} as const;
const MINUTE_MS = 60_000;
const WRONG_BY_MS = [
  10 * MINUTE_MS,
  -10 * MINUTE_MS,
  60 * MINUTE_MS,
  -60 * MINUTE_MS,
  600 * MINUTE_MS,
  -600 * MINUTE_MS,
];

/** Draws a plan; the same arguments always draw the same one. */
export function drawPlan(seed: number, seconds: number, instances: 1 | 2): Plan {
  const random = new Random(seed);
  const end = seconds * 1_000;
  const count = Math.min(MOST_BUYERS, Math.ceil(seconds * BUYERS_PER_SECOND));
  const behaviours = seconds < TIME_FOR_PARTS_S ? { ...BEHAVIOURS, 'refund-parts': 0 } : BEHAVIOURS;
  const buyers = Array.from({ length: count }, (): BuyerPlan => ({
    atMs: random.whole(0, end),
    does: random.weighted(behaviours),
    quantity: random.whole(1, 3),
    thinksMs: random.whole(0, 2_000),
    gapMs: random.whole(0, 150),
  })).sort((a, b) => a.atMs - b.atMs);
  const faults = drawFaults(random, end, instances);
  return plan.parse({ seed, seconds, instances, weighs: seconds >= TIME_TO_GROW_S, buyers, faults });
}

function drawFaults(random: Random, end: number, instances: 1 | 2): Fault[] {
  const faults: Fault[] = [];
  const busyUntil = new Map<string, number>();
  const add = (fault: Fault): void => {
    const lane = laneOf(fault);
    if ((busyUntil.get(lane) ?? 0) > fault.atMs) return;
    // A broker needs seconds to come up; so does whoever was killed.
    busyUntil.set(lane, fault.atMs + fault.durationMs + (fault.kind === 'kill' ? 12_000 : 1_000));
    faults.push(fault);
  };
  if (end >= TIME_FOR_LONG_OUTAGE_S * 1_000) add(drawLongOutage(random, end));
  for (let at = 1_500; at < end; at += random.whole(800, 3_500)) add(drawFault(random, at, instances));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

/** One server is away for so long that everybody's readiness must tell. */
function drawLongOutage(random: Random, end: number): Fault {
  const target = random.pick(['mysql', 'redis', 'rabbitmq'] as const);
  return { kind: 'stop', target, atMs: random.whole(0, end - 25_000), durationMs: random.whole(18_000, 22_000) };
}

function drawFault(random: Random, atMs: number, instances: 1 | 2): Fault {
  const targets: Victim[] = [...victimsOf(instances), ...victimsOf(instances), 'mysql', 'redis', 'rabbitmq'];
  switch (random.weighted(KINDS)) {
    case 'kill':
      return { kind: 'kill', target: random.pick(targets), atMs, durationMs: random.whole(0, 3_000) };
    case 'stop':
      return { kind: 'stop', target: random.pick(targets), atMs, durationMs: random.whole(300, 6_000) };
    case 'flushall':
      return { kind: 'flushall', atMs, durationMs: 0 };
    case 'unbind':
      return { kind: 'unbind', target: random.pick(['pay', 'order'] as const), atMs, durationMs: 0 };
    case 'link':
      return {
        kind: 'link',
        target: random.pick(LINKS),
        how: drawMode(random),
        atMs,
        durationMs: random.whole(500, 6_000),
      };
    case 'wechat':
      return { kind: 'wechat', plan: drawWechat(random), atMs, durationMs: random.whole(1_000, 6_000) };
    case 'refunds-end':
      return {
        kind: 'refunds-end',
        as: random.pick(['REFUNDCLOSE', 'CHANGE'] as const),
        atMs,
        durationMs: random.whole(2_000, 6_000),
      };
    case 'mysql':
      return {
        kind: 'mysql',
        how: random.pick(['read-only', 'crowded', 'cut-connections'] as const),
        atMs,
        durationMs: random.whole(500, 5_000),
      };
    case 'rabbitmq':
      return {
        kind: 'rabbitmq',
        how: random.pick(['memory-alarm', 'disk-alarm', 'cut-connections'] as const),
        atMs,
        durationMs: random.whole(1_000, 5_000),
      };
    case 'clock':
      return {
        kind: 'clock',
        target: random.pick(victimsOf(instances)),
        byMs: random.pick(WRONG_BY_MS),
        atMs,
        durationMs: random.whole(2_000, 15_000),
      };
    case 'wechat-clock':
      return { kind: 'wechat-clock', aheadMs: random.whole(10_000, 400_000), atMs, durationMs: 0 };
    case 'poison':
      return {
        kind: 'poison',
        target: random.pick(['pay', 'order'] as const),
        messages: random.whole(1, 5),
        atMs,
        durationMs: 0,
      };
  }
}

function drawMode(random: Random): LinkMode {
  const modes: LinkMode[] = [
    { mode: 'latency', ms: random.whole(20, 400) },
    { mode: 'blackhole' },
    { mode: 'one-way', passes: random.pick(['up', 'down'] as const) },
    { mode: 'reset' },
    { mode: 'cut', afterBytes: random.whole(0, 3_000) },
    { mode: 'slow', bytesPerSecond: random.whole(500, 20_000) },
  ];
  return random.pick(modes);
}

function drawWechat(random: Random): Record<string, unknown> {
  const seed = random.whole(1, 1_000_000);
  const endpoint = random.pick(['unifiedorder', 'orderquery', 'closeorder'] as const);
  const plans: Record<string, unknown>[] = [
    { notify: { dropRate: 0.5, duplicateRate: 0.3, seed } },
    { notify: { delayMs: random.whole(200, 2_500), duplicateRate: 0.5, seed } },
    { notify: { off: true } },
    { notify: { amountDelta: random.pick([-1, 1]), seed } },
    { endpoints: { unifiedorder: { hangMs: random.whole(2_000, 6_000), times: 4 } } },
    { endpoints: { unifiedorder: { dropAnswer: true, times: 4 } } },
    { endpoints: { [endpoint]: { systemError: random.pick(['before', 'after'] as const), times: 20 } } },
    { endpoints: { [endpoint]: { refuse: 502, times: 20 } } },
    { endpoints: { [endpoint]: { answer: 'wrong-sign', times: 20 } } },
    { endpoints: { closeorder: { dropAnswer: true, times: 10 } } },
    { endpoints: { orderquery: { answerAfterMs: random.whole(500, 3_000) } } },
    { endpoints: { refund: { error: 'NOTENOUGH', times: 4 } } },
    { endpoints: { refund: { systemError: random.pick(['before', 'after'] as const), times: 6 } } },
    { endpoints: { refund: { dropAnswer: true, times: 6 } } },
    { endpoints: { refund: { error: 'USER_ACCOUNT_ABNORMAL', times: 2 } } },
    { endpoints: { refundquery: { answer: random.pick(['wrong-sign', 'half-xml'] as const), times: 10 } } },
    { random: { seed, share: 0.3 } },
  ];
  return random.pick(plans);
}
