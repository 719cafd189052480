/** One run from beginning to end: a shop is opened, tormented, healed, left to come to rest, and then examined. */
import type { Broken } from './invariants/broken.ts';
import { check, CHECKED } from './invariants/index.ts';
import { describe, type Plan } from './plan.ts';
import { figuresOf, historyOf, type Figures } from './report.ts';
import { torment } from './torment.ts';
import { World } from './world.ts';
import type { Protection } from '#platform';

export interface RunOptions {
  plan: Plan;
  mutant?: Protection;
  say: (line: string) => void;
  /** Leaves logs and data where they are when something is broken. */
  keep?: boolean;
}

export interface Report {
  seed: number;
  seconds: number;
  instances: number;
  mutant: string | null;
  ok: boolean;
  /** Which promises are broken, and which were looked at. */
  invariantsBroken: string[];
  invariantsChecked: readonly string[];
  broken: (Broken & { history?: object[] })[];
  /** How many more there are beyond those listed. */
  further: number;
  figures: Figures;
  /** Faults that could not be done. */
  misses: string[];
  logs: string | null;
}

const MOST_LISTED = 20;
const MOST_HISTORIES = 3;

/** Runs a plan. Whatever happens, nothing of it is left running. */
export async function runPlan({ plan, mutant, say, keep = false }: RunOptions): Promise<Report> {
  say(`plan: seed ${plan.seed}, ${plan.seconds} s, ${plan.buyers.length} buyers, ${plan.faults.length} faults`);
  for (const fault of plan.faults) say(describe(fault));
  const env = {
    ORDER_PAY_WITHIN_SECONDS: String(plan.payWithinSeconds),
    ...(mutant === undefined ? {} : { FAULTS: '1', MUTANT: mutant }),
  };
  const world = await World.start({ instances: plan.instances, env, say });
  let broken = true;
  try {
    const { evidence, times, misses } = await torment(world, plan, say);
    const found = check(evidence);
    broken = found.length > 0;
    return {
      ...{ seed: plan.seed, seconds: plan.seconds, instances: plan.instances, mutant: mutant ?? null },
      ok: !broken,
      invariantsBroken: [...new Set(found.map(({ invariant }) => invariant))],
      invariantsChecked: CHECKED,
      broken: found.slice(0, MOST_LISTED).map((one, index) => ({
        ...one,
        ...(one.orderNo !== undefined && index < MOST_HISTORIES && { history: historyOf(one.orderNo, evidence) }),
      })),
      further: Math.max(0, found.length - MOST_LISTED),
      figures: figuresOf(evidence, times),
      misses,
      logs: keep && broken ? world.dir : null,
    };
  } finally {
    await world.stop(keep && broken);
  }
}
