/**
 * Reads every promise of a shop in a world of its own from WeChat's ledger, both schemas, the broker, Redis and the logs.
 */
import { Archive } from '../../tools/chaos/archive.ts';
import { UNWATCHED, type Evidence } from '../../tools/chaos/evidence.ts';
import { check } from '../../tools/chaos/invariants/index.ts';
import type { World } from '../../tools/chaos/world.ts';
import { until } from '../../tools/services/until.ts';

const PATIENCE_MS = 60_000;
/** For a test that notes nothing while it runs. */
const UNNOTED = {
  ...{ calls: [], keys: [], surprises: [], silences: [], restless: [] },
  notReady: undefined,
} satisfies Partial<Evidence>;

export class Examiner {
  readonly #told = new Set<string>();

  private constructor(
    private readonly world: World,
    readonly archive: Archive,
    private readonly stockBefore: Evidence['stockBefore'],
  ) {}

  /** @param fillShelves for more buyers than the shop has goods for */
  static async of(world: World, { fillShelves }: { fillShelves: boolean }): Promise<Examiner> {
    const archive = new Archive(world);
    return new Examiner(world, archive, await (fillShelves ? archive.fillShelves() : archive.stock()));
  }

  close(): Promise<void> {
    return this.archive.close();
  }

  /** Something that will be found broken, because it was done past both apps. @param line as it is told */
  explain(line: string): void {
    this.#told.add(line);
  }

  /** @param noted what the test has seen by itself @returns what is broken and was not told before, a line each */
  async look(noted: Partial<Evidence> = {}): Promise<string[]> {
    const broken = check(await this.#evidence(noted)).map(({ invariant, orderNo = '', what }) =>
      [invariant, orderNo, what].join(' '),
    );
    return broken.filter((line) => !this.#told.has(line));
  }

  /** Looks once, and tells what it has found never again. */
  async lookOnce(noted: Partial<Evidence> = {}): Promise<string[]> {
    const found = await this.look(noted);
    for (const line of found) this.explain(line);
    return found;
  }

  /** Looks again and again until nothing is broken. @returns what still is when time is up; it is not told again */
  async lookUntilWhole(
    withinMs: number,
    everyMs: number,
    noted: () => Partial<Evidence> = () => ({}),
  ): Promise<string[]> {
    let broken: string[] = [];
    const whole = async () => (broken = await this.look(noted())).length === 0;
    await until('every promise is kept', whole, withinMs, everyMs).catch(() => undefined);
    for (const line of broken) this.explain(line);
    return broken;
  }

  async #evidence(noted: Partial<Evidence>): Promise<Evidence> {
    const { world, archive } = this;
    return {
      ...UNWATCHED,
      ...UNNOTED,
      ...(await archive.books()),
      stockBefore: this.stockBefore,
      ledger: await world.client(0, 'examiner', PATIENCE_MS).ledger(),
      queues: await archive.queues(),
      overdue: await archive.overdue(),
      crashes: world.crashes,
      leaks: archive.leaks(),
      ...noted,
    };
  }
}
