/** A whole shop of its own to torment: services, one or two processes of each app, and a proxy on every way between. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../services/ports.ts';
import type { OwnServices, ServiceName } from '../services/services.ts';
import { Supervised } from '../services/supervised.ts';
import { until } from '../services/until.ts';
import { Client } from '../stack/client.ts';
import { LocalEnv, type AppSecrets } from '../stack/local-env.ts';
import { PROJECT_DIR } from '../stack/paths.ts';
import { environmentOf, linksOf, namesOf, type AppName, type AppPorts, type StackSettings } from '../stack/settings.ts';
import { temporaryDir, temporaryServices } from '../stack/temporary-stack.ts';
import { LINKS, victimsOf, type AppInstance, type Link } from './plan.ts';
import { Proxy } from './proxy.ts';
import { Steering } from './steering.ts';

type ProcessName = AppInstance | 'wechat-simulator';

export interface WorldOptions {
  instances: 1 | 2;
  /** For all apps, on top of what a local run has. */
  env: Record<string, string>;
  say: (line: string) => void;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;

export class World {
  /** Processes that ended although nobody killed them. */
  readonly crashes: string[] = [];
  readonly names = namesOf({});
  readonly #running = new Map<ProcessName, Supervised>();
  readonly #mayEnd = new Set<Supervised>();
  readonly #steering = new Map<ProcessName, Steering>();

  private constructor(
    readonly dir: string,
    readonly services: OwnServices,
    readonly proxies: Readonly<Record<Link, Proxy>>,
    readonly secrets: AppSecrets,
    private readonly ports: Readonly<Record<ProcessName, number>>,
    private readonly simulatorTlsPort: number,
    private readonly options: WorldOptions,
  ) {}

