import { z } from 'zod';
import { exchangesApart, queuesApart, readSettings, settings, topologyNames } from '#platform';

/** Whether this is WeChat as the simulator plays it: on this machine, or under its name in a compose network. */
const isSimulator = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\]|simulator)$/.test(new URL(url).hostname);

const always = { when: () => true };

const schema = z
  .object({
    NODE_ENV: z.string().optional(),
    ORDER_PORT: settings.port(3002),
    HOST: settings.host(),
    TRUST_PROXY: settings.trustProxy(),
    LOG_LEVEL: settings.logLevel(),
    ORDER_MYSQL_URL: settings.mysqlUrl(),
    ORDER_AMQP_URL: settings.amqpUrl(),
    REDIS_URL: settings.redisUrl(),
    PUBLIC_PAY_URL: settings.httpUrl(),
    PUBLIC_ORDER_URL: settings.httpUrl().optional(),
    ORDER_PAY_WITHIN_SECONDS: settings.seconds(1800, { min: 5, max: 7 * 86_400 }),
    PAY_LINK_SECRET: settings.secret(32),
    AUTH_JWT_SECRET: settings.secret(32).optional(),
    AUTH_JWKS_URL: settings.httpUrl().optional(),
    DEMO: settings.flag(false),
    WECHAT_API_BASE_URL: settings.httpUrl().optional(),
    ...settings.topologyNames,
  })
  .refine(...queuesApart)
  .refine(...exchangesApart)
  .refine(({ AUTH_JWT_SECRET, AUTH_JWKS_URL }) => [AUTH_JWT_SECRET, AUTH_JWKS_URL].filter(Boolean).length === 1, {
    ...always,
    path: ['AUTH_JWT_SECRET'],
    message: 'or AUTH_JWKS_URL must be set, and not both',
  })
  .refine(({ DEMO, NODE_ENV }) => !(DEMO && NODE_ENV === 'production'), {
    ...always,
    path: ['DEMO'],
    message: 'is not for production: it hands a session to every visitor',
  })
  .refine(({ DEMO, AUTH_JWT_SECRET }) => !(DEMO && AUTH_JWT_SECRET === undefined), {
    ...always,
    path: ['AUTH_JWT_SECRET'],
    message: 'is what a demo signs its sessions with',
  })
  .refine(
    ({ DEMO, WECHAT_API_BASE_URL: url }) => !(DEMO && url !== undefined && URL.canParse(url) && !isSimulator(url)),
    {
      ...always,
      path: ['WECHAT_API_BASE_URL'],
      message: 'must be the simulator while DEMO is on',
    },
  );

/** The app's settings, typed and frozen. */
export type OrderConfig = ReturnType<typeof readConfig>;

/**
 * Reads the environment once, at start.
 * @throws SettingsError naming every bad variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const values = readSettings('order', schema, env);
  return {
    port: values.ORDER_PORT,
    host: values.HOST,
    trustProxy: values.TRUST_PROXY,
    logLevel: values.LOG_LEVEL,
    mysqlUrl: values.ORDER_MYSQL_URL,
    amqpUrl: values.ORDER_AMQP_URL,
    redisUrl: values.REDIS_URL,
    publicPayUrl: values.PUBLIC_PAY_URL,
    publicOrderUrl: values.PUBLIC_ORDER_URL ?? `http://127.0.0.1:${values.ORDER_PORT}`,
    payWithinMs: values.ORDER_PAY_WITHIN_SECONDS * 1000,
    payLinkSecret: values.PAY_LINK_SECRET,
    jwtSecret: values.AUTH_JWT_SECRET,
    jwksUrl: values.AUTH_JWKS_URL,
    demo: values.DEMO,
    names: topologyNames(values),
  } as const;
}
