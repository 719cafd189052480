/**
 * One child process with its own process group that never outlives this process: a shell stands between, waits on a pipe
 * that only we hold, and ends the child when that pipe closes, for whatever reason (also `kill -9` of this process).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PidFile } from './pid-file.ts';
import { until } from './until.ts';
import { Refusal } from './refusal.ts';

/**
 * `$0` is a label that shows in the process list whose process this is. Standard input is the pipe: when it ends, the
 * child is asked to stop and killed 20 s later. Signals of the terminal are not for the child: we decide when it stops.
 */
const GUARD = `
trap '' INT HUP
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
trap 'kill -TERM $child 2>/dev/null' TERM
( cat <&3 >/dev/null; kill -TERM $child 2>/dev/null; sleep 20; kill -KILL $child 2>/dev/null ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
kill -KILL $watch 2>/dev/null
wait $watch 2>/dev/null
exit $code
`;

const LONGEST_TAIL = 16 * 1024;

export interface SupervisedOptions {
  /** For messages and for the names of its log and pid file, e.g. `mysql`. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process. */
  env: Record<string, string | undefined>;
  /** Folder that belongs to this process alone; its name marks the process as ours. */
  dir: string;
  logFile: string;
  cwd?: string;
}

export class Supervised {
  readonly name: string;
  readonly logFile: string;
  /** Resolves with the exit code (or the signal's name) when the process has ended, for whatever reason. */
  readonly ended: Promise<number | string>;
  #over = false;
  readonly #child: ChildProcess;
  readonly #pidFile: PidFile;

  private constructor(options: SupervisedOptions, child: ChildProcess, pidFile: PidFile) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#child = child;
    this.#pidFile = pidFile;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#over = true;
        this.#pidFile.remove();
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  /**
   * Starts the process. One that an earlier, killed launcher left behind in the same folder is ended first.
   * @throws Refusal when it cannot be started at all
   */
  static async start(options: SupervisedOptions): Promise<Supervised> {
    mkdirSync(options.dir, { recursive: true });
    mkdirSync(dirname(options.logFile), { recursive: true });
    const pidFile = new PidFile(join(options.dir, `${options.name}.pid`), options.dir);
    await pidFile.endLeftOver();
    const log = openSync(options.logFile, 'a', 0o600);
    try {
      const child = spawn('/bin/sh', ['-c', GUARD, `paypair:${options.dir}`, options.command, ...options.args], {
        cwd: options.cwd ?? options.dir,
        env: options.env,
        detached: true,
        stdio: ['pipe', log, log],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      child.stdin?.on('error', () => undefined);
      if (child.pid !== undefined) pidFile.write(child.pid);
      return new Supervised(options, child, pidFile);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return !this.#over;
  }

  /** Asks the process to end (SIGTERM) and kills its whole group when it has not after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    if (this.#over) return;
    this.#child.kill('SIGTERM');
    const done = await Promise.race([this.ended.then(() => true), this.#after(withinMs)]);
    if (!done) await this.kill();
  }

  /** `kill -9` of the process and its children: what a crash looks like. */
  async kill(): Promise<void> {
    this.#signalGroup('SIGKILL');
    await this.ended;
  }

  /** SIGSTOP: the process is there, its sockets are open, and it does nothing. */
  pause(): void {
    this.#signalGroup('SIGSTOP');
  }

  /** SIGCONT: it goes on where it was. */
  resume(): void {
    this.#signalGroup('SIGCONT');
  }

  /** Last lines of its log, for a message to people. */
  lastLines(count = 15): string {
    const size = statSync(this.logFile).size;
    const chunk = Buffer.alloc(Math.min(size, LONGEST_TAIL));
    const log = openSync(this.logFile, 'r');
    try {
      readSync(log, chunk, 0, chunk.length, size - chunk.length);
    } finally {
      closeSync(log);
    }
    return chunk.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  }

  /**
   * Waits until `probe` answers something truthy. A process that does not get there is ended.
   * @throws Refusal with the last lines of the log when the process ends before that, or after `withinMs`
   */
  async ready<T>(probe: () => Promise<T>, withinMs: number): Promise<void> {
    const endedEarly = this.ended.then((code) => {
      throw new Error(`${this.name} ended at once (${code})`);
    });
    try {
      await Promise.race([
        until(`${this.name} answers`, async () => this.#over || (await probe()), withinMs),
        endedEarly,
      ]);
    } catch (error) {
      await this.kill();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal(`${reason}. Last lines of ${this.logFile}:\n${this.lastLines()}`);
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#over || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #after(ms: number): Promise<false> {
    return new Promise((resolve) => {
      setTimeout(() => resolve(false), ms).unref();
    });
  }
}
