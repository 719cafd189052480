import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PidFile } from '../services/pid-file.ts';
import { LOCAL } from './paths.ts';

/**
 * Ends the processes of a launcher that was killed: they are ending already, but may still hold ports and data. Apps
 * first, because they use the services. @returns how many there were
 */
export async function endLeftOvers(): Promise<number> {
  let count = 0;
  for (const parent of [LOCAL.apps, LOCAL.services]) {
    const ended = await Promise.all(pidFilesBelow(parent).map(endOne));
    count += ended.filter(Boolean).length;
  }
  return count;
}

/** Every process has a folder of its own; `server.pid` is written by some servers for themselves. */
function pidFilesBelow(parent: string): { dir: string; file: string }[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .flatMap((dir) => readdirSync(dir).map((file) => ({ dir, file })))
    .filter(({ file }) => file.endsWith('.pid') && file !== 'server.pid');
}

async function endOne({ dir, file }: { dir: string; file: string }): Promise<boolean> {
  const pidFile = new PidFile(join(dir, file), dir);
  const runs = pidFile.running() !== undefined;
  await pidFile.endLeftOver();
  return runs;
}
