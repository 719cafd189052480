/** `npm start`: services, simulator, pay and order, until Ctrl-C. */
import { existsSync, renameSync } from 'node:fs';
import { runCommand, say } from './command.ts';
import { openServices } from './services/open-services.ts';
import { freePort, isPortFree } from './services/ports.ts';
import { Refusal } from './services/refusal.ts';
import type { Services, ServiceName } from './services/services.ts';
import { Apps } from './stack/apps.ts';
import { endLeftOvers } from './stack/left-overs.ts';
import { LocalEnv } from './stack/local-env.ts';
import { LOCAL, PROJECT_DIR } from './stack/paths.ts';
import { RunFile } from './stack/run-file.ts';
import {
  APPS,
  linksOf,
  namesOf,
  payWithinSeconds,
  PORTS,
  portsOf,
  SEEN_PAY_WITHIN,
  type AppPorts,
  type StackSettings,
} from './stack/settings.ts';
import { Warnings } from './stack/warnings.ts';

const HELP = `
npm start: brings MySQL, Redis and RabbitMQ up, then the WeChat Pay simulator, pay and order.

  Services come from the environment (PAY_MYSQL_URL, ORDER_MYSQL_URL, PAY_AMQP_URL, ORDER_AMQP_URL, REDIS_URL), else
  from Docker Compose, else from private instances of the installed programs under .local/.
  PAYPAIR_SERVICES=environment|docker|private forces one of them.
  PAY_PORT, ORDER_PORT and SIMULATOR_PORT choose other ports than 3001, 3002 and 3003.

  Settings that are missing are made up and kept in .local/env; an environment variable always wins.
  Logs are in .local/log. Ctrl-C stops everything that was started here; data stay until npm run reset.`;

await runCommand(HELP, {}, start);

async function start(): Promise<number> {
  const runFile = new RunFile(LOCAL.runFile);
  const other = runFile.claim();
  if (other !== undefined) {
    throw new Refusal(`Paypair already runs here (process ${other}): stop that one with Ctrl-C, or: kill ${other}`);
  }
  const stopRequested = onStopSignal(() => {
    // Before everything is up there is nothing to end in order: what was started ends with this process.
    runFile.release();
    process.exit(0);
  });
  try {
    return await run(runFile, stopRequested);
  } finally {
    runFile.release();
  }
}

async function run(runFile: RunFile, stopRequested: StopRequest): Promise<number> {
  const since = performance.now();
  if ((await endLeftOvers()) > 0) say('Ended what a launcher that was killed had left behind.');
  const ports = await checkedPorts();
  const local = LocalEnv.open(LOCAL.env);
  const services = await servicesFrom(local);
  rememberPayWithin(local);
  const settings: StackSettings = {
    env: process.env,
    ports,
    urls: services.urls,
    secrets: await local.appSecrets(process.env),
    simulatorDir: LOCAL.simulator,
    simulatorTlsPort: await freePort(),
  };
  const apps = new Apps({ settings, dir: LOCAL.apps, logDir: LOCAL.logs });
  const logs = Object.fromEntries(APPS.map((app) => [app, apps.logFile(app)]));
  Object.values(logs).forEach(keepLastLog);
  const warnings = new Warnings(logs, say);
  let lost: string | undefined;
  try {
    say('Starting simulator, pay and order …');
    await apps.startAll();
    runFile.publish({ ports, urls: settings.urls, secrets: settings.secrets });
    say(`Ready after ${((performance.now() - since) / 1000).toFixed(1)} s.\n\n${linkText(ports)}\n`);
    lost = await Promise.race([apps.lost, services.lost, stopRequested.take()]);
    say(lost ?? '\nStopping (a few seconds; data stay) …');
  } finally {
    warnings.stop();
    await apps.stopAll();
    await services.stop();
  }
  say('Stopped.');
  return lost === undefined ? 0 : 1;
}

interface StopRequest {
  /** From now on a signal resolves this instead of ending the process at once. */
  take: () => Promise<undefined>;
}

/** Ctrl-C arrives twice under npm (from the terminal and from npm), so every signal after the first means nothing new. */
function onStopSignal(beforeReady: () => void): StopRequest {
  let stop = beforeReady;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
  return {
    take: () =>
      new Promise((resolve) => {
        stop = () => resolve(undefined);
      }),
  };
}

/** The apps' ports, every one of them free. @throws Refusal that names the port and the setting that changes it */
async function checkedPorts(): Promise<AppPorts> {
  const ports = portsOf(process.env);
  for (const app of APPS) {
    const { setting } = PORTS[app];
    const port = ports[app];
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Refusal(`${setting} is not a port: set a number from 1 to 65535, or leave it out.`);
    }
    if (!(await isPortFree(port))) {
      throw new Refusal(
        `Port ${port} is in use, so ${app} cannot start: end the program that uses it, or choose another port, for example ${setting}=${port + 1000} npm start`,
      );
    }
  }
  if (new Set(Object.values(ports)).size < APPS.length) {
    throw new Refusal(`PAY_PORT, ORDER_PORT and SIMULATOR_PORT must be three different ports.`);
  }
  return ports;
}

async function servicesFrom(local: LocalEnv): Promise<Services> {
  const portFor = async (name: string): Promise<number> =>
    Number(await local.ensure(name, async () => String(await freePort())));
  const dockerPorts = async (): Promise<Record<ServiceName, number>> => ({
    mysql: await portFor('MYSQL_PORT'),
    redis: await portFor('REDIS_PORT'),
    rabbitmq: await portFor('AMQP_PORT'),
  });
  const services = await openServices({
    env: process.env,
    projectDir: PROJECT_DIR,
    dir: LOCAL.services,
    logDir: LOCAL.logs,
    secrets: await local.serviceSecrets(),
    dockerPorts,
    names: namesOf(process.env),
    say,
  });
  if (services.kind === 'environment') say('Using the MySQL, Redis and RabbitMQ that the environment names.');
  return services;
}

/** So that the doctor can look after the time-out queues of earlier settings. */
function rememberPayWithin(local: LocalEnv): void {
  const seen = new Set((local.get(SEEN_PAY_WITHIN) ?? '').split(',').filter(Boolean));
  local.set(SEEN_PAY_WITHIN, [...seen.add(String(payWithinSeconds(process.env)))].join(','));
}

/** One earlier log is kept beside the new one. */
function keepLastLog(file: string): void {
  if (existsSync(file)) renameSync(file, `${file}.1`);
}

function linkText(ports: AppPorts): string {
  const links = linksOf(ports);
  const demo = process.env['DEMO'] !== '0';
  return [
    ...(demo ? [`  Storefront        ${links.order}/`] : []),
    `  Phone (simulator) ${links['wechat-simulator']}/phone`,
    `  API of order      ${links.order}/docs`,
    `  API of pay        ${links.pay}/docs`,
    `  Logs              .local/log/`,
    '',
    ...(demo ? ['  In another terminal: npm run demo   (one order, paid and settled)'] : []),
    '  Ctrl-C stops everything that was started here; data stay until npm run reset.',
  ].join('\n');
}
