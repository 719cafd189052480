/** `npm test`: everything that is checked, with services of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, say } from './command.ts';
import { Refusal } from './services/refusal.ts';
import type { OwnServices } from './services/services.ts';
import { temporaryDir, temporaryServices } from './stack/temporary-stack.ts';
import { ensureBrowser } from './testing/browser.ts';
import { sayPages } from './testing/pages.ts';
import { asNumbers, endPrograms, runJest, runProgram, stage, type StageResult } from './testing/stage.ts';

const HELP = `
npm test [-- STAGE] [--pattern REGEX]

  check  types, lint, format, architecture rules, unused code and unit tests
  unit   unit tests only
  int    integration tests, on private MySQL, Redis and RabbitMQ
  e2e    end-to-end tests, with real processes and Chromium
  all    everything (default)

  --pattern  only test files whose path matches

  No service of this machine is touched. PAYPAIR_SERVICES=docker runs them on docker-compose.yml's servers instead.`;

const MINUTE = 60_000;
const STAGES = ['check', 'unit', 'int', 'e2e', 'all'] as const;

let cleanUp: () => Promise<void> = () => Promise.resolve();

/** Two at a time: more would only make two cores slower. */
async function staticChecks(): Promise<StageResult[]> {
  const check =
    (name: string, script: string, ...args: string[]) =>
    () =>
      stage(name, async () => asNumbers(await runProgram(script, args, { limitMs: 5 * MINUTE })));
  const cruise = ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'tools', 'test'];
  const queue = [
    check('lint', 'eslint/bin/eslint.js', '.', '--max-warnings', '0'),
    check('types', 'typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'),
    check('format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
    check('unused code', 'knip/bin/knip.js', '--no-progress'),
    check('architecture', 'dependency-cruiser/bin/dependency-cruise.mjs', ...cruise),
  ];
  const results: StageResult[] = [];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await next());
  };
  await Promise.all([worker(), worker()]);
  return results;
}

const unit = (dir: string, only: string[]): Promise<StageResult> =>
  stage('unit tests', () =>
    runJest({ project: 'unit', args: only, limitMs: 8 * MINUTE, reportFile: join(dir, 'unit.json') }),
  );

const integration = (dir: string, only: string[]): Promise<StageResult> =>
  stage('integration tests', async () => {
    const services = await temporaryServices(join(dir, 'services'), say);
    cleanUp = () => removeAll(services, dir);
    const { adminMysqlUrl = '', adminAmqpUrl = '', redisUrl } = services.urls;
    const env = { TEST_MYSQL_URL: adminMysqlUrl, TEST_AMQP_URL: adminAmqpUrl, TEST_REDIS_URL: redisUrl };
    const args = ['--maxWorkers=3', ...only];
    try {
      return await runJest({ project: 'int', args, limitMs: 8 * MINUTE, env, reportFile: join(dir, 'int.json') });
    } finally {
      await services.remove();
    }
  });

const endToEnd = (dir: string, only: string[]): Promise<StageResult> =>
  stage('end-to-end tests', async () => {
    const browser = await ensureBrowser(say);
    // Two files at a time: each has a whole stack of its own, and waits more than it works.
    const args = ['--maxWorkers=2', ...only];
    const pagesReport = join(dir, 'pages.json');
    const env = { CHROMIUM_PATH: browser, PAGES_REPORT: pagesReport };
    const numbers = await runJest({
      project: 'e2e',
      args,
      limitMs: 20 * MINUTE,
      env,
      reportFile: join(dir, 'e2e.json'),
    });
    sayPages(pagesReport);
    return numbers;
  });

function summary(results: StageResult[]): number {
  const sum = (pick: (one: StageResult) => number) => results.reduce((total, one) => total + pick(one), 0);
  say(`\n${results.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ')}`);
  const failed = sum((one) => one.failed);
  process.stdout.write(`${sum((one) => one.passed)} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function removeAll(services: OwnServices, dir: string): Promise<void> {
  await services.remove();
  rmSync(dir, { recursive: true, force: true });
}

async function interrupted(): Promise<void> {
  endPrograms();
  await cleanUp();
  process.exit(130);
}

await runCommand(HELP, { pattern: { type: 'string' } }, async ({ pattern }, names) => {
  const wanted = names[0] ?? 'all';
  if (!STAGES.some((name) => name === wanted)) throw new Refusal(`There is no stage "${wanted}": ${STAGES.join(', ')}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupted());
  const dir = temporaryDir('test');
  cleanUp = () => {
    rmSync(dir, { recursive: true, force: true });
    return Promise.resolve();
  };
  const only = pattern === undefined ? [] : ['--testPathPatterns', pattern];
  const wants = (name: string) => wanted === 'all' || wanted === name;
  try {
    const results: StageResult[] = [];
    if (wants('check')) results.push(...(await staticChecks()));
    if (wants('check') || wanted === 'unit') results.push(await unit(dir, only));
    if (wants('int')) results.push(await integration(dir, only));
    if (wants('e2e')) results.push(await endToEnd(dir, only));
    return summary(results);
  } finally {
    await cleanUp();
  }
});
