/** A state machine as data: for each state, the states it may become. No state missing, final states empty. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>;

export interface Machine<S extends string> {
  /** May a row in state `from` become `to`? */
  may(from: S, to: S): boolean;
  /** The states from which `to` can be reached in one move: what stands in the WHERE clause of the update. */
  sources(to: S): readonly S[];
}

/**
 * Builds a machine and checks its table, so that a mistake in it stops the start and not a payment.
 *
 * @throws Error when a state cannot be reached from `initial`, or moves to itself
 */
export function machine<S extends string>(name: string, initial: S, moves: Moves<S>): Machine<S> {
  const states = Object.keys(moves) as S[];
  const reached = new Set<S>([initial]);
  for (const state of reached) for (const next of moves[state]) reached.add(next);
  for (const state of states) {
    if (!reached.has(state)) throw new Error(`${name}: ${state} cannot be reached from ${initial}`);
    if (moves[state].includes(state)) throw new Error(`${name}: ${state} moves to itself`);
  }
  return {
    may: (from, to) => moves[from].includes(to),
    sources: (to) => states.filter((state) => moves[state].includes(to)),
  };
}
