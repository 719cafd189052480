/**
 * The ledger as one NDJSON file. Entries that arrive while a write is under way go out together with the next one, so
 * one fsync serves many payments.
 */
import { Logger } from '@nestjs/common';
import { CannotStart } from '#platform';
import { createReadStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import { Ledger } from '../flow/ports.ts';
import { DataLock } from './data-lock.ts';

interface Pending {
  line: string;
  isReset: boolean;
  durable: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** The ledger on disk cannot be trusted, or not be written. */
export class LedgerBroken extends CannotStart {
  override readonly name = 'LedgerBroken';
}

export class LedgerFile extends Ledger {
  readonly #log = new Logger('ledger');
  readonly #path: string;
  #lock: DataLock | undefined;
  #file: FileHandle | undefined;
  #size = 0;
  #resetAt = 0;
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #broken: LedgerBroken | undefined;

  private constructor(path: string) {
    super();
    this.#path = path;
  }

  /**
   * Opens `ledger.ndjson` in this folder, makes both if they are not there, and keeps other simulators out.
   * @throws CannotStart when another one is in
   */
  static async open(directory: string): Promise<LedgerFile> {
    const ledger = new LedgerFile(join(directory, 'ledger.ndjson'));
    try {
      await mkdir(directory, { recursive: true });
      ledger.#lock = await DataLock.take(directory);
      ledger.#file = await open(ledger.#path, 'a', 0o600);
    } catch (error) {
      if (error instanceof CannotStart) throw error;
      throw new LedgerBroken(
        `The ledger ${ledger.#path} cannot be opened: ${describe(error)}. Repair: set SIMULATOR_DATA_DIR.`,
      );
    }
    return ledger;
  }

  append(entry: LedgerEntry, durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = `${JSON.stringify(entry)}\n`;
      this.#pending.push({ line, isReset: entry.kind === 'reset', durable, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async *recover(): AsyncGenerator<LedgerEntry> {
    let lineNumber = 0;
    for await (const { text, start, end, whole } of linesOf(this.#path, 0)) {
      lineNumber += 1;
      if (!whole) break;
      const entry = parse(text);
      if (!entry) {
        throw new LedgerBroken(
          `The ledger ${this.#path} is damaged at line ${lineNumber}. Repair: move the file away; a new one is begun.`,
        );
      }
      if (entry.kind === 'reset') this.#resetAt = start;
      this.#size = end;
      yield entry;
    }
    await this.#cutTo(this.#size);
  }

  async *linesSinceReset(): AsyncGenerator<string> {
    while (this.#flushing) await this.#flushing;
    const [from, to] = [this.#resetAt, this.#size];
    if (from >= to) return;
    for await (const { text } of linesOf(this.#path, from, to)) yield text;
  }

  async close(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    this.#broken ??= new LedgerBroken('The ledger is closed.');
    await this.#file?.close();
    this.#file = undefined;
    await this.#lock?.release();
    this.#lock = undefined;
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // everything of this turn goes into the first batch
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0);
      try {
        await this.#write(batch);
      } catch (error) {
        this.#broken ??= new LedgerBroken(`The ledger cannot be written: ${describe(error)}`);
        this.#log.error(this.#broken.message);
        for (const { reject } of batch) reject(this.#broken);
      }
    }
    this.#flushing = undefined;
  }

  async #write(batch: Pending[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    if (!this.#file) throw new LedgerBroken('it is not open');
    await this.#file.appendFile(batch.map(({ line }) => line).join(''));
    for (const { line, isReset } of batch) {
      if (isReset) this.#resetAt = this.#size;
      this.#size += Buffer.byteLength(line);
    }
    for (const { durable, resolve } of batch) if (!durable) resolve();
    if (!batch.some(({ durable }) => durable)) return;
    await this.#file.datasync();
    for (const { durable, resolve } of batch) if (durable) resolve();
  }

  async #cutTo(size: number): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const extra = (await file.stat()).size - size;
    if (extra === 0) return;
    await file.truncate(size);
    this.#log.warn(`Removed ${extra} bytes at the end of the ledger: an entry that a crash cut off.`);
  }
}

/** Text up to each line feed, with its place in the file; `whole` is false for a last one without line feed. */
async function* linesOf(
  path: string,
  from: number,
  to = Infinity,
): AsyncGenerator<{ text: string; start: number; end: number; whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  let start = from;
  for await (const chunk of createReadStream(path, { start: from, end: to - 1 }) as AsyncIterable<Buffer>) {
    const block = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let begin = 0;
    for (let feed = block.indexOf(10); feed >= 0; feed = block.indexOf(10, begin)) {
      const end = start + feed + 1 - begin;
      yield { text: block.toString('utf8', begin, feed), start, end, whole: true };
      start = end;
      begin = feed + 1;
    }
    rest = block.subarray(begin);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), start, end: start + rest.length, whole: false };
}

const parse = (line: string): LedgerEntry | undefined => {
  try {
    const entry = JSON.parse(line) as Partial<LedgerEntry> | null;
    return typeof entry?.kind === 'string' && typeof entry.seq === 'number' ? (entry as LedgerEntry) : undefined;
  } catch {
    return undefined;
  }
};

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
