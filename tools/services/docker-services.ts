/** MySQL, Redis and RabbitMQ from docker-compose.yml: for machines with an engine and without the servers' programs. */
import { spawn } from 'node:child_process';
import { mysqlUrl, ORDER_SCHEMA, PAY_SCHEMA } from './mysql.ts';
import { probeMysql, probeRabbitmq, probeRedis } from './probe.ts';
import { amqpUrl } from './rabbitmq.ts';
import type { ServiceSecrets } from './secrets.ts';
import { SERVICES, type OwnServices, type ServiceName, type ServiceUrls } from './services.ts';
import { until } from './until.ts';
import { Refusal } from './refusal.ts';

const ENGINE_ANSWERS_WITHIN_MS = 5_000;
/** The first start may have to fetch the images. */
const UP_WITHIN_MS = 600_000;

export interface DockerOptions {
  /** Folder with docker-compose.yml. */
  projectDir: string;
  /** Keeps containers and volumes of one use apart from another's. */
  projectName: string;
  ports: Record<ServiceName, number>;
  secrets: ServiceSecrets;
  say: (line: string) => void;
}

/** Passwords are given to MySQL when its volume is made; later ones do not reach it. */
const hintAtReset = (error: unknown): never => {
  const reason = error instanceof Error ? error.message : String(error);
  throw new Refusal(`${reason}. If .local/env was removed, its volume holds older passwords: npm run reset`);
};

/** Whether the plugin is there and the engine really answers: a client alone is of no use. */
export async function dockerWorks(): Promise<boolean> {
  const deadline = AbortSignal.timeout(ENGINE_ANSWERS_WITHIN_MS);
  const [plugin, engine] = await Promise.allSettled([
    docker(['compose', 'version'], { signal: deadline }),
    docker(['info', '--format', '{{.ServerVersion}}'], { signal: deadline }),
  ]);
  return plugin.status === 'fulfilled' && engine.status === 'fulfilled' && engine.value.trim() !== '';
}

export class DockerServices implements OwnServices {
  readonly kind = 'docker';
  readonly urls: ServiceUrls;
  /** The engine restarts nothing here and tells nobody; the apps notice by themselves. */
  readonly lost = new Promise<string>(() => undefined);

  private constructor(private readonly options: DockerOptions) {
    const { secrets, ports } = options;
    this.urls = {
      payMysqlUrl: mysqlUrl('pay', secrets.payMysqlPassword, ports.mysql, PAY_SCHEMA),
      orderMysqlUrl: mysqlUrl('order', secrets.orderMysqlPassword, ports.mysql, ORDER_SCHEMA),
      adminMysqlUrl: mysqlUrl('root', secrets.mysqlRootPassword, ports.mysql),
      payAmqpUrl: amqpUrl('pay', secrets.payAmqpPassword, ports.rabbitmq),
      orderAmqpUrl: amqpUrl('order', secrets.orderAmqpPassword, ports.rabbitmq),
      adminAmqpUrl: amqpUrl('paypair-admin', secrets.amqpAdminPassword, ports.rabbitmq),
      redisUrl: `redis://127.0.0.1:${ports.redis}`,
    };
  }

  /** Brings the three containers up and makes both apps' accounts. @throws Refusal with what Docker printed */
  static async open(options: DockerOptions): Promise<DockerServices> {
    const services = new DockerServices(options);
    options.say('Starting MySQL, Redis and RabbitMQ with Docker Compose (the first time it fetches the images) …');
    const signal = AbortSignal.timeout(UP_WITHIN_MS);
    await services.#compose(['up', '--detach', '--wait', ...SERVICES], { signal });
    await services.#makeBrokerAccounts(signal);
    await Promise.all([
      until('MySQL lets both apps in', () => probeMysql(services.urls.orderMysqlUrl), 60_000).catch(hintAtReset),
      until('Redis answers', () => probeRedis(services.urls.redisUrl), 60_000),
      until('RabbitMQ answers', () => probeRabbitmq(services.urls.payAmqpUrl), 60_000),
    ]);
    return services;
  }

  /** Removes containers and volumes of a project, running or not. */
  static removeProject(options: DockerOptions): Promise<void> {
    return new DockerServices(options).remove();
  }

  async start(name: ServiceName): Promise<void> {
    await this.#compose(['up', '--detach', '--wait', name]);
    // They are gone when it was wiped, and made again without harm when it was not.
    if (name === 'rabbitmq') await this.#makeBrokerAccounts();
  }

  async remove(): Promise<void> {
    await this.#compose(['down', '--volumes', '--remove-orphans']);
  }

  async kill(name: ServiceName): Promise<void> {
    await this.#compose(['kill', name]);
  }

  async pause(name: ServiceName): Promise<void> {
    await this.#compose(['pause', name]);
  }

  async resume(name: ServiceName): Promise<void> {
    await this.#compose(['unpause', name]);
  }

  async halt(name: ServiceName): Promise<void> {
    await this.#compose(['stop', name]);
  }

  /** Compose calls the volume of a service by the service's name, with the project's before it. */
  async wipe(name: ServiceName): Promise<void> {
    await this.#compose(['rm', '--force', '--stop', name]);
    await docker(['volume', 'rm', '--force', `${this.options.projectName}_${name}`], {});
  }

  async rabbitmqctl(...args: string[]): Promise<void> {
    await this.#compose(['exec', '--no-TTY', 'rabbitmq', 'rabbitmqctl', ...args]);
  }

  async stop(): Promise<void> {
    await this.#compose(['stop', ...SERVICES]);
  }

  async #makeBrokerAccounts(signal?: AbortSignal): Promise<void> {
    await this.#compose(['run', '--rm', 'rabbitmq-accounts'], signal === undefined ? {} : { signal });
  }

  #compose(args: string[], run: RunOptions = {}): Promise<string> {
    const { projectDir, projectName, ports, secrets } = this.options;
    const env = {
      MYSQL_PORT: String(ports.mysql),
      REDIS_PORT: String(ports.redis),
      AMQP_PORT: String(ports.rabbitmq),
      // The management page is not needed; any free port will do.
      RABBITMQ_MANAGEMENT_PORT: '0',
      MYSQL_ROOT_PASSWORD: secrets.mysqlRootPassword,
      PAY_MYSQL_PASSWORD: secrets.payMysqlPassword,
      ORDER_MYSQL_PASSWORD: secrets.orderMysqlPassword,
      RABBITMQ_ADMIN_PASSWORD: secrets.amqpAdminPassword,
      PAY_AMQP_PASSWORD: secrets.payAmqpPassword,
      ORDER_AMQP_PASSWORD: secrets.orderAmqpPassword,
    };
    return docker(['compose', '--project-name', projectName, ...args], { ...run, cwd: projectDir, env });
  }
}

interface RunOptions {
  signal?: AbortSignal;
  cwd?: string;
  env?: Record<string, string>;
}

function docker(args: string[], { env, cwd, signal }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Refusal(`docker ${args.slice(0, 6).join(' ')} … failed with ${code}:\n${errors.trim()}`));
    });
  });
}
