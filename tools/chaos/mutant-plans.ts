/** For each protection a plan that shows what happens without it. */
import { plan, type Behaviour, type Fault, type Link, type Plan } from './plan.ts';
import type { Protection } from '#platform';

interface Made {
  seconds: number;
  buyers: { does: Behaviour; count: number; fromMs: number; toMs: number; thinksMs?: number }[];
  faults: Fault[];
  more?: Partial<Plan>;
}

function made({ seconds, buyers, faults, more }: Made): Plan {
  const all = buyers.flatMap(({ does, count, fromMs, toMs, thinksMs = 0 }) =>
    Array.from({ length: count }, (_, index) => ({
      atMs: fromMs + Math.round(((toMs - fromMs) * index) / count),
      does,
      quantity: 1 + (index % 2),
      thinksMs,
      gapMs: (index * 23) % 400,
    })),
  );
  // Nobody waits for a time-out, and what a sender repeats after a minute comes too late.
  return plan.parse({ seed: 0, seconds, payWithinSeconds: 600, quietWithinMs: 35_000, buyers: all, faults, ...more });
}

const paying = (count: number, fromMs: number, toMs: number) => ({ does: 'pay' as const, count, fromMs, toMs });
const latency = (target: Link, ms: number, durationMs: number, atMs = 0): Fault => ({
  ...{ kind: 'link', target, how: { mode: 'latency', ms }, atMs, durationMs },
});
const wechat = (plan: Record<string, unknown>, durationMs: number, atMs = 0): Fault => ({
  ...{ kind: 'wechat', plan, atMs, durationMs },
});
/** Both instances work off the same rows, and each WeChat call takes so long that the other comes by meanwhile. */
const sideBySide = (mostAtOnce: Record<string, number>) => ({ instances: 2 as const, silent: true, mostAtOnce });

