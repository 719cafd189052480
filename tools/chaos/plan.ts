/** What a run does, and when: drawn from a seed or read from a file. Everything random is decided here, beforehand. */
import { z } from 'zod';
import { Random } from './random.ts';

const ms = z.int().min(0).max(3_600_000);

export const LINKS = [
  'pay-mysql',
  'order-mysql',
  'pay-redis',
  'order-redis',
  'pay-rabbitmq',
  'order-rabbitmq',
  'pay-wechat',
] as const;
export type Link = (typeof LINKS)[number];

export const linkMode = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('pass') }),
  /** Each way. */
  z.strictObject({ mode: z.literal('latency'), ms }),
  /** Connections stay open, nothing passes either way; what was sent arrives afterwards. */
  z.strictObject({ mode: z.literal('blackhole') }),
  /** Nothing passes the other way; `up` is from the app to the server. */
  z.strictObject({ mode: z.literal('one-way'), passes: z.enum(['up', 'down']) }),
  z.strictObject({ mode: z.literal('reset') }),
  /** Each connection ends after so many bytes of answers. */
  z.strictObject({ mode: z.literal('cut'), afterBytes: z.int().min(0) }),
  z.strictObject({ mode: z.literal('slow'), bytesPerSecond: z.int().min(1) }),
  /** Whatever holds these bytes (`COMMIT`) reaches the server and is carried out; the connection ends without its answer. */
  z.strictObject({ mode: z.literal('lost-answer'), to: z.string().min(1) }),
]);
export type LinkMode = z.infer<typeof linkMode>;

const when = { atMs: ms, durationMs: ms };
const app = z.enum(['pay-1', 'pay-2', 'order-1', 'order-2']);
const service = z.enum(['mysql', 'redis', 'rabbitmq']);
const victim = z.union([app, service]);
export type AppInstance = z.infer<typeof app>;
export type Victim = z.infer<typeof victim>;

const fault = z.discriminatedUnion('kind', [
  /** `kill -9`, started again after `durationMs`. */
  z.strictObject({ kind: z.literal('kill'), target: victim, ...when }),
  /** SIGSTOP, and SIGCONT after `durationMs`. */
  z.strictObject({ kind: z.literal('stop'), target: victim, ...when }),
  z.strictObject({ kind: z.literal('flushall'), ...when }),
  /** The inbox of an app loses its bindings; nobody puts them back but the apps. */
  z.strictObject({ kind: z.literal('unbind'), target: z.enum(['pay', 'order']), ...when }),
  z.strictObject({ kind: z.literal('link'), target: z.enum(LINKS), how: linkMode, ...when }),
  /** A fault plan of the simulator, as its control route takes it. */
  z.strictObject({ kind: z.literal('wechat'), plan: z.record(z.string(), z.unknown()), ...when }),
]);
export type Fault = z.infer<typeof fault>;

export const BEHAVIOURS = {
  pay: 40,
  abandon: 10,
  cancel: 10,
  'decline-then-pay': 6,
  'pay-and-cancel': 10,
  'cancel-then-pay': 4,
  'pay-late': 6,
  fail: 6,
  'never-look': 6,
  'wrong-amount': 2,
} as const;
export type Behaviour = keyof typeof BEHAVIOURS;

const buyer = z.strictObject({
  atMs: ms,
  does: z.enum(Object.keys(BEHAVIOURS) as [Behaviour, ...Behaviour[]]),
  quantity: z.int().min(1).max(9),
  /** Looks at the code this long before anything else happens. */
  thinksMs: ms,
  /** Between two acts that should collide. */
  gapMs: ms,
});
export type BuyerPlan = z.infer<typeof buyer>;

export const plan = z.strictObject({
  seed: z.int(),
  seconds: z.int().min(1).max(86_400),
  instances: z.union([z.literal(1), z.literal(2)]).default(1),
  payWithinSeconds: z.int().min(5).max(3_600).default(12),
  /** Everything must have come to rest this long after the last fault. */
  quietWithinMs: ms.default(180_000),
  /** Watches every message that passes the exchanges. It also takes what nobody else takes, so returns do not happen. */
  tap: z.boolean().default(false),
  /** Copies of one message that may be published. */
  mostCopies: z.int().min(1).default(40),
  buyers: z.array(buyer).max(20_000),
  faults: z.array(fault).max(5_000),
});
export type Plan = z.infer<typeof plan>;

export const victimsOf = (instances: 1 | 2): AppInstance[] =>
  instances === 1 ? ['pay-1', 'order-1'] : ['pay-1', 'pay-2', 'order-1', 'order-2'];

const BUYERS_PER_SECOND = 3;
const MOST_BUYERS = 6_000;
/** What each kind of fault weighs in the draw. */
const KINDS = { kill: 22, stop: 18, flushall: 6, unbind: 4, link: 30, wechat: 20 } as const;

/** Draws a plan; the same arguments always draw the same one. */
export function drawPlan(seed: number, seconds: number, instances: 1 | 2): Plan {
  const random = new Random(seed);
  const end = seconds * 1_000;
  const count = Math.min(MOST_BUYERS, Math.ceil(seconds * BUYERS_PER_SECOND));
  const buyers = Array.from({ length: count }, (): BuyerPlan => ({
    atMs: random.whole(0, end),
    does: random.weighted(BEHAVIOURS),
    quantity: random.whole(1, 3),
    thinksMs: random.whole(0, 2_000),
    gapMs: random.whole(0, 150),
  })).sort((a, b) => a.atMs - b.atMs);
  return plan.parse({ seed, seconds, instances, buyers, faults: drawFaults(random, end, instances) });
}

function drawFaults(random: Random, end: number, instances: 1 | 2): Fault[] {
  const faults: Fault[] = [];
  const busyUntil = new Map<string, number>();
  for (let at = 1_500; at < end; at += random.whole(800, 3_500)) {
    const fault = drawFault(random, at, instances);
    const target = 'target' in fault ? fault.target : fault.kind;
    if ((busyUntil.get(target) ?? 0) > at) continue;
    // A broker needs seconds to come up; so does whoever was killed.
    busyUntil.set(target, at + fault.durationMs + (fault.kind === 'kill' ? 12_000 : 1_000));
    faults.push(fault);
  }
  return faults;
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
    { endpoints: { [endpoint]: { wrongSign: true, times: 20 } } },
    { endpoints: { closeorder: { dropAnswer: true, times: 10 } } },
    { endpoints: { orderquery: { answerAfterMs: random.whole(500, 3_000) } } },
  ];
  return random.pick(plans);
}

/** One line per decision, as it is printed before a run. */
export function describe(fault: Fault): string {
  const at = `${(fault.atMs / 1_000).toFixed(1)} s`.padStart(8);
  const target = 'target' in fault ? ` ${fault.target}` : '';
  const how =
    fault.kind === 'link'
      ? ` ${JSON.stringify(fault.how)}`
      : fault.kind === 'wechat'
        ? ` ${JSON.stringify(fault.plan)}`
        : '';
  const lasts = fault.durationMs > 0 ? ` for ${(fault.durationMs / 1_000).toFixed(1)} s` : '';
  return `${at}  ${fault.kind}${target}${how}${lasts}`;
}
