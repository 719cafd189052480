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
] as const;
export type Protection = (typeof protections)[number];

/**
 * Which protection the environment switches off: `MUTANT=<name>`, heard only together with `FAULTS=1`.
 * @throws Error for an unknown name, and for `FAULTS` with `NODE_ENV=production`
 */
export function readMutant(env: NodeJS.ProcessEnv = process.env): Protection | undefined {
  if (env['FAULTS'] !== '1') return undefined;
  if (env['NODE_ENV'] === 'production')
    throw new Error('FAULTS is for tests: it does not start with NODE_ENV=production');
  const name = env['MUTANT'];
  if (name === undefined || name === '') return undefined;
  const known = protections.find((one) => one === name);
  if (known === undefined) throw new Error(`MUTANT is none of ${protections.join(', ')}`);
  return known;
}
