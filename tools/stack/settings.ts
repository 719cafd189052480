/** The environment each app is started with for a local run: ports, addresses of one another, services, secrets. */
import { join } from 'node:path';
import type { ServiceUrls } from '../services/services.ts';
import type { AppSecrets } from './local-env.ts';
import { defaultNames, type TopologyNames } from '#contract';

export const APPS = ['wechat-simulator', 'pay', 'order'] as const;
export type AppName = (typeof APPS)[number];

/** The setting that chooses an app's port, and the port without it. */
export const PORTS: Record<AppName, { setting: string; port: number }> = {
  pay: { setting: 'PAY_PORT', port: 3001 },
  order: { setting: 'ORDER_PORT', port: 3002 },
  'wechat-simulator': { setting: 'SIMULATOR_PORT', port: 3003 },
};

/** The merchant the simulator knows when the environment names no other. */
const TEST_MERCHANT = { WECHAT_APPID: 'wx8888888888888888', WECHAT_MCH_ID: '1900000109' };
/** The appids of that merchant's mobile app and mini-program. */
const FURTHER_APPIDS = { WECHAT_APP_APPID: 'wx6666666666666666', WECHAT_MINI_APPID: 'wx5555555555555555' };

export type AppPorts = Record<AppName, number>;
type Environment = Record<string, string | undefined>;

export interface StackSettings {
  /** What the caller's environment says; it wins over everything made up here. */
  env: Environment;
  ports: AppPorts;
  urls: ServiceUrls;
  secrets: AppSecrets;
  /** Folder of the simulator's ledger, and of the certificates it makes. */
  simulatorDir: string;
  /** Where the simulator takes refunds: over TLS, with the merchant's certificate. */
  simulatorTlsPort: number;
}

/** The ports the environment chooses, with their defaults. */
export function portsOf(env: Environment): AppPorts {
  const portOf = (app: AppName): number => Number(env[PORTS[app].setting] ?? PORTS[app].port);
  return { pay: portOf('pay'), order: portOf('order'), 'wechat-simulator': portOf('wechat-simulator') };
}

/** Exchange and queue names as the apps will read them from the same environment. */
export function namesOf(env: Environment): TopologyNames {
  return {
    paymentExchange: env['MQ_PAYMENT_EXCHANGE'] ?? defaultNames.paymentExchange,
    orderExchange: env['MQ_ORDER_EXCHANGE'] ?? defaultNames.orderExchange,
    orderQueue: env['MQ_ORDER_QUEUE'] ?? defaultNames.orderQueue,
    payQueue: env['MQ_PAY_QUEUE'] ?? defaultNames.payQueue,
  };
}

/** How long a buyer has, as `order` reads it. */
export const payWithinSeconds = (env: Environment): number => Number(env['ORDER_PAY_WITHIN_SECONDS'] ?? 1800);

/** Name under which npm start remembers every value of that setting it has seen; each left a queue behind. */
export const SEEN_PAY_WITHIN = 'SEEN_PAY_WITHIN_SECONDS';

const loopback = (port: number): string => `http://127.0.0.1:${port}`;

/** Addresses people and tools use. */
export const linksOf = (ports: AppPorts): Record<AppName, string> => ({
  pay: loopback(ports.pay),
  order: loopback(ports.order),
  'wechat-simulator': loopback(ports['wechat-simulator']),
});

