/** One run from beginning to end: a shop is opened, tormented, healed, left to come to rest, and then examined. */
import { Archive, type Evidence } from './evidence.ts';
import { Crowd } from './buyers.ts';
import { check, CHECKED, type Broken } from './invariants.ts';
import { Nemesis } from './nemesis.ts';
import { describe, type Plan } from './plan.ts';
import { figuresOf, historyOf, type Figures } from './report.ts';
import { rest } from './rest.ts';
import { Tap } from './tap.ts';
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
/** Buyers try again for this long after the last of the plan. */
const PATIENCE_AFTER_MS = 15_000;
/** A day and a bit: beyond the last repeat of every notification. */
const PAST_ALL_REPEATS_MS = 25 * 3_600_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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
    const report = await torment(world, plan, say);
    broken = !report.ok;
    return { ...report, mutant: mutant ?? null, logs: keep && broken ? world.dir : null };
  } finally {
    await world.stop(keep && broken);
  }
}

async function torment(
  world: World,
  plan: Plan,
  say: (line: string) => void,
): Promise<Omit<Report, 'mutant' | 'logs'>> {
  const archive = new Archive(world);
  const control = world.client(0, 'control', 60_000);
  const tap = plan.tap ? await Tap.on(world) : undefined;
  try {
    const stockBefore = await archive.fillShelves();
    const nemesis = new Nemesis(world, control, say);
    const crowd = new Crowd(world, plan.instances);
    const startedAt = Date.now();
    const endsAt = startedAt + plan.seconds * 1_000;
    const buying = crowd.run(plan.buyers, startedAt, endsAt + PATIENCE_AFTER_MS);
    await nemesis.run(plan.faults, startedAt);
    await pause(Math.max(0, endsAt - Date.now()));
    say('healing …');
    const notReady = await nemesis.heal().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const healedAt = Date.now();
    await buying;
    await control.advanceClock(PAST_ALL_REPEATS_MS);
    say('waiting until everything has come to rest …');
    const restless = await rest(archive, healedAt + plan.quietWithinMs);
    const restedAt = Date.now();
    const books = await archive.books();
    const evidence: Evidence = {
      ...books,
      stockBefore,
      ledger: await control.ledger(),
      queues: await archive.queues(),
      overdue: await archive.overdue(),
      calls: crowd.calls,
      keys: crowd.keys,
      surprises: crowd.surprises,
      silences: nemesis.silences,
      crashes: world.crashes,
      notReady,
      restless,
      leaks: archive.leaks(),
      copies: tap?.copies ?? new Map<string, number>(),
      mostCopies: plan.mostCopies,
    };
    const broken = check(evidence);
    return {
      seed: plan.seed,
      seconds: plan.seconds,
      instances: plan.instances,
      ok: broken.length === 0,
      invariantsBroken: [...new Set(broken.map(({ invariant }) => invariant))],
      invariantsChecked: CHECKED,
      broken: broken.slice(0, MOST_LISTED).map((one, index) => ({
        ...one,
        ...(one.orderNo !== undefined && index < MOST_HISTORIES && { history: historyOf(one.orderNo, evidence) }),
      })),
      further: Math.max(0, broken.length - MOST_LISTED),
      figures: figuresOf(evidence, { faults: nemesis.injected, healedAt, restedAt, gaveUp: crowd.gaveUp }),
      misses: nemesis.misses,
    };
  } finally {
    await tap?.close();
    await archive.close();
  }
}
