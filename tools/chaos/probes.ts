/** Asks every process once a second whether it lives and whether it is ready, and keeps what it said. */
import type { AppInstance } from './plan.ts';
import type { World } from './world.ts';

/** One answer. `status` is what stood in the body; undefined: there was no answer. */
export interface Probe {
  app: AppInstance;
  kind: 'live' | 'ready';
  at: number;
  ms: number;
  httpStatus: number | undefined;
  status: string | undefined;
  /** Dependencies it found down. */
  down: string[];
}

const EVERY_MS = 1_000;
const PATIENCE_MS = 6_000;

export class Prober {
  readonly probes: Probe[] = [];
  readonly #stopped = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(
    private readonly world: World,
    apps: readonly AppInstance[],
  ) {
    this.#loops = apps.flatMap((app) => [this.#ask(app, 'live'), this.#ask(app, 'ready')]);
  }

  /** Ends when the last question is answered. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#loops);
  }

  async #ask(app: AppInstance, kind: Probe['kind']): Promise<void> {
    const url = `${this.world.urlOf(app)}/health/${kind}`;
    while (!this.#stopped.signal.aborted) {
      const [at, since] = [Date.now(), performance.now()];
      const note = (answer: Pick<Probe, 'httpStatus' | 'status' | 'down'>) =>
        this.probes.push({ app, kind, at, ms: Math.round(performance.now() - since), ...answer });
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
        const { status, checks = {} } = (await answer.json()) as { status: string; checks?: Record<string, string> };
        const down = Object.keys(checks).filter((name) => checks[name] !== 'up');
        note({ httpStatus: answer.status, status, down });
      } catch {
        note({ httpStatus: undefined, status: undefined, down: [] });
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, EVERY_MS - (performance.now() - since))));
    }
  }
}
