import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { readFailPoints } from './config.ts';
import { type FailPoint } from './fail-points.ts';

type Reach = (name: FailPoint, about?: unknown) => void;

/**
 * Marks a step at which a process can be made to die as by `kill -9`. It does nothing at all, except in a process that
 * was started to be killed: there a file of the point's name in the folder of `FAIL_POINTS` arms it. The words of the
 * file must all occur in `about`; an empty file fires for anything. It fires once: the file becomes `<name>.reached`.
 *
 * @param about what the step works on, as it lies at hand; only read where a point is armed
 */
export const failPoint: Reach = pointsOf(readFailPoints());

/** The points armed in a folder; without one they do nothing. @param die ends the process; tests survive it */
export function pointsOf(
  folder: string | undefined,
  die: () => unknown = () => process.kill(process.pid, 'SIGKILL'),
): Reach {
  if (folder === undefined) return () => undefined;
  return (name, about) => {
    if (fires(join(folder, name), about)) die();
  };
}

function fires(file: string, about: unknown): boolean {
  try {
    const words = readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
    const text = Buffer.isBuffer(about) ? about.toString() : JSON.stringify(about ?? null);
    if (!words.every((word) => text.includes(word))) return false;
    // Of several processes that come here one dies.
    renameSync(file, `${file}.reached`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
