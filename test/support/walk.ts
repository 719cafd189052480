/** Walks through a model by any sequence of steps, after each of which its promises must hold. */
import fc from 'fast-check';

/** Throws like an expectation, at a fraction of the price: it is asked a million times. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export class Walk<Kept extends object> {
  /** Over all walks so far. */
  stepsTaken = 0;

  /** @param step takes one step, and throws when a promise is broken by it */
  constructor(private readonly step: (kept: Kept, act: () => void) => void) {}

  /** A step that may be taken at any time. @param name as a walk that broke a promise tells it */
  to(name: string, act: (kept: Kept) => unknown): fc.Command<object, Kept> {
    return {
      check: () => true,
      run: (_model, kept) => {
        this.stepsTaken += 1;
        this.step(kept, () => void act(kept));
      },
      toString: () => name,
    };
  }

  /** The same, when there is nothing to choose about it. */
  always(name: string, act: (kept: Kept) => unknown): fc.Arbitrary<fc.Command<object, Kept>> {
    return fc.constant(this.to(name, act));
  }

  /**
   * Goes many ways from the start.
   * @param end what must hold of who has come to the end of one
   */
  go(
    steps: fc.Arbitrary<fc.Command<object, Kept>>[],
    start: () => Kept,
    { walks, longest }: { walks: number; longest: number },
    end: (kept: Kept) => void = () => undefined,
  ): void {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: longest, size: 'max' }), (commands) => {
        const kept = start();
        fc.modelRun(() => ({ model: {}, real: kept }), commands);
        end(kept);
      }),
      { numRuns: walks },
    );
  }
}
