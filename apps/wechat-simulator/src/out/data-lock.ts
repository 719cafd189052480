/**
 * One simulator per data folder. The lock file names its process; while the simulator runs it is touched every few
 * seconds, so that also a process on another machine or in another container can tell whether it is alive.
 */
import { CannotStart } from '#platform';
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const TOUCH_EVERY_MS = 2_000;
const DEAD_AFTER_MS = 15_000;

interface Holder {
  pid: number;
  host: string;
  id: string;
}

/** Locks of this very process: their number says nothing, because a container's next process may have the same. */
const held = new Set<string>();

export class DataLock {
  readonly #path: string;
  readonly #id: string;
  readonly #touching: NodeJS.Timeout;

  private constructor(path: string, id: string) {
    this.#path = path;
    this.#id = id;
    held.add(id);
    this.#touching = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, TOUCH_EVERY_MS).unref();
  }

  /** @throws CannotStart when another simulator uses this folder */
  static async take(folder: string): Promise<DataLock> {
    const path = join(folder, 'lock');
    const holder: Holder = { pid: process.pid, host: hostname(), id: randomUUID() };
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
        return new DataLock(path, holder.id);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotUse(folder, error);
      }
      const other = await readHolder(path);
      if (other && (await isAlive(other, path))) throw taken(folder, other);
      await rm(path, { force: true });
    }
    throw taken(folder, await readHolder(path));
  }

  async release(): Promise<void> {
    clearInterval(this.#touching);
    held.delete(this.#id);
    if ((await readHolder(this.#path))?.id === this.#id) await rm(this.#path, { force: true });
  }
}

async function isAlive({ pid, host, id }: Holder, path: string): Promise<boolean> {
  if (held.has(id)) return true;
  if (host === hostname()) return pid !== process.pid && runs(pid);
  const touchedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Date.now() - touchedAt < DEAD_AFTER_MS;
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const { pid, host, id } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof id === 'string'
      ? { pid, host, id }
      : undefined;
  } catch {
    return undefined;
  }
}

const taken = (folder: string, holder: Holder | undefined): CannotStart =>
  new CannotStart(
    `Another simulator (process ${holder?.pid ?? 'unknown'} on ${holder?.host ?? 'unknown'}) uses ${folder}. ` +
      'Repair: stop it, or set SIMULATOR_DATA_DIR to another folder.',
  );

const cannotUse = (folder: string, error: unknown): CannotStart =>
  new CannotStart(
    `The folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}. ` +
      'Repair: set SIMULATOR_DATA_DIR.',
  );