/** For each protection what makes its absence show. The same plans break nothing while the protection holds. */
export const PLANS: Readonly<Record<Protection, Plan>> = {
  // A slow database stretches the moment between looking at an order and changing it.
  'compare-and-set': made({
    seconds: 12,
    buyers: [{ does: 'pay-and-cancel', count: 40, fromMs: 500, toMs: 9_000 }],
    faults: [{ kind: 'link', target: 'order-mysql', how: { mode: 'latency', ms: 40 }, atMs: 0, durationMs: 11_000 }],
    more: { quietWithinMs: 75_000 },
  }),
  // Buyers hold their codes when the database goes, and pay while it is away: the first results reach a consumer that
  // cannot write them down. What was lost is told again a minute after it was paid, so the second time is the last.
  'ack-after-commit': made({
    seconds: 14,
    buyers: [
      { ...paying(20, 500, 2_500), thinksMs: 2_700 },
      { ...paying(20, 7_500, 9_500), thinksMs: 2_700 },
    ],
    faults: [3_000, 10_000].map((atMs) => ({
      ...{ kind: 'link', target: 'order-mysql', how: { mode: 'reset' }, atMs, durationMs: 3_000 },
    })),
  }),
  mandatory: made({
    seconds: 10,
    buyers: [paying(20, 2_500, 8_000)],
    faults: [{ kind: 'unbind', target: 'order', atMs: 2_000, durationMs: 0 }],
  }),
  'success-after-commit': made({
    seconds: 10,
    buyers: [{ ...paying(30, 500, 2_500), thinksMs: 2_500 }],
    faults: [{ kind: 'link', target: 'pay-mysql', how: { mode: 'reset' }, atMs: 3_000, durationMs: 3_000 }],
  }),
  'stock-once': made({
    seconds: 6,
    buyers: [{ does: 'cancel', count: 10, fromMs: 500, toMs: 4_000 }],
    faults: [],
  }),
  // Confirms take longer than the pause between two looks for messages that nobody holds.
  lease: made({
    seconds: 12,
    buyers: [paying(30, 500, 10_000)],
    faults: [{ kind: 'link', target: 'pay-rabbitmq', how: { mode: 'latency', ms: 900 }, atMs: 0, durationMs: 11_500 }],
    more: { tap: true, mostCopies: 1 },
  }),
  'amount-check': made({
    seconds: 6,
    buyers: [{ does: 'wrong-amount', count: 6, fromMs: 500, toMs: 4_000 }, paying(4, 500, 4_000)],
    faults: [],
  }),
  // The money comes after WeChat was asked and before it is told to close.
  'paid-at-close': made({
    seconds: 14,
    buyers: [{ does: 'cancel-then-pay', count: 12, fromMs: 500, toMs: 6_000, thinksMs: 200 }],
    faults: [
      {
        kind: 'wechat',
        plan: { notify: { off: true }, endpoints: { orderquery: { answerAfterMs: 2_500 } } },
        atMs: 0,
        durationMs: 13_000,
      },
    ],
    more: { quietWithinMs: 75_000 },
  }),
  'delete-after-confirm': made({
    seconds: 12,
    buyers: [{ ...paying(30, 500, 3_000), thinksMs: 3_000 }],
    faults: [{ kind: 'link', target: 'pay-rabbitmq', how: { mode: 'reset' }, atMs: 3_200, durationMs: 5_000 }],
  }),
  // What cannot be read comes again and again instead of being put aside.
  'no-requeue': made({
    seconds: 10,
    buyers: [paying(10, 500, 8_000)],
    faults: [{ kind: 'poison', target: 'order', messages: 3, atMs: 2_000, durationMs: 0 }],
    more: { tap: true, mostDeliveries: 3 },
  }),
  // Both processes die with messages they have sent and not seen confirmed, and are back before the leases end ten seconds
  // after they were taken; if the machine is slow, both are late. By then the database is slow: looking for messages and
  // having taken them are eight times the latency apart, which is longer than the pause between two looks. So both have
  // seen the same ones; one may send them a second time, not both.
  'locking-reread': made({
    seconds: 36,
    buyers: [paying(50, 500, 4_500), paying(50, 18_500, 22_500)],
    faults: [0, 18_000].flatMap((atMs): Fault[] => [
      latency('pay-rabbitmq', 900, 5_500, atMs),
      { kind: 'kill', target: 'pay-1', atMs: atMs + 5_000, durationMs: 0 },
      { kind: 'kill', target: 'pay-2', atMs: atMs + 5_000, durationMs: 0 },
      latency('pay-mysql', 250, 5_500, atMs + 12_000),
    ]),
    more: { instances: 2, tap: true, mostCopies: 2 },
  }),
  // Between reading what is due and having written down that it is taken, a slow database leaves time for the other
  // instance (four times the latency). Whether that looks meanwhile is chance, and stays so, because both look at a fixed
  // interval; so both are stopped and go on together, which sets their intervals to the same moment. Buyers cancel while
  // they are stopped, so that much is found at once. WeChat does not answer the first calls, so two must meet; then it
  // does, so that nobody is busy when all of that happens a second time.
  'skip-locked': made({
    seconds: 43,
    buyers: [4_100, 27_100].map((thinksMs) => ({ does: 'cancel', count: 12, fromMs: 500, toMs: 1_500, thinksMs })),
    faults: [3_500, 26_500].flatMap((atMs): Fault[] => [
      { kind: 'stop', target: 'pay-1', atMs, durationMs: 3_500 },
      { kind: 'stop', target: 'pay-2', atMs, durationMs: 3_500 },
      latency('pay-mysql', 250, 13_000, atMs + 2_500),
      wechat({ endpoints: { closeorder: { hangMs: 2_500 } } }, 15_500, atMs),
    ]),
    more: sideBySide({ closeorder: 1 }),
  }),
  'close-lease': made({
    seconds: 12,
    buyers: [{ does: 'cancel', count: 20, fromMs: 500, toMs: 6_000 }],
    faults: [wechat({ endpoints: { closeorder: { hangMs: 3_000 } } }, 11_500)],
    more: sideBySide({ closeorder: 1 }),
  }),
  'refund-lease': made({
    seconds: 16,
    buyers: [{ does: 'refund-all', count: 12, fromMs: 500, toMs: 4_000 }],
    faults: [wechat({ endpoints: { refundquery: { answerAfterMs: 3_000 } } }, 15_500)],
    more: sideBySide({ refundquery: 1, refund: 1 }),
  }),
  'check-lease': made({
    seconds: 20,
    buyers: [{ does: 'pay-and-go', count: 20, fromMs: 500, toMs: 8_000 }],
    faults: [wechat({ endpoints: { orderquery: { answerAfterMs: 4_000 } } }, 19_500)],
    more: sideBySide({ orderquery: 1 }),
  }),
  // WeChat tells nothing, and Redis forgets whom to ask about.
  'redis-hint': made({
    seconds: 14,
    buyers: [{ does: 'pay-and-go', count: 20, fromMs: 500, toMs: 9_000 }],
    faults: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) => ({
      kind: 'flushall',
      atMs: second * 1_000,
      durationMs: 0,
    })),
    more: { silent: true },
  }),
  'refund-cap': made({
    seconds: 8,
    buyers: [{ does: 'refund-too-much', count: 6, fromMs: 500, toMs: 4_000 }],
    faults: [],
  }),
  // The answer to a refund is lost, so it is told again.
  'same-refund-number': made({
    seconds: 10,
    buyers: [{ does: 'refund-part', count: 6, fromMs: 500, toMs: 4_000 }],
    faults: [wechat({ endpoints: { refund: { dropAnswer: true, times: 6 } } }, 9_500)],
  }),
};
