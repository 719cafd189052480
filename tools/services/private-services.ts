/** MySQL, Redis and RabbitMQ of our own, side by side in one folder, on free loopback ports. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { mysqlUrl, ORDER_SCHEMA, PAY_SCHEMA, startMysql } from './mysql.ts';
import { freePorts } from './ports.ts';
import { amqpUrl, rabbitmqctl, startRabbitmq, type RabbitOptions } from './rabbitmq.ts';
import { redisUrl, startRedis } from './redis.ts';
import type { ServiceSecrets } from './secrets.ts';
import { SERVICES, type OwnServices, type ServiceName, type ServiceUrls } from './services.ts';
import type { Supervised } from './supervised.ts';
import type { TopologyNames } from '#contract';

export interface PrivateOptions {
  binaries: Binaries;
  dir: string;
  logDir: string;
  secrets: ServiceSecrets;
  names: TopologyNames;
  /** Hears which service is up, with the milliseconds it took. */
  onUp?: (name: ServiceName, ms: number) => void;
}

interface Ports {
  mysql: number;
  redis: number;
  amqp: number;
  epmd: number;
  dist: number;
}

const STOP_WITHIN_MS = 20_000;

/** Private services with a handle on each, so that a test can crash and restart them. */
export class PrivateServices implements OwnServices {
  readonly kind = 'private';
  readonly lost: Promise<string>;
  #tellLost: (sentence: string) => void = () => undefined;
  readonly #running = new Map<ServiceName | 'epmd', Supervised>();
  readonly #ports: Ports;

  private constructor(
    private readonly options: PrivateOptions,
    ports: Ports,
    readonly urls: ServiceUrls,
  ) {
    this.#ports = ports;
    this.lost = new Promise((resolve) => (this.#tellLost = resolve));
  }

  /** Starts all three. When one fails, the others are ended before the error is thrown. */
  static async open(options: PrivateOptions): Promise<PrivateServices> {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    mkdirSync(options.logDir, { recursive: true, mode: 0o700 });
    const [mysql = 0, redis = 0, amqp = 0, epmd = 0, dist = 0] = await freePorts(5);
    const { secrets } = options;
    const services = new PrivateServices(
      options,
      { mysql, redis, amqp, epmd, dist },
      {
        payMysqlUrl: mysqlUrl('pay', secrets.payMysqlPassword, mysql, PAY_SCHEMA),
        orderMysqlUrl: mysqlUrl('order', secrets.orderMysqlPassword, mysql, ORDER_SCHEMA),
        adminMysqlUrl: mysqlUrl('root', secrets.mysqlRootPassword, mysql),
        payAmqpUrl: amqpUrl('pay', secrets.payAmqpPassword, amqp),
        orderAmqpUrl: amqpUrl('order', secrets.orderAmqpPassword, amqp),
        adminAmqpUrl: amqpUrl('admin', secrets.amqpAdminPassword, amqp),
        redisUrl: redisUrl(secrets.redisPassword, redis),
      },
    );
    const started = await Promise.allSettled(SERVICES.map((name) => services.start(name)));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) {
      await services.stop();
      throw failed.reason as Error;
    }
    return services;
  }

  /** Starts one of the three, at first or after {@link kill}, on the port it always had. */
  async start(name: ServiceName): Promise<void> {
    const { binaries, secrets } = this.options;
    const { mysql, redis } = this.#ports;
    const paths = this.#pathsOf(name);
    const since = performance.now();
    switch (name) {
      case 'mysql':
        this.#watch(name, await startMysql({ ...paths, binaries, port: mysql, secrets }));
        break;
      case 'redis':
        this.#watch(
          name,
          await startRedis({ ...paths, binary: binaries.redis, port: redis, password: secrets.redisPassword }),
        );
        break;
      case 'rabbitmq': {
        const { broker, epmd: portMapper } = await startRabbitmq(this.#rabbitOptions);
        this.#running.set('epmd', portMapper);
        this.#watch(name, broker);
      }
    }
    this.options.onUp?.(name, Math.round(performance.now() - since));
  }

  /** `kill -9`, as when its machine went down. */
  async kill(name: ServiceName): Promise<void> {
    const names = name === 'rabbitmq' ? (['rabbitmq', 'epmd'] as const) : [name];
    for (const one of names) {
      const server = this.#running.get(one);
      this.#running.delete(one);
      await server?.kill();
    }
  }

  pause(name: ServiceName): Promise<void> {
    this.#running.get(name)?.pause();
    return Promise.resolve();
  }

  resume(name: ServiceName): Promise<void> {
    this.#running.get(name)?.resume();
    return Promise.resolve();
  }

  async halt(name: ServiceName): Promise<void> {
    const server = this.#running.get(name);
    this.#running.delete(name);
    await server?.stop(STOP_WITHIN_MS);
    if (name !== 'rabbitmq') return;
    const epmd = this.#running.get('epmd');
    this.#running.delete('epmd');
    await epmd?.stop(2_000);
  }

  wipe(name: ServiceName): Promise<void> {
    if (this.#running.has(name)) throw new Error(`${name} is running`);
    rmSync(this.#pathsOf(name).dir, { recursive: true, force: true });
    return Promise.resolve();
  }

  rabbitmqctl(...args: string[]): Promise<void> {
    return rabbitmqctl(this.#rabbitOptions, args);
  }

  async stop(): Promise<void> {
    const epmd = this.#running.get('epmd');
    this.#running.delete('epmd');
    const servers = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(servers.map((server) => server.stop(STOP_WITHIN_MS)));
    // Last, because the broker takes its leave of it.
    await epmd?.stop(2_000);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.options.dir, { recursive: true, force: true });
  }

  #pathsOf(name: ServiceName): { dir: string; logFile: string } {
    return { dir: join(this.options.dir, name), logFile: join(this.options.logDir, `${name}.log`) };
  }

  get #rabbitOptions(): RabbitOptions {
    const { binaries, secrets, names } = this.options;
    const { amqp, epmd, dist } = this.#ports;
    return { ...this.#pathsOf('rabbitmq'), port: amqp, epmdPort: epmd, distPort: dist, binaries, secrets, names };
  }

  #watch(name: ServiceName, server: Supervised): void {
    this.#running.set(name, server);
    void server.ended.then((code) => {
      // Not when we ended it ourselves: then it is no longer in the list.
      if (this.#running.get(name) !== server) return;
      this.#tellLost(`${name} has ended (${code}). Last lines of ${server.logFile}:\n${server.lastLines()}`);
    });
  }
}