  /** Starts everything and waits until it is ready; on failure nothing is left behind. */
  static async start(options: WorldOptions): Promise<World> {
    const dir = temporaryDir('chaos');
    const services = await temporaryServices(dir, options.say);
    try {
      const [simulator = 0, ...others] = await freePorts(6);
      const [pay1 = 0, pay2 = 0, order1 = 0, order2 = 0, simulatorTlsPort = 0] = others;
      const ports = {
        'wechat-simulator': simulator,
        'pay-1': pay1,
        'pay-2': pay2,
        'order-1': order1,
        'order-2': order2,
      };
      const proxies = await proxiesBefore(services, { simulator, refunds: simulatorTlsPort });
      const secrets = await LocalEnv.inMemory().appSecrets({});
      const world = new World(dir, services, proxies, secrets, ports, simulatorTlsPort, options);
      try {
        await Promise.all(world.processes.map((name) => world.startApp(name)));
        await world.whenReady();
      } catch (error) {
        await world.stop();
        throw error;
      }
      return world;
    } catch (error) {
      await services.remove();
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get processes(): ProcessName[] {
    return ['wechat-simulator', ...victimsOf(this.options.instances)];
  }

  /** Everything the processes and services have printed. */
  get logFiles(): string[] {
    const dir = join(this.dir, 'log');
    return readdirSync(dir).map((name) => join(dir, name));
  }

  /** Somebody who uses one instance of each app. @param index which; anybody may use any */
  client(index: number, sub: string, patienceMs: number, roles: string[] = []): Client {
    const instance = (index % this.options.instances) + 1;
    return new Client({ ports: this.portsOf(instance), secrets: this.secrets }, sub, roles, patienceMs);
  }

  isRunning(name: ProcessName): boolean {
    return this.#running.has(name);
  }

  /** Starts one process without waiting for it. */
  async startApp(name: ProcessName): Promise<void> {
    const [app, instance] = name === 'wechat-simulator' ? ([name, 1] as const) : split(name);
    const process_ = await Supervised.start({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', join(PROJECT_DIR, 'dist', 'apps', app, 'src', 'main.js')],
      env: { ...environmentOf(app, this.#settings(instance)), ...this.#ways(app), ...this.#steered(name).env },
      dir: join(this.dir, 'apps', name),
      logFile: join(this.dir, 'log', `${name}.log`),
      cwd: PROJECT_DIR,
    });
    this.#running.set(name, process_);
    void process_.ended.then((code) => {
      if (this.#running.get(name) !== process_) return;
      this.#running.delete(name);
      if (this.#mayEnd.delete(process_)) return;
      this.crashes.push(`${name} has ended by itself (${code}): ${process_.lastLines(3)}`);
    });
  }

  /** From now on this process may end by itself. @returns its exit code once it has: 137 is what `kill -9` leaves */
  mayEnd(name: AppInstance): Promise<number | string> {
    const one = this.#running.get(name);
    if (!one) throw new Error(`${name} does not run`);
    this.#mayEnd.add(one);
    return one.ended;
  }

  /** SIGTERM, as an orderly restart begins, and `kill -9` after `withinMs`. @returns its exit code */
  async stopApp(name: AppInstance, withinMs = STOP_WITHIN_MS): Promise<number | string> {
    const ended = this.mayEnd(name);
    await this.#running.get(name)?.stop(withinMs);
    return ended;
  }

  async killApp(name: AppInstance): Promise<void> {
    const one = this.#running.get(name);
    this.#running.delete(name);
    await one?.kill();
  }

  /** How clock and memory of one process are reached. */
  steering(name: AppInstance): Steering {
    return this.#steered(name);
  }

  pauseApp(name: AppInstance): void {
    this.#running.get(name)?.pause();
  }

  resumeApp(name: AppInstance): void {
    this.#running.get(name)?.resume();
  }

  /** Waits until every process says that it can work and lacks nothing. @throws Error naming the first that cannot in time */
  async whenReady(): Promise<void> {
    await Promise.all(
      this.processes.map((name) => {
        const url = `http://127.0.0.1:${this.ports[name]}/health/ready`;
        const probe = async () => {
          const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
          const { status } = (await answer.json()) as { status: string };
          if (status === 'ready') return true;
          throw new Error(`it is ${status}`);
        };
        return until(`${name} is ready`, probe, READY_WITHIN_MS, 100);
      }),
    );
  }

  get adminAmqpUrl(): string {
    return this.services.urls.adminAmqpUrl ?? '';
  }

  /** @param keep leaves logs and data where they are */
  async stop(keep = false): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const one of running) one.resume();
    await Promise.all(running.map((one) => one.stop(STOP_WITHIN_MS)));
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
    await (keep ? this.services.stop() : this.services.remove());
    if (!keep) rmSync(this.dir, { recursive: true, force: true });
  }

  /** Where one process answers, past everything. */
  urlOf(name: AppInstance): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  portsOf(instance: number): AppPorts {
    const pay = this.ports[instance === 2 ? 'pay-2' : 'pay-1'];
    const order = this.ports[instance === 2 ? 'order-2' : 'order-1'];
    return { pay, order, 'wechat-simulator': this.ports['wechat-simulator'] };
  }

  #settings(instance: number): StackSettings {
    const own =
      /^(PAY_|ORDER_|SIMULATOR_|WECHAT_|AUTH_|PUBLIC_|MQ_|NOTIFY_|REDIS_URL|TEST_|DEMO$|NODE_ENV$|HOST$|LOG_LEVEL$|TRUST_PROXY$|FAULTS$|MUTANT$)/;
    const outside = Object.entries(process.env).filter(([name]) => !own.test(name));
    return {
      env: { ...Object.fromEntries(outside), ...this.options.env },
      ports: this.portsOf(instance),
      urls: this.services.urls,
      secrets: this.secrets,
      simulatorDir: join(this.dir, 'simulator'),
      simulatorTlsPort: this.simulatorTlsPort,
    };
  }

  #steered(name: ProcessName): Steering {
    const known = this.#steering.get(name) ?? new Steering(join(this.dir, 'clock'), name);
    this.#steering.set(name, known);
    return known;
  }

  /** Every way of an app leads through its proxy. */
  #ways(app: AppName): Record<string, string> {
    const { urls } = this.services;
    const by = (link: Link, url: string) => through(url, this.proxies[link].port);
    switch (app) {
      case 'pay':
        return {
          PAY_MYSQL_URL: by('pay-mysql', urls.payMysqlUrl),
          PAY_AMQP_URL: by('pay-rabbitmq', urls.payAmqpUrl),
          REDIS_URL: by('pay-redis', urls.redisUrl),
          WECHAT_API_BASE_URL: `http://127.0.0.1:${this.proxies['pay-wechat'].port}`,
          WECHAT_SECURE_BASE_URL: `https://127.0.0.1:${this.proxies['pay-refunds'].port}`,
          WECHAT_CERT: join(this.dir, 'simulator', 'certificates', 'apiclient_cert.p12'),
          WECHAT_CA: join(this.dir, 'simulator', 'certificates', 'ca.pem'),
        };
      case 'order':
        return {
          ORDER_MYSQL_URL: by('order-mysql', urls.orderMysqlUrl),
          ORDER_AMQP_URL: by('order-rabbitmq', urls.orderAmqpUrl),
          REDIS_URL: by('order-redis', urls.redisUrl),
        };
      case 'wechat-simulator': {
        const allowed = [1, 2].map((instance) => `${linksOf(this.portsOf(instance)).pay}/`);
        return { SIMULATOR_NOTIFY_ALLOW: allowed.join(','), SIMULATOR_REFUND_SECONDS: '2' };
      }
    }
  }
}

const split = (name: AppInstance): readonly ['pay' | 'order', number] => {
  const [app, instance] = name.split('-');
  return [app === 'pay' ? 'pay' : 'order', Number(instance)];
};

function through(url: string, port: number): string {
  const address = new URL(url);
  address.port = String(port);
  return address.href;
}

async function proxiesBefore(
  services: OwnServices,
  wechat: { simulator: number; refunds: number },
): Promise<Record<Link, Proxy>> {
  const { urls } = services;
  const serverOf: Record<ServiceName | 'wechat' | 'refunds', number> = {
    mysql: Number(new URL(urls.payMysqlUrl).port),
    redis: Number(new URL(urls.redisUrl).port),
    rabbitmq: Number(new URL(urls.payAmqpUrl).port),
    wechat: wechat.simulator,
    refunds: wechat.refunds,
  };
  const pairs = LINKS.map(async (link) => {
    const server = link.split('-')[1] as keyof typeof serverOf;
    return [link, await Proxy.before(serverOf[server])] as const;
  });
  return Object.fromEntries(await Promise.all(pairs)) as Record<Link, Proxy>;
}
