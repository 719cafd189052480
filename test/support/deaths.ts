/** How processes of a shop die, and are started again. */
import type { Evidence } from '../../tools/chaos/evidence.ts';
import type { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';
import type { ArmedPoints } from './armed-points.ts';
import type { App } from './databases.ts';
import type { FailPoint } from '#platform';

const DIES_WITHIN_MS = 45_000;
const READY_WITHIN_MS = 60_000;
const SIGKILLED = 137;

export class Deaths {
  /** From when to when each process was away. */
  readonly silences: Evidence['silences'] = [];

  constructor(
    private readonly world: World,
    private readonly points: ArmedPoints,
  ) {}

  /**
   * Arms a step, does something, and waits until the process has died at that step; then starts it again.
   * @param about words that what the step works on must contain, so that it is this order's step and no other's
   * @throws Error when the process did not die there, or of something else than `kill -9`
   */
  async at(app: App, point: FailPoint, about: string, act: () => Promise<unknown>): Promise<void> {
    let code: number | string | undefined;
    void this.world.mayEnd(`${app}-1`).then((ended) => (code = ended));
    this.points.arm(point, about);
    let answer = 'nothing went wrong';
    // Whoever is being served when the process dies sees his connection break.
    const acting = act().catch((error: unknown) => (answer = String(error)));
    await this.#silent(app, async () => {
      await until(`${app} has died`, () => code !== undefined, DIES_WITHIN_MS, 10).catch((error: unknown) => {
        throw new Error(`${app} never came to ${point} ${about}: ${answer}`, { cause: error });
      });
      if (code !== SIGKILLED) throw new Error(`${app} ended with ${String(code)} instead of dying at ${point}`);
      if (!this.points.wasReached(point)) throw new Error(`${app} was killed elsewhere than at ${point}`);
    });
    await acting;
  }

  /** `kill -9` from outside, and a new process. @param meanwhile happens while it is away */
  async byKill(app: App, meanwhile: () => void = () => undefined): Promise<void> {
    await this.#silent(app, async () => {
      await this.world.killApp(`${app}-1`);
      meanwhile();
    });
  }

  /** Both at the same moment; `first` is there again before the other one starts. */
  async ofBoth(first: App): Promise<void> {
    const second = first === 'pay' ? 'order' : 'pay';
    await this.#silent(second, async () => {
      await this.#silent(first, () =>
        Promise.all([this.world.killApp(`${first}-1`), this.world.killApp(`${second}-1`)]),
      );
    });
  }

  /**
   * SIGTERM, and a new process.
   * @param ask done again and again from the signal to the end of the old process
   * @param withinMs the old process is killed when it has not ended by then
   * @returns the exit code of the old one
   */
  async byRestart(app: App, ask: () => Promise<void>, withinMs?: number): Promise<number | string> {
    let code: number | string = '';
    let over = false;
    await this.#silent(app, async () => {
      const stopping = this.world.stopApp(`${app}-1`, withinMs).finally(() => (over = true));
      while (!over) await ask();
      code = await stopping;
    });
    return code;
  }

  async #silent(app: App, death: () => Promise<unknown>): Promise<void> {
    const silence = { app: `${app}-1` as const, killed: true, from: Date.now(), to: Infinity };
    this.silences.push(silence);
    await death();
    await this.world.startApp(`${app}-1`);
    const url = `http://127.0.0.1:${this.world.portsOf(1)[app]}/health/ready`;
    const probe = async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
    await until(`${app} is ready again`, probe, READY_WITHIN_MS, 20);
    silence.to = Date.now();
  }
}
