import { join, resolve } from 'node:path';

/** Root of the project, from the source as well as from dist/. */
export const PROJECT_DIR = join(
  import.meta.dirname,
  ...(import.meta.filename.endsWith('.js') ? ['..'] : []),
  '..',
  '..',
);

const dir = resolve(process.env['PAYPAIR_LOCAL_DIR'] ?? join(PROJECT_DIR, '.local'));

/** Everything `npm start` keeps; nothing else of the machine is written. `PAYPAIR_LOCAL_DIR` puts it elsewhere. */
export const LOCAL = {
  dir,
  env: join(dir, 'env'),
  runFile: join(dir, 'run.json'),
  services: join(dir, 'services'),
  apps: join(dir, 'apps'),
  simulator: join(dir, 'simulator'),
  logs: join(dir, 'log'),
} as const;
