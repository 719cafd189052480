/** Decides where MySQL, Redis and RabbitMQ come from, and brings them up. */
import { createHash } from 'node:crypto';
import { canInstall, installLine, installPackages } from './apt.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { DockerServices, dockerWorks, type DockerOptions } from './docker-services.ts';
import { PrivateServices } from './private-services.ts';
import { probeMysql, probeRabbitmq, probeRedis, reasonOf } from './probe.ts';
import { Refusal } from './refusal.ts';
import type { ServiceSecrets } from './secrets.ts';
import type { OwnServices, ServiceName, Services, ServiceUrls } from './services.ts';
import type { TopologyNames } from '#contract';

type Say = (line: string) => void;

export interface OpenOptions {
  env: NodeJS.ProcessEnv;
  projectDir: string;
  /** Data of private services live here, logs beside them. */
  dir: string;
  logDir: string;
  secrets: ServiceSecrets;
  dockerPorts: () => Promise<Record<ServiceName, number>>;
  names: TopologyNames;
  say: Say;
}

const NAMED = {
  PAY_MYSQL_URL: 'payMysqlUrl',
  ORDER_MYSQL_URL: 'orderMysqlUrl',
  PAY_AMQP_URL: 'payAmqpUrl',
  ORDER_AMQP_URL: 'orderAmqpUrl',
  REDIS_URL: 'redisUrl',
} as const satisfies Record<string, keyof ServiceUrls>;

const CHOICES = ['environment', 'docker', 'private'] as const;

/**
 * The services the environment names; else Docker Compose if it works; else private instances of what is installed (or can
 * be installed). `PAYPAIR_SERVICES=environment|docker|private` forces one of them.
 * @throws Refusal with the sentence to show when none can be had
 */
export async function openServices(options: OpenOptions): Promise<Services> {
  const forced = options.env['PAYPAIR_SERVICES'];
  if (forced && !CHOICES.some((choice) => choice === forced)) {
    throw new Refusal(`PAYPAIR_SERVICES is "${forced}"; it can be ${CHOICES.join(', ')}, or not set at all.`);
  }
  const named = namedByEnvironment(options.env);
  if (forced === 'environment' || (!forced && named)) return useEnvironment(named);
  return openOwnServices(options, forced);
}

/** Like {@link openServices}, but never those of the environment. */
export async function openOwnServices(options: OpenOptions, forced?: string): Promise<OwnServices> {
  const docker = forced === 'docker' || (forced !== 'private' && (await dockerWorks()));
  if (docker) {
    if (!(await dockerWorks())) {
      throw new Refusal(
        'PAYPAIR_SERVICES=docker, but no Docker engine with the compose plugin answers: try "docker info".',
      );
    }
    return DockerServices.open(await dockerOptions(options));
  }
  const { dir, logDir, secrets, names, say } = options;
  const binaries = await privateBinaries(say);
  say('Starting private MySQL, Redis and RabbitMQ (loopback only) …');
  const onUp = (name: ServiceName, ms: number) => say(`  ${name} is up after ${(ms / 1000).toFixed(1)} s`);
  return PrivateServices.open({ binaries, dir, logDir, secrets, names, onUp });
}

/** What the compose project of this folder is called with; its name keeps two clones on one machine apart. */
export async function dockerOptions(
  options: Pick<OpenOptions, 'projectDir' | 'dir' | 'secrets' | 'dockerPorts' | 'say'>,
): Promise<DockerOptions> {
  const { projectDir, secrets, say } = options;
  const projectName = `paypair-${createHash('sha256').update(options.dir).digest('hex').slice(0, 8)}`;
  return { projectDir, projectName, ports: await options.dockerPorts(), secrets, say };
}

/** The installed programs, after installing what is missing where we may. @throws Refusal with the line to paste */
export async function privateBinaries(say: Say): Promise<Binaries> {
  const first = findBinaries();
  if ('found' in first) return first.found;
  if (!canInstall()) {
    throw new Refusal(
      `MySQL, Redis or RabbitMQ is not installed and no Docker engine answers. Paste this and try again:\n  ${installLine(first.missing)}`,
    );
  }
  await installPackages(first.missing, say);
  const second = findBinaries();
  if ('found' in second) return second.found;
  throw new Refusal(`After the installation these are still missing: ${second.missing.join(' ')}.`);
}

/** The services an environment names. @throws Refusal when it names some of them only */
export function namedByEnvironment(env: NodeJS.ProcessEnv): ServiceUrls | undefined {
  const names = Object.keys(NAMED);
  const missing = names.filter((name) => !env[name]);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    throw new Refusal(
      `The environment names some services but not all: set ${missing.join(', ')} too, or none of them.`,
    );
  }
  return Object.fromEntries(Object.entries(NAMED).map(([name, key]) => [key, env[name]])) as unknown as ServiceUrls;
}

async function useEnvironment(urls: ServiceUrls | undefined): Promise<Services> {
  if (!urls) throw new Refusal(`PAYPAIR_SERVICES=environment needs ${Object.keys(NAMED).join(', ')}.`);
  const checks = await Promise.all(
    Object.entries(NAMED).map(async ([name, key]) => {
      const probe = name.endsWith('MYSQL_URL') ? probeMysql : name.endsWith('AMQP_URL') ? probeRabbitmq : probeRedis;
      return probe(urls[key]).then(
        () => undefined,
        (error: unknown) => `${name}: ${reasonOf(error)}`,
      );
    }),
  );
  const failed = checks.filter((line) => line !== undefined);
  if (failed.length > 0) {
    throw new Refusal(`These services do not answer; start them or correct the variable:\n  ${failed.join('\n  ')}`);
  }
  return { kind: 'environment', urls, lost: new Promise(() => undefined), stop: () => Promise.resolve() };
}
