/** `.local/run.json`: whether `npm start` runs in this clone, and how to reach what it started. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inspect } from '../services/pid-file.ts';
import type { ServiceUrls } from '../services/services.ts';
import type { AppSecrets } from './local-env.ts';
import type { AppPorts } from './settings.ts';

/** A stack as other commands see it. */
export interface RunningStack {
  ports: AppPorts;
  urls: ServiceUrls;
  secrets: AppSecrets;
}

interface Content {
  pid: number;
  startedAt: string;
  /** Missing while it is still starting. */
  stack?: RunningStack;
}

export class RunFile {
  constructor(private readonly file: string) {}

  /** What is written there, when the process that wrote it still lives. */
  read(): Content | undefined {
    let content: Content;
    try {
      content = JSON.parse(readFileSync(this.file, 'utf8')) as Content;
    } catch {
      return undefined;
    }
    return inspect(content.pid)?.startedAt === content.startedAt ? content : undefined;
  }

  /** Makes this process the one that runs here. @returns the process id of another that does already */
  claim(): number | undefined {
    const other = this.read();
    if (other) return other.pid;
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    rmSync(this.file, { force: true });
    try {
      writeFileSync(this.file, JSON.stringify(this.#own()), { mode: 0o600, flag: 'wx' });
      return undefined;
    } catch (error) {
      // Another one was faster between our look and our write.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return this.read()?.pid ?? 0;
    }
  }

  /** Tells others how to reach the stack, once it is ready. */
  publish(stack: RunningStack): void {
    const next = `${this.file}.new`;
    writeFileSync(next, JSON.stringify({ ...this.#own(), stack }), { mode: 0o600 });
    renameSync(next, this.file);
  }

  release(): void {
    if (this.read()?.pid === process.pid) rmSync(this.file, { force: true });
  }

  #own(): Content {
    return { pid: process.pid, startedAt: inspect(process.pid)?.startedAt ?? '' };
  }
}
