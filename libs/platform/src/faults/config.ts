import { readdirSync } from 'node:fs';
import { failPoints } from './fail-points.ts';

/** Protections that `npm run chaos:mutants` switches off, one per run, to see whether its checker notices. */
export const protections = [
  'compare-and-set',
  'ack-after-commit',
  'mandatory',
  'success-after-commit',
  'stock-once',
  'lease',
  'amount-check',
  'paid-at-close',
  'delete-after-confirm',
  'no-requeue',
  'locking-reread',
  'skip-locked',
  'close-lease',
  'refund-lease',
  'check-lease',
  'redis-hint',
  'refund-cap',
  'same-refund-number',
] as const;
export type Protection = (typeof protections)[number];

/**
 * Which protection the environment switches off: `MUTANT=<name>`, heard only together with `FAULTS=1`.
 * @throws Error for an unknown name, and for `FAULTS` with `NODE_ENV=production`
 */
export function readMutant(env: NodeJS.ProcessEnv = process.env): Protection | undefined {
  if (!hearsFaults(env)) return undefined;
  const name = env['MUTANT'];
  if (name === undefined || name === '') return undefined;
  const known = protections.find((one) => one === name);
  if (known === undefined) throw new Error(`MUTANT is none of ${protections.join(', ')}`);
  return known;
}

/**
 * The folder in which fail points are armed: `FAIL_POINTS=<folder>`, heard only together with `FAULTS=1`.
 * @throws Error for a folder that cannot be read or holds an unknown name, and for `FAULTS` with `NODE_ENV=production`
 */
export function readFailPoints(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!hearsFaults(env)) return undefined;
  const folder = env['FAIL_POINTS'];
  if (folder === undefined || folder === '') return undefined;
  const unknown = filesOf(folder).find((file) => !Object.hasOwn(failPoints, file.replace(/\.reached$/, '')));
  if (unknown !== undefined) {
    throw new Error(`FAIL_POINTS holds ${unknown}, which is none of ${Object.keys(failPoints).join(', ')}`);
  }
  return folder;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new Error(`FAIL_POINTS must be a folder that can be read (${code})`, { cause: error });
  }
}

function hearsFaults(env: NodeJS.ProcessEnv): boolean {
  if (env['FAULTS'] !== '1') return false;
  if (env['NODE_ENV'] === 'production')
    throw new Error('FAULTS is for tests: it does not start with NODE_ENV=production');
  return true;
}
