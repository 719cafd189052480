/** A thread's past: everything it was told so far, as one number. Two threads with the same past go on in the same way. */
type Past = number;

interface Waiting {
  what: string;
  past: Past;
  go: () => void;
}

/** Numbers for pasts, the same for all runs that are compared with each other. */
export class Pasts {
  private readonly known = new Map<string, Past>();

  of(text: string): Past {
    const known = this.known.get(text) ?? this.known.size;
    this.known.set(text, known);
    return known;
  }
}

/** All microtasks have run: whoever could go on has done so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The scheduler. Whatever touches the world outside a step (a transaction, a call, a message) waits here for its turn and
 * is then one moment: nothing comes between what it reads and what it writes. Between two turns of a thread anything may
 * happen. Who is next is up to the caller of {@link release}.
 */
export class Turns {
  readonly waiting: Waiting[] = [];
  /** Everything that had its turn, in order. */
  readonly taken: string[] = [];
  /** Nobody waits any more: what is asked for happens at once. */
  straightOn = false;
  private readonly starting: { name: string; begin: () => Promise<unknown> }[] = [];
  private past: Past = 0;

  /** @param pasts only needed to recognize what was seen before */
  constructor(private readonly pasts?: Pasts) {}

  take<T>(what: string, deed: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const { past } = this;
      const go = () => {
        try {
          const result = deed();
          this.remember(past, what, result);
          resolve(result);
        } catch (error) {
          this.remember(past, what, String(error));
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.straightOn) go();
      else this.waiting.push({ what, past, go });
    });
  }

  /** Begins a thread of its own. All that it knows at its beginning stands in `name`. It must not fail. */
  start(name: string, begin: () => Promise<unknown>): void {
    if (this.straightOn) void begin();
    else this.starting.push({ name, begin });
  }

  /** Lets one of those who wait have its turn, and everybody go on as far as he can without another one. */
  async release(index: number): Promise<void> {
    const [next] = this.waiting.splice(index, 1);
    if (!next) throw new Error(`nobody waits in place ${index}`);
    this.taken.push(next.what);
    next.go();
    await this.settle();
  }

  /** Until all threads wait or have ended. */
  async settle(): Promise<void> {
    await settled();
    for (let next = this.starting.shift(); next; next = this.starting.shift()) {
      this.past = this.pasts?.of(next.name) ?? 0;
      void next.begin();
      await settled();
    }
  }

  /** Who waits, and what each of them knows. */
  fingerprint(): string {
    return this.waiting
      .map(({ what, past }) => `${past} ${what}`)
      .sort()
      .join('\n');
  }

  private remember(past: Past, what: string, result: unknown): void {
    if (this.pasts) this.past = this.pasts.of(`${past} ${what} ${JSON.stringify(result)}`);
  }
}
