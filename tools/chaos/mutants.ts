/** Checks the checker: with one protection switched off, a plan made for it must break a promise. */
import { plan, type Behaviour, type Fault, type Plan } from './plan.ts';
import { runPlan, type Report } from './run.ts';
import { protections, type Protection } from '#platform';
import { Refusal } from '../services/refusal.ts';

export interface MutantReport {
  ok: boolean;
  found: number;
  mutants: { mutant: Protection; found: boolean; by: string[]; example: string | null; withProtection: string }[];
}

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

/** For each protection what makes its absence show. The same plans break nothing while the protection holds. */
export const PLANS: Readonly<Record<Protection, Plan>> = {
  // A slow database stretches the moment between looking at an order and changing it.
  'compare-and-set': made({
    seconds: 12,
    buyers: [{ does: 'pay-and-cancel', count: 40, fromMs: 500, toMs: 9_000 }],
    faults: [{ kind: 'link', target: 'order-mysql', how: { mode: 'latency', ms: 40 }, atMs: 0, durationMs: 11_000 }],
    more: { quietWithinMs: 75_000 },
  }),
  // The database goes while results are on their way to it.
  'ack-after-commit': made({
    seconds: 12,
    buyers: [paying(40, 500, 10_000)],
    faults: [{ kind: 'link', target: 'order-mysql', how: { mode: 'reset' }, atMs: 3_000, durationMs: 4_000 }],
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
};

/** Runs every plan with its protection switched off, and once with it. */
export async function runMutants(only: string[] | undefined, say: (line: string) => void): Promise<MutantReport> {
  const unknown = only?.filter((name) => !protections.some((one) => one === name)) ?? [];
  if (unknown.length > 0) throw new Refusal(`No protection is called ${unknown.join(', ')}: ${protections.join(', ')}`);
  const mutants: MutantReport['mutants'] = [];
  for (const mutant of protections.filter((name) => only?.includes(name) ?? true)) {
    say(`${mutant}: the same plan without it and with it …`);
    const quietly = () => undefined;
    const [without, withIt] = await Promise.all([
      runPlan({ plan: PLANS[mutant], mutant, say: quietly }),
      runPlan({ plan: PLANS[mutant], say: quietly }),
    ]);
    const [first] = without.broken;
    const by = without.invariantsBroken;
    mutants.push({
      mutant,
      found: !without.ok,
      by,
      example: first ? `${first.invariant} ${first.orderNo ?? ''} ${first.what}` : null,
      withProtection: summary(withIt),
    });
    say(`${mutant}: ${without.ok ? 'SURVIVED' : `found by ${by.join(', ')}`}; with it: ${summary(withIt)}`);
  }
  const found = mutants.filter((one) => one.found).length;
  const ok = found === mutants.length && mutants.every((one) => one.withProtection === 'nothing broken');
  return { ok, found, mutants };
}

const summary = ({ ok, broken }: Report): string =>
  ok ? 'nothing broken' : broken.map(({ invariant, what }) => `${invariant} ${what}`).join('; ');
