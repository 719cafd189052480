/** Weighs the processes of a shop: what each holds when everything that could be collected was. */
import type { MemoryFact } from './evidence.ts';
import type { AppInstance, BuyerPlan } from './plan.ts';
import type { World } from './world.ts';

/** Per instance; enough that everything that is loaded and compiled once was. */
const WARM_UP_BUYERS = 20;
const WARM_UP_MS = 4_000;

/** Buyers who come in fair weather before a run, so that what a process needs once is not taken for growth. */
export const warmUpBuyers = (instances: 1 | 2): BuyerPlan[] =>
  Array.from({ length: WARM_UP_BUYERS * instances }, (_, index) => ({
    atMs: Math.round((WARM_UP_MS * index) / (WARM_UP_BUYERS * instances)),
    does: index % 4 === 3 ? 'refund-all' : 'pay',
    quantity: 1 + (index % 3),
    thinksMs: 0,
    gapMs: 0,
  }));

/** Bytes of each process. */
export async function weigh(world: World, apps: readonly AppInstance[]): Promise<Map<AppInstance, number>> {
  const weights = apps.map(async (app) => [app, await world.steering(app).memory()] as const);
  return new Map(await Promise.all(weights));
}

export const compared = (
  before: ReadonlyMap<AppInstance, number>,
  after: ReadonlyMap<AppInstance, number>,
): MemoryFact[] => [...before].map(([process, bytes]) => ({ process, before: bytes, after: after.get(process) ?? 0 }));
