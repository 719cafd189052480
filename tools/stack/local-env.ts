/** `.local/env`: what `npm start` made up for this clone, one `NAME=value` per line, readable by its owner only. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { settingFrom } from '../../libs/platform/src/config/read-settings.ts';
import { randomSecret, type ServiceSecrets } from '../services/secrets.ts';

const SERVICE_SECRETS = {
  mysqlRootPassword: 'MYSQL_ROOT_PASSWORD',
  payMysqlPassword: 'PAY_MYSQL_PASSWORD',
  orderMysqlPassword: 'ORDER_MYSQL_PASSWORD',
  redisPassword: 'REDIS_PASSWORD',
  amqpAdminPassword: 'RABBITMQ_ADMIN_PASSWORD',
  payAmqpPassword: 'PAY_AMQP_PASSWORD',
  orderAmqpPassword: 'ORDER_AMQP_PASSWORD',
} as const satisfies Record<keyof ServiceSecrets, string>;

/** Secrets of the apps themselves. */
const APP_SECRETS = [
  'AUTH_JWT_SECRET',
  'PAY_LINK_SECRET',
  'SIMULATOR_CONTROL_TOKEN',
  'WECHAT_API_KEY',
  'WECHAT_OAUTH_SECRET',
] as const;
export type AppSecrets = Record<(typeof APP_SECRETS)[number], string>;

export class LocalEnv {
  private constructor(
    private readonly file: string | undefined,
    private readonly values: Map<string, string>,
  ) {}

  /** Reads the file if there is one. */
  static open(file: string): LocalEnv {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
    const pairs = lines.map((line) => /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)).filter((match) => match !== null);
    return new LocalEnv(file, new Map(pairs.map(([, name = '', value = '']) => [name, value])));
  }

  /** Keeps nothing: for a stack that lives as long as one command. */
  static inMemory(): LocalEnv {
    return new LocalEnv(undefined, new Map());
  }

  /** The value of a name, made up and kept when there is none yet. */
  async ensure(name: string, make: () => string | Promise<string>): Promise<string> {
    const known = this.values.get(name);
    if (known) return known;
    const value = await make();
    this.set(name, value);
    return value;
  }

  set(name: string, value: string): void {
    this.values.set(name, value);
    this.#save();
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  async serviceSecrets(): Promise<ServiceSecrets> {
    const secrets: Record<string, string> = {};
    for (const [key, name] of Object.entries(SERVICE_SECRETS)) secrets[key] = await this.ensure(name, randomSecret);
    return secrets as unknown as ServiceSecrets;
  }

  /**
   * What the apps need and the environment does not say, by `NAME` or `NAME_FILE`; the environment always wins. A file
   * that cannot be read is the app's to refuse.
   */
  async appSecrets(env: NodeJS.ProcessEnv): Promise<AppSecrets> {
    const secrets: Partial<AppSecrets> = {};
    for (const name of APP_SECRETS) {
      secrets[name] = settingFrom(name, env).value ?? (await this.ensure(name, randomSecret));
    }
    return secrets as AppSecrets;
  }

  #save(): void {
    if (this.file === undefined) return;
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    const lines = [...this.values].map(([name, value]) => `${name}=${value}\n`);
    const text = `# Made by npm start for this clone. An environment variable of the same name wins.\n${lines.join('')}`;
    const next = `${this.file}.new`;
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, this.file);
    chmodSync(this.file, 0o600);
  }
}
