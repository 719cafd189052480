/** One step of `npm test`: a program with a time limit, and for Jest its numbers. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { say } from '../command.ts';
import { PROJECT_DIR } from '../stack/paths.ts';

export interface Numbers {
  passed: number;
  failed: number;
}

export interface StageResult extends Numbers {
  name: string;
  seconds: number;
}

export interface ProgramOptions {
  limitMs: number;
  env?: Record<string, string>;
  /** Shown while it runs; otherwise only when it fails. */
  live?: boolean;
}

const running = new Set<number>();

/** Ends every program that still runs, with its children. */
export function endPrograms(): void {
  for (const pid of running) endGroup(pid);
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs one program of node_modules to its end. @returns whether it ended well in time */
export async function runProgram(script: string, args: string[], options: ProgramOptions): Promise<boolean> {
  const { limitMs, env = {}, live = false } = options;
  const child = spawn(process.execPath, [join(PROJECT_DIR, 'node_modules', script), ...args], {
    cwd: PROJECT_DIR,
    env: { ...process.env, ...env },
    // A group of its own, so that the time limit also reaches what it has started.
    detached: true,
    stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const limit = setTimeout(() => {
    output += `\nended after its time limit of ${limitMs / 1000} s`;
    if (pid !== undefined) endGroup(pid);
  }, limitMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(limit);
  if (pid !== undefined) running.delete(pid);
  if (code !== 0 && output !== '') say(output.trim());
  return code === 0;
}

/** Measures a stage and tells how it went. */
export async function stage(name: string, work: () => Promise<Numbers>): Promise<StageResult> {
  const since = performance.now();
  const numbers = await work();
  const seconds = Math.round((performance.now() - since) / 100) / 10;
  say(`${numbers.failed === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  return { name, seconds, ...numbers };
}

/** A stage that is right or wrong as a whole counts only when it is wrong. */
export const asNumbers = (ok: boolean): Numbers => ({ passed: 0, failed: ok ? 0 : 1 });

interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}

export interface JestOptions {
  project: 'unit' | 'int' | 'e2e';
  args: string[];
  limitMs: number;
  env?: Record<string, string>;
  reportFile: string;
}

/** Runs one of Jest's projects. A skipped test counts as failed: it would look like one that passed. */
export async function runJest({ project, args, limitMs, env = {}, reportFile }: JestOptions): Promise<Numbers> {
  rmSync(reportFile, { force: true });
  const all = ['--selectProjects', project, '--json', `--outputFile=${reportFile}`, '--passWithNoTests', ...args];
  const options = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  const ok = await runProgram('jest/bin/jest.js', all, {
    limitMs,
    live: true,
    env: { ...env, NODE_OPTIONS: options, NODE_ENV: 'test' },
  });
  const report = readReport(reportFile);
  if (!report) return { passed: 0, failed: 1 };
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) say(`${skipped} tests of ${project} are skipped: remove them or run them`);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites + skipped;
  if (!ok && failed === 0) say(`${project}: every test passed, but Jest did not end by itself in time`);
  return { passed: report.numPassedTests, failed: failed > 0 ? failed : ok ? 0 : 1 };
}

function readReport(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
}
