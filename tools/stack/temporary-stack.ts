/** A complete stack that lives as long as one command or test: own services, own ports, own data, nothing kept. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from '../services/pid-file.ts';
import { openOwnServices } from '../services/open-services.ts';
import { freePort, freePorts } from '../services/ports.ts';
import type { OwnServices, ServiceName } from '../services/services.ts';
import { Apps } from './apps.ts';
import { LocalEnv } from './local-env.ts';
import { LOCAL, PROJECT_DIR } from './paths.ts';
import type { RunningStack } from './run-file.ts';
import { namesOf, type StackSettings } from './settings.ts';

export interface TemporaryOptions {
  /** Settings for the apps on top of those made up here, e.g. `ORDER_PAY_WITHIN_SECONDS`. */
  env?: Record<string, string>;
  /** Becomes part of the folder's name. */
  label: string;
  say: (line: string) => void;
}

export class TemporaryStack {
  private constructor(
    readonly apps: Apps,
    readonly services: OwnServices,
    readonly stack: RunningStack,
    readonly dir: string,
    readonly settings: StackSettings,
  ) {}

  /** Starts everything and waits until it is ready; on failure nothing is left behind. */
  static async start({ env = {}, label, say }: TemporaryOptions): Promise<TemporaryStack> {
    const dir = temporaryDir(label);
    const services = await temporaryServices(dir, say);
    try {
      const [pay = 0, order = 0, simulator = 0, simulatorTlsPort = 0] = await freePorts(4);
      const settings: StackSettings = {
        env: { ...withoutOwnSettings(process.env), ...env },
        ports: { pay, order, 'wechat-simulator': simulator },
        urls: services.urls,
        secrets: await LocalEnv.inMemory().appSecrets({}),
        simulatorDir: join(dir, 'simulator'),
        simulatorTlsPort,
      };
      const apps = new Apps({ settings, dir: join(dir, 'apps'), logDir: join(dir, 'log') });
      const { ports, urls, secrets } = settings;
      const stack = new TemporaryStack(apps, services, { ports, urls, secrets }, dir, settings);
      await apps.startAll().catch(async (error: unknown) => {
        await apps.stopAll();
        throw error;
      });
      return stack;
    } catch (error) {
      await services.remove();
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends everything. @param keep leaves logs and data where they are */
  async stop(keep = false): Promise<void> {
    await this.apps.stopAll();
    await (keep ? this.services.stop() : this.services.remove());
    if (!keep) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A folder below `.local/` that no other command uses. Those of commands that were killed are removed on the way. */
export function temporaryDir(label: string): string {
  mkdirSync(LOCAL.dir, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(LOCAL.dir)) {
    const owner = /^[a-z0-9]+-(\d+)-\w{6}$/.exec(name)?.[1];
    if (owner && !inspect(Number(owner))) rmSync(join(LOCAL.dir, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(LOCAL.dir, `${label}-${process.pid}-`));
}

/** Services of their own for one command. Docker is used only where `PAYPAIR_SERVICES=docker` asks for it. */
export async function temporaryServices(dir: string, say: (line: string) => void): Promise<OwnServices> {
  const forced = process.env['PAYPAIR_SERVICES'] === 'docker' ? 'docker' : 'private';
  const dockerPorts = async (): Promise<Record<ServiceName, number>> => ({
    mysql: await freePort(),
    redis: await freePort(),
    rabbitmq: await freePort(),
  });
  const options = {
    env: process.env,
    projectDir: PROJECT_DIR,
    dir,
    logDir: join(dir, 'log'),
    secrets: await LocalEnv.inMemory().serviceSecrets(),
    dockerPorts,
    names: namesOf({}),
    say,
  };
  return openOwnServices(options, forced);
}

/** The machine's own settings of a Paypair must not reach a temporary one. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const own =
    /^(PAY_|ORDER_|SIMULATOR_|WECHAT_|AUTH_|PUBLIC_|MQ_|NOTIFY_|REDIS_URL|TEST_|DEMO$|NODE_ENV$|HOST$|LOG_LEVEL$|TRUST_PROXY$)/;
  const pairs = Object.entries(env).filter(([name, value]) => value !== undefined && !own.test(name));
  return Object.fromEntries(pairs) as Record<string, string>;
}
