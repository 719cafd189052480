/** Programs that are run to their end, such as those that make a data folder or administer a server. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Refusal } from './refusal.ts';

const LONGEST_TAIL = 4_000;

/**
 * Runs a program to its end; what it prints is added to `logFile`.
 * @param env its whole environment
 * @throws Refusal with what it printed when it fails
 */
export function runOnce(
  command: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
  logFile: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let printed = '';
    const keep = (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-LONGEST_TAIL));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      writeFileSync(logFile, printed, { flag: 'a', mode: 0o600 });
      if (code === 0) resolve();
      else reject(new Refusal(`${command} failed with ${code}:\n${printed.trim()}`));
    });
  });
}
