/** A private RabbitMQ node: own node name, own port mapper, own accounts; nothing of the machine's broker is read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'amqplib';
import { rabbitDefinitions, VHOST } from './rabbitmq-accounts.ts';
import type { Binaries } from './binaries.ts';
import { portOpens } from './ports.ts';
import type { ServiceSecrets } from './secrets.ts';
import { runOnce } from './run-once.ts';
import { Supervised } from './supervised.ts';
import type { TopologyNames } from '#contract';

export interface RabbitOptions {
  binaries: Pick<Binaries, 'rabbitmq' | 'epmd'>;
  dir: string;
  logFile: string;
  port: number;
  /** For Erlang's port mapper and its distribution; both loopback only. */
  epmdPort: number;
  distPort: number;
  secrets: ServiceSecrets;
  names: TopologyNames;
}

export const amqpUrl = (user: string, password: string, port: number): string =>
  `amqp://${user}:${password}@127.0.0.1:${port}/${VHOST}`;

/** The broker and its port mapper, started and ended together. */
export interface RabbitProcesses {
  broker: Supervised;
  epmd: Supervised;
}

/** Starts the node and waits until an app's account can open a channel; about 7 s. */
export async function startRabbitmq(options: RabbitOptions): Promise<RabbitProcesses> {
  const { binaries, dir, port, secrets } = options;
  writeConfiguration(options);
  const env = environment(options);
  const common = { env, dir };
  // RabbitMQ would start the port mapper as a daemon that outlives it.
  const epmd = await Supervised.start({
    ...common,
    name: 'epmd',
    command: binaries.epmd,
    args: ['-address', '127.0.0.1', '-port', String(options.epmdPort)],
    logFile: join(dirname(options.logFile), 'epmd.log'),
  });
  await epmd.ready(() => portOpens(options.epmdPort, 5_000).then(() => true), 10_000);
  const broker = await Supervised.start({
    ...common,
    name: 'rabbitmq',
    command: binaries.rabbitmq,
    args: [],
    logFile: options.logFile,
  });
  try {
    await broker.ready(() => answers(amqpUrl('pay', secrets.payAmqpPassword, port)), 120_000);
  } catch (error) {
    await epmd.kill();
    throw error;
  }
  return { broker, epmd };
}

/** Runs `rabbitmqctl` against the node of these options. @throws Refusal with what it printed when it fails */
export async function rabbitmqctl(options: RabbitOptions, args: readonly string[]): Promise<void> {
  const tool = join(dirname(options.binaries.rabbitmq), 'rabbitmqctl');
  await runOnce(tool, args, environment(options), options.logFile);
}

function writeConfiguration({ dir, port, secrets, names }: RabbitOptions): void {
  for (const folder of ['home', 'data', 'log', 'conf.d']) mkdirSync(join(dir, folder), { recursive: true });
  const write = (file: string, text: string) => writeFileSync(join(dir, file), text, { mode: 0o600 });
  write('definitions.json', JSON.stringify(rabbitDefinitions(secrets, names)));
  write('plugins', '[].\n');
  write('env.conf', '');
  write(
    'rabbitmq.conf',
    [
      `listeners.tcp.local = 127.0.0.1:${port}`,
      `load_definitions = ${join(dir, 'definitions.json')}`,
      'log.console = true',
      'log.console.level = warning',
      'log.file = false',
      // A development machine's disk may be nearly full; the default limit of 50 MB stays.
      'vm_memory_high_watermark.relative = 0.4',
      '',
    ].join('\n'),
  );
}

function environment({ dir, port, epmdPort, distPort }: RabbitOptions): Record<string, string | undefined> {
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: join(dir, 'home'),
    RABBITMQ_NODENAME: 'x@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'env.conf'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_CONFIG_FILES: join(dir, 'conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'plugins'),
    RABBITMQ_PID_FILE: join(dir, 'server.pid'),
    // The start script replaces itself by the server, so that our signals reach the server.
    RUNNING_UNDER_SYSTEMD: '1',
  };
}

async function answers(url: string): Promise<boolean> {
  const connection = await connect(url, { timeout: 3_000 });
  try {
    await connection.createChannel();
    return true;
  } finally {
    await connection.close();
  }
}
