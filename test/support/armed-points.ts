/** The folder in which fail points are armed, and the traces of those that were reached. */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailPoint } from '#platform';

export class ArmedPoints {
  readonly folder = mkdtempSync(join(tmpdir(), 'paypair-crash-'));
  /** Every point at which a process has died. */
  readonly reached = new Set<string>();

  /** The next process that comes to this point with something that holds all words of `about` dies there. */
  arm(point: FailPoint, about: string): void {
    // Written elsewhere and moved: a process never sees half of it.
    const draft = `${this.folder}.draft`;
    writeFileSync(draft, about);
    renameSync(draft, join(this.folder, point));
  }

  /** Whether a process has died at this point since it was armed. */
  wasReached(point: FailPoint): boolean {
    const trace = `${point}.reached`;
    if (!readdirSync(this.folder).includes(trace)) return false;
    rmSync(join(this.folder, trace));
    this.reached.add(point);
    return true;
  }

  disarm(): void {
    for (const file of readdirSync(this.folder)) rmSync(join(this.folder, file), { force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
