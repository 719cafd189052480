/** The other end of `wrong-clock.ts`: what the harness tells a process, and hears from it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '../services/until.ts';
import { PROJECT_DIR } from '../stack/paths.ts';
import type { ClockOrder, MemoryAnswer } from './wrong-clock.ts';

const ANSWERS_WITHIN_MS = 10_000;

export class Steering {
  readonly #file: string;
  #order: ClockOrder = { byMs: 0, collect: 0 };

  /** @param dir a folder for the files of all processes */
  constructor(dir: string, name: string) {
    mkdirSync(dir, { recursive: true });
    this.#file = join(dir, `${name}.json`);
    this.#tell({});
  }

  /** The environment that makes a process listen. */
  get env(): Record<string, string> {
    const module = pathToFileURL(join(PROJECT_DIR, 'dist', 'tools', 'chaos', 'wrong-clock.js')).href;
    return { NODE_OPTIONS: `--import ${module}`, CHAOS_CLOCK_FILE: this.#file };
  }

  /** Makes the wall clock wrong by so many milliseconds; 0 is right. */
  setClock(byMs: number): void {
    this.#tell({ byMs });
  }

  /** Resident memory in bytes after a full collection. @throws Error when the process does not answer */
  async memory(): Promise<number> {
    const collect = this.#order.collect + 1;
    this.#tell({ collect });
    let rssBytes = 0;
    await until(
      `${this.#file} is answered`,
      () => {
        const answer = JSON.parse(readFileSync(`${this.#file}.memory`, 'utf8')) as MemoryAnswer;
        rssBytes = answer.rssBytes;
        return Promise.resolve(answer.collect === collect);
      },
      ANSWERS_WITHIN_MS,
      100,
    );
    return rssBytes;
  }

  #tell(change: Partial<ClockOrder>): void {
    this.#order = { ...this.#order, ...change };
    writeFileSync(`${this.#file}.next`, JSON.stringify(this.#order), { mode: 0o600 });
    renameSync(`${this.#file}.next`, this.#file);
  }
}
