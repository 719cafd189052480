/** Follows the apps' logs and shows what deserves a look on the console: warnings and errors, one short line each. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const LOOK_EVERY_MS = 500;
const SAME_LINE_AGAIN_AFTER_MS = 30_000;
const MAX_READ = 256 * 1024;
const SHOWN = new Set(['warn', 'error', 'fatal']);

export class Warnings {
  readonly #positions = new Map<string, number>();
  readonly #shownAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @param files log file by the name to show it with; only what is written from now on is shown */
  constructor(
    private readonly files: Record<string, string>,
    private readonly say: (line: string) => void,
  ) {
    for (const file of Object.values(files)) this.#positions.set(file, sizeOf(file));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [name, file] of Object.entries(this.files)) {
      for (const line of this.#newLines(file)) this.#show(name, line);
    }
  }

  #newLines(file: string): string[] {
    const size = sizeOf(file);
    const from = Math.max(Math.min(this.#positions.get(file) ?? 0, size), size - MAX_READ);
    if (size === from) return [];
    const chunk = Buffer.alloc(size - from);
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, chunk, 0, chunk.length, from);
    } finally {
      closeSync(descriptor);
    }
    // A line that is still being written is read next time.
    const whole = chunk.lastIndexOf('\n') + 1;
    this.#positions.set(file, from + whole);
    return chunk.toString('utf8', 0, whole).split('\n').filter(Boolean);
  }

  #show(name: string, line: string): void {
    const entry = parse(line);
    if (!entry || !SHOWN.has(entry.level)) return;
    const text = `${name.padEnd(9)} ${entry.level.padEnd(5)} ${entry.msg}`;
    const now = Date.now();
    if (now - (this.#shownAt.get(text) ?? 0) < SAME_LINE_AGAIN_AFTER_MS) return;
    this.#shownAt.set(text, now);
    this.say(text);
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function parse(line: string): { level: string; msg: string } | undefined {
  try {
    const entry = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string } };
    const text = entry.msg || (entry.err?.message ?? '');
    return { level: entry.level ?? '', msg: text.replace(/\s+/g, ' ').slice(0, 200) };
  } catch {
    return undefined;
  }
}
