import { z } from 'zod';
import {
  demoBesideSimulator,
  demoOutsideProduction,
  exchangesApart,
  oneWayToSignIn,
  payPagesByHttps,
  queuesApart,
  readSettings,
  rule,
  settings,
  topologyNames,
} from '#platform';

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
    PUBLIC_PAY_URL: settings.siteUrl(),
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
  .refine(...oneWayToSignIn)
  .refine(...payPagesByHttps)
  .refine(...demoOutsideProduction)
  .refine(...demoBesideSimulator)
  .refine(
    ...rule<{ DEMO?: boolean; AUTH_JWT_SECRET?: string | undefined }>(
      'AUTH_JWT_SECRET',
      'is what a demo signs its sessions with',
      ({ DEMO, AUTH_JWT_SECRET }) => !(DEMO && AUTH_JWT_SECRET === undefined),
    ),
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