/** The whole environment of one app's process. An app gets the services it owns, not its neighbour's. */
export function environmentOf(app: AppName, settings: StackSettings): Environment {
  const { ports, urls, secrets, env } = settings;
  const links = linksOf(ports);
  const notifyUrl = `${links.pay}/weixin/pay/notify/url`;
  const merchant = { ...TEST_MERCHANT, WECHAT_API_KEY: secrets.WECHAT_API_KEY };
  const both = {
    REDIS_URL: urls.redisUrl,
    PUBLIC_PAY_URL: links.pay,
    PUBLIC_ORDER_URL: links.order,
    AUTH_JWT_SECRET: env['AUTH_JWKS_URL'] ? undefined : secrets.AUTH_JWT_SECRET,
    PAY_LINK_SECRET: secrets.PAY_LINK_SECRET,
    DEMO: '1',
  };
  const own: Record<AppName, Environment> = {
    'wechat-simulator': {
      ...merchant,
      SIMULATOR_PORT: String(ports['wechat-simulator']),
      SIMULATOR_TLS_PORT: String(settings.simulatorTlsPort),
      SIMULATOR_CONTROL_TOKEN: secrets.SIMULATOR_CONTROL_TOKEN,
      SIMULATOR_DATA_DIR: join(settings.simulatorDir),
      SIMULATOR_NOTIFY_ALLOW: `${links.pay}/`,
      SIMULATOR_SCAN_URL: `${links.pay}/weixin/pay/native/callback`,
      WECHAT_OAUTH_SECRET: secrets.WECHAT_OAUTH_SECRET,
      ...FURTHER_APPIDS,
    },
    pay: {
      ...both,
      ...merchant,
      PAY_PORT: String(ports.pay),
      PAY_MYSQL_URL: urls.payMysqlUrl,
      PAY_AMQP_URL: urls.payAmqpUrl,
      WECHAT_API_BASE_URL: links['wechat-simulator'],
      ...refundsThroughSimulator(settings),
      ...appAndOauthAtSimulator(settings),
      NOTIFY_URL: notifyUrl,
    },
    order: {
      ...both,
      ORDER_PORT: String(ports.order),
      ORDER_MYSQL_URL: urls.orderMysqlUrl,
      ORDER_AMQP_URL: urls.orderAmqpUrl,
    },
  };
  const given = withoutToolchain(env);
  return { ...withoutFiled(own[app], given), ...given };
}

/** What the caller's environment reads from a file (`NAME_FILE`) is not made up beside it: an app refuses both. */
function withoutFiled(madeUp: Environment, given: Environment): Environment {
  return Object.fromEntries(Object.entries(madeUp).filter(([name]) => !given[`${name}_FILE`]));
}

/** The certificate that the simulator makes at its start; against the real WeChat there is none to make up. */
function refundsThroughSimulator({ env, simulatorDir, simulatorTlsPort }: StackSettings): Environment {
  if (env['WECHAT_API_BASE_URL'] !== undefined || env['WECHAT_CERT'] !== undefined) return {};
  const certificates = join(env['SIMULATOR_DATA_DIR'] ?? simulatorDir, 'certificates');
  return {
    WECHAT_SECURE_BASE_URL: `https://127.0.0.1:${env['SIMULATOR_TLS_PORT'] ?? simulatorTlsPort}`,
    WECHAT_CERT: join(certificates, 'apiclient_cert.p12'),
    WECHAT_CA: join(certificates, 'ca.pem'),
  };
}

/** The simulator knows an app and a mini-program, and plays the official account's server and page; the real WeChat knows none. */
function appAndOauthAtSimulator({ env, ports, secrets }: StackSettings): Environment {
  if (env['WECHAT_API_BASE_URL'] !== undefined) return {};
  const simulator = linksOf(ports)['wechat-simulator'];
  return {
    ...FURTHER_APPIDS,
    WECHAT_OAUTH_SECRET: secrets.WECHAT_OAUTH_SECRET,
    WECHAT_OAUTH_API_BASE_URL: simulator,
    WECHAT_OAUTH_AUTHORIZE_URL: `${simulator}/connect/oauth2/authorize`,
  };
}

/** Variables of the command that starts the app (Node's own options, npm's, Jest's) are not the app's. */
function withoutToolchain(env: Environment): Environment {
  const foreign = /^(NODE_OPTIONS|NODE_V8_COVERAGE|JEST_WORKER_ID|INIT_CWD|npm_.*)$/;
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && !foreign.test(name)));
}
