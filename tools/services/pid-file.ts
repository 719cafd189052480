/**
 * Remembers which process runs in a folder, so that the next start can tell a process left behind (ours: ended) from a
 * dead one (forgotten) and from a stranger that has got the same number since (left alone).
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { until } from './until.ts';

/** When a process started (in the kernel's own unit) and what it was called with; undefined when there is none. */
export function inspect(pid: number): { startedAt: string; commandLine: string } | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  return process.platform === 'linux' ? inspectByProc(pid) : inspectByPs(pid);
}

function inspectByProc(pid: number): { startedAt: string; commandLine: string } | undefined {
  try {
    // The second field is the program's name in brackets and may hold spaces; the fields after it are counted.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z') return undefined;
    return {
      startedAt: fields[19] ?? '',
      commandLine: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
    };
  } catch {
    return undefined;
  }
}

function inspectByPs(pid: number): { startedAt: string; commandLine: string } | undefined {
  try {
    const ps = (column: string) =>
      execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
    return { startedAt: ps('lstart').trim(), commandLine: ps('command').trim() };
  } catch {
    return undefined;
  }
}

export class PidFile {
  constructor(
    private readonly file: string,
    /** Appears in the command line of every process that is ours. */
    private readonly mark: string,
  ) {}

  write(pid: number): void {
    writeFileSync(this.file, JSON.stringify({ pid, startedAt: inspect(pid)?.startedAt ?? '' }), { mode: 0o600 });
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }

  /** The process that is written here, when it still runs and is ours; otherwise undefined. */
  running(): number | undefined {
    let written: { pid?: unknown; startedAt?: unknown };
    try {
      written = JSON.parse(readFileSync(this.file, 'utf8')) as typeof written;
    } catch {
      return undefined;
    }
    if (typeof written.pid !== 'number' || !Number.isInteger(written.pid) || written.pid < 2) return undefined;
    const found = inspect(written.pid);
    const ours = found?.startedAt === written.startedAt && found?.commandLine.includes(this.mark);
    return ours ? written.pid : undefined;
  }

  /** Ends the process of an earlier start that still runs, politely first, and forgets it. Never touches a stranger. */
  async endLeftOver(politeMs = 15_000): Promise<void> {
    const pid = this.running();
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      await until(`process ${pid} ends`, () => this.running() === undefined, politeMs).catch(() => {
        process.kill(-pid, 'SIGKILL');
      });
      await until(`process ${pid} is gone`, () => this.running() === undefined, 5_000);
    }
    this.remove();
  }
}
