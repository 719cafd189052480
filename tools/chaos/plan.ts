/** What a run does, and when: drawn from a seed (`draw.ts`) or read from a file. Nothing is decided later. */
import { z } from 'zod';

const ms = z.int().min(0).max(3_600_000);

export const LINKS = [
  'pay-mysql',
  'order-mysql',
  'pay-redis',
  'order-redis',
  'pay-rabbitmq',
  'order-rabbitmq',
  'pay-wechat',
  /** Calls that need the merchant's certificate go over TLS, to a port of their own. */
  'pay-refunds',
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
  /** How refunds end that WeChat takes on meanwhile: closed without paying, or the account could not take them. */
  z.strictObject({ kind: z.literal('refunds-end'), as: z.enum(['REFUNDCLOSE', 'CHANGE']), ...when }),
  /**
   * `read-only`: nothing can be written; `crowded`: ten connections for everybody, those that are open are cut;
   * `cut-connections`: all connections of the apps are killed at the server.
   */
  z.strictObject({ kind: z.literal('mysql'), how: z.enum(['read-only', 'crowded', 'cut-connections']), ...when }),
  /** An alarm stops the broker from taking messages; consumers go on. */
  z.strictObject({
    kind: z.literal('rabbitmq'),
    how: z.enum(['memory-alarm', 'disk-alarm', 'cut-connections']),
    ...when,
  }),
  /** The wall clock of one process goes wrong by so much, and right again after `durationMs`. */
  z.strictObject({ kind: z.literal('clock'), target: app, byMs: z.int().min(-86_400_000).max(86_400_000), ...when }),
  /** WeChat's clock jumps ahead for good: codes expire, repeats fall due. */
  z.strictObject({ kind: z.literal('wechat-clock'), aheadMs: z.int().min(0).max(86_400_000), ...when }),
  /** Messages that nobody can read lie in the inbox of an app. */
  z.strictObject({
    kind: z.literal('poison'),
    target: z.enum(['pay', 'order']),
    messages: z.int().min(1).max(100),
    ...when,
  }),
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
  /** The same, and an operator decides about it: gives it back, takes it, or two decide at once. */
  'wrong-amount-judged': 4,
  /** Money of a closed order that was on its way: late. */
  'pay-after-end': 6,
  /** Two attempts of one order, both paid. */
  'pay-twice': 6,
  /** Wants another way to pay than the code shown: and takes that, pays the code meanwhile, or changes twice. */
  'switch-way': 8,
  /** Pays and never looks at anything again. */
  'pay-and-go': 4,
  'refund-all': 5,
  'refund-part': 4,
  'refund-parts': 3,
  'refund-too-much': 3,
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
  /** Watches every message that is published, and every one that is handed to a consumer. */
  tap: z.boolean().default(false),
  /** Copies of one message that may be published. */
  mostCopies: z.int().min(1).default(40),
  /** How often one message may be handed to a consumer; counted with `tap`. */
  mostDeliveries: z.int().min(1).default(200),
  /** Calls about one number that WeChat may get at the same time, by endpoint. */
  mostAtOnce: z.record(z.string(), z.int().min(1)).default({}),
  /** Weighs every process before and after; before, some buyers come in fair weather to warm them up. */
  weighs: z.boolean().default(false),
  /** WeChat never tells anything by itself, healed or not: everything must be asked. */
  silent: z.boolean().default(false),
  buyers: z.array(buyer).max(20_000),
  faults: z.array(fault).max(5_000),
});
export type Plan = z.infer<typeof plan>;

export const victimsOf = (instances: 1 | 2): AppInstance[] =>
  instances === 1 ? ['pay-1', 'order-1'] : ['pay-1', 'pay-2', 'order-1', 'order-2'];

/** Faults in one lane happen one after the other; what needs a server waits until that is there. */
export function laneOf(fault: Fault): string {
  switch (fault.kind) {
    case 'clock':
      return `clock of ${fault.target}`;
    case 'flushall':
      return 'redis';
    case 'unbind':
    case 'poison':
      return 'rabbitmq';
    default:
      return 'target' in fault ? fault.target : fault.kind;
  }
}

/** One line per decision, as it is printed before a run. */
export function describe(fault: Fault): string {
  const at = `${(fault.atMs / 1_000).toFixed(1)} s`.padStart(8);
  const { kind, durationMs, ...rest } = fault;
  const facts = Object.entries(rest).filter(([name]) => name !== 'atMs');
  const [target, ...more] = facts.sort(([a], [b]) => Number(b === 'target') - Number(a === 'target'));
  const details = [target, ...more].flatMap((entry) =>
    entry ? [typeof entry[1] === 'object' ? JSON.stringify(entry[1]) : String(entry[1])] : [],
  );
  const lasts = durationMs > 0 ? ` for ${(durationMs / 1_000).toFixed(1)} s` : '';
  return [`${at} `, kind, ...details].join(' ') + lasts;
}
