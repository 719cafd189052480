/** One shop from its first buyer to the evidence: warmed up, tormented, healed, left to come to rest. */
import { Archive } from './archive.ts';
import { Crowd } from './crowd.ts';
import type { Evidence } from './evidence.ts';
import { Nemesis } from './nemesis.ts';
import { victimsOf, type AppInstance, type Plan } from './plan.ts';
import { Prober } from './probes.ts';
import type { Times } from './report.ts';
import { rest } from './rest.ts';
import { compared, warmUpBuyers, weigh } from './scale.ts';
import { Tap } from './tap.ts';
import type { World } from './world.ts';

export interface Tormented {
  evidence: Evidence;
  times: Times;
  /** Faults that could not be done. */
  misses: string[];
}

/** Buyers try again for this long after the last of the plan. */
const PATIENCE_AFTER_MS = 15_000;
/** A day and a bit: beyond the last repeat of every notification. */
const PAST_ALL_REPEATS_MS = 25 * 3_600_000;
const NOTHING: ReadonlyMap<string, number> = new Map();

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets a plan happen in a shop that has just been opened. */
export async function torment(world: World, plan: Plan, say: (line: string) => void): Promise<Tormented> {
  const archive = new Archive(world);
  const control = world.client(0, 'control', 60_000);
  const apps = victimsOf(plan.instances);
  const tap = plan.tap ? await Tap.on(world) : undefined;
  let prober: Prober | undefined;
  try {
    const stockBefore = await archive.fillShelves();
    const crowd = new Crowd(world, plan.instances);
    const before = plan.weighs ? await warmUp(world, crowd, plan.instances, apps) : new Map<AppInstance, number>();
    const warmUpOrders = new Set((await archive.books()).orders.map(({ orderNo }) => orderNo));
    prober = new Prober(world, apps);
    const nemesis = new Nemesis(world, control, say, plan.silent);
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
    await prober.stop();
    const { calls, keys, surprises, gaveUp } = crowd.diary;
    const evidence: Evidence = {
      ...(await archive.books()),
      ...{ stockBefore, calls, keys, surprises, notReady, restless },
      ledger: await control.ledger(),
      wechatCalls: await control.wechatCalls(),
      queues: await archive.queues(),
      overdue: await archive.overdue(),
      silences: nemesis.silences,
      outages: nemesis.outages,
      probes: prober.probes,
      memory: plan.weighs ? compared(before, await weigh(world, apps)) : [],
      crashes: world.crashes,
      leaks: archive.leaks(),
      copies: tap?.copies ?? NOTHING,
      deliveries: tap?.deliveries ?? NOTHING,
      ...{ mostCopies: plan.mostCopies, mostDeliveries: plan.mostDeliveries, mostAtOnce: plan.mostAtOnce },
    };
    const times: Times = { faults: nemesis.injected, healedAt, restedAt, gaveUp, warmUpOrders };
    return { evidence, times, misses: nemesis.misses };
  } finally {
    await prober?.stop();
    await tap?.close();
    await archive.close();
  }
}

async function warmUp(
  world: World,
  crowd: Crowd,
  instances: 1 | 2,
  apps: readonly AppInstance[],
): Promise<Map<AppInstance, number>> {
  const now = Date.now();
  await crowd.run(warmUpBuyers(instances), now, now + PATIENCE_AFTER_MS);
  return weigh(world, apps);
}
