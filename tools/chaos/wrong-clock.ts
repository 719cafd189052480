/**
 * Loaded into a process of the shop before anything else (`node --import`), in chaos runs only: lets its wall clock go
 * wrong, and tells how much memory it holds when everything that could be collected was. Steered by a file.
 */
import { readFileSync, renameSync, watchFile, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What the harness writes into the file. */
export interface ClockOrder {
  /** How wrong the wall clock is, in milliseconds. */
  byMs: number;
  /** Counts the questions for memory; a new number is a new question. */
  collect: number;
}

/** What stands in `<file>.memory` afterwards. */
export interface MemoryAnswer {
  collect: number;
  rssBytes: number;
  heapUsedBytes: number;
}

const LOOK_EVERY_MS = 100;

/** Makes `Date` wrong by what `byMs` answers. Timers and `performance.now()` stay right, as on a real machine. */
export function bendDate(byMs: () => number): DateConstructor {
  const Right = Date;
  const now = (): number => Right.now() + byMs();
  const Bent: DateConstructor = new Proxy(Right, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === Bent ? target : newTarget) as object,
    apply: () => new Right(now()).toString(),
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
  return Bent;
}

function obey(file: string): void {
  let order: ClockOrder = { byMs: 0, collect: 0 };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const Right = Date;
  globalThis.Date = bendDate(() => order.byMs);
  Right.prototype.constructor = globalThis.Date;
  const read = (): void => {
    const before = order.collect;
    try {
      order = JSON.parse(readFileSync(file, 'utf8')) as ClockOrder;
    } catch {
      return; // it is being written: the next look finds it
    }
    if (order.collect === before) return;
    collect();
    collect();
    const { rss, heapUsed } = process.memoryUsage();
    const answer: MemoryAnswer = { collect: order.collect, rssBytes: rss, heapUsedBytes: heapUsed };
    writeFileSync(`${file}.part`, JSON.stringify(answer));
    renameSync(`${file}.part`, `${file}.memory`);
  };
  read();
  watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, read);
}

const file = process.env['CHAOS_CLOCK_FILE'];
if (file !== undefined) obey(file);
