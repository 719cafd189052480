import { Pasts, Turns } from './turns.testing.ts';

/** Something that runs on turns: begun anew for every order that is tried. */
export interface Scene {
  /** Everything that is not known to a thread alone: all tables and all messages. */
  fingerprint(): string;
  /** Nobody waits for a turn: whoever sleeps for a while wakes. Answers whether anybody slept. */
  wake?(): boolean;
  /** Nobody waits any more. @throws Error when something is not as it has to be */
  end(): Promise<void>;
}

export interface Explored {
  /** Different orders in which everything may happen: all of them, each once. */
  schedules: number;
  /** Different states of the world and everybody in it on the way. */
  states: number;
  /** Different ends. */
  ends: number;
}

interface State {
  next: (State | undefined)[];
}

/** Begins anew and goes on as `order` says: the first number is the place of the first turn among those who wait. */
interface Plan {
  order: number[];
  from: State | undefined;
}

/**
 * Tries every order of turns, depth first, and ends when none is left. Where the world and what every thread has been told
 * are as in a state that was seen before, everything that may follow has been tried already: it is counted, not run again.
 *
 * @param most different states; more is an error, because an exploration that is cut short proves nothing
 * @throws Error with the order of turns when the end of one is not as it has to be
 */
export async function everyOrder(open: (turns: Turns) => Promise<Scene>, most = 100_000): Promise<Explored> {
  const pasts = new Pasts();
  const seen = new Map<string, State>();
  const plans: Plan[] = [{ order: [], from: undefined }];
  let ends = 0;
  for (let plan = plans.pop(); plan; plan = plans.pop()) {
    const turns = new Turns(pasts);
    const scene = await open(turns);
    await turns.settle();
    const release = async (index: number) => {
      await turns.release(index);
      while (turns.waiting.length === 0 && scene.wake?.()) await turns.settle();
    };
    for (const index of plan.order) await release(index);
    const order = [...plan.order];
    for (let from = plan.from, arrived = false; !arrived;) {
      const key = `${turns.fingerprint()}\n\n${scene.fingerprint()}`;
      const known = seen.get(key);
      const state = known ?? { next: turns.waiting.map(() => undefined) };
      if (from) from.next[order.at(-1) ?? 0] = state;
      arrived = known !== undefined || turns.waiting.length === 0;
      if (known) continue;
      seen.set(key, state);
      if (seen.size > most) throw new Error(`more than ${most} states`);
      if (turns.waiting.length === 0) {
        ends += 1;
        await ended(scene, turns);
        continue;
      }
      for (let other = turns.waiting.length - 1; other > 0; other--)
        plans.push({ order: [...order, other], from: state });
      order.push(0);
      from = state;
      await release(0);
    }
  }
  const [first] = seen.values();
  return { schedules: first ? countFrom(first, new Map()) : 0, states: seen.size, ends };
}

async function ended(scene: Scene, turns: Turns): Promise<void> {
  const order = [...turns.taken];
  try {
    await scene.end();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\nafter this order of turns:\n  ${order.join('\n  ')}`, { cause: error });
  }
}

function countFrom(state: State, counted: Map<State, number>): number {
  const known = counted.get(state);
  if (known !== undefined) return known;
  let count = state.next.length === 0 ? 1 : 0;
  for (const next of state.next) {
    if (!next) throw new Error('an order was left out');
    count += countFrom(next, counted);
  }
  counted.set(state, count);
  return count;
}
