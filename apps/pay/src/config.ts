import { z } from 'zod';
import {
  demoBesideSimulator,
  demoOutsideProduction,
  exchangesApart,
  isAddress,
  isLoopback,
  isSimulator,
  oneWayToSignIn,
  queuesApart,
  readSettings,
  settings,
  topologyNames,
} from '#platform';

const isHttps = (url: string): boolean => new URL(url).protocol === 'https:';

const always = { when: () => true };

/** A path; whether there is such a file is found out when it is needed, because it may come later. */
const file = (what: string) => z.string().min(1).max(1024).optional().describe(`set the path of ${what}`);

/** `…/notify/url` and `…/notify/refund` stand side by side. */
const refundUrlBeside = (notifyUrl: string): string =>
  notifyUrl.endsWith('/url')
    ? notifyUrl.replace(/\/url$/, '/refund')
    : new URL('/weixin/pay/notify/refund', notifyUrl).href;

const schema = z
  .object({
    NODE_ENV: z.string().optional(),
    PAY_PORT: settings.port(3001),
    HOST: settings.host(),
    TRUST_PROXY: settings.trustProxy(),
    LOG_LEVEL: settings.logLevel(),
    PAY_MYSQL_URL: settings.mysqlUrl(),
    PAY_AMQP_URL: settings.amqpUrl(),
    REDIS_URL: settings.redisUrl(),
    WECHAT_APPID: z
      .string()
      .regex(/^[0-9A-Za-z]{1,32}$/, 'is not an appid')
      .describe('set the appid of your account, for example wx8888888888888888'),
    WECHAT_MCH_ID: z
      .string()
      .regex(/^[0-9]{1,32}$/, 'is not a merchant number')
      .describe('set the number of your merchant account, for example 1900000109'),
    WECHAT_API_KEY: z
      .string()
      .regex(/^[0-9A-Za-z]{32}$/, 'is not 32 letters and digits')
      .describe('set the API v2 key of your merchant account'),
    WECHAT_SIGN_TYPE: settings.choice(['HMAC-SHA256', 'MD5']),
    WECHAT_API_BASE_URL: settings.httpUrl().default('https://api.mch.weixin.qq.com'),
    WECHAT_MIN_EXPIRE_SECONDS: settings.seconds(300, { min: 60, max: 7200 }),
    WECHAT_SECURE_BASE_URL: settings.httpUrl().optional(),
    WECHAT_CERT: file('apiclient_cert.p12, or apiclient_cert.pem together with WECHAT_CERT_KEY'),
    WECHAT_CERT_KEY: file('apiclient_key.pem'),
    WECHAT_CA: file('the root certificate to trust, in PEM'),
    NOTIFY_URL: settings.httpUrl(),
    REFUND_NOTIFY_URL: settings.httpUrl().optional(),
    NOTIFY_CROSS_CHECK: settings.choice(['always', 'never']),
    PUBLIC_PAY_URL: settings.httpUrl().optional(),
    PUBLIC_ORDER_URL: settings.httpUrl().optional(),
    PAY_LINK_SECRET: settings.secret(32),
    AUTH_JWT_SECRET: settings.secret(32).optional(),
    AUTH_JWKS_URL: settings.httpUrl().optional(),
    MERCHANT_NAME: z
      .string()
      .min(1)
      .max(64)
      .default('Paypair')
      .describe('set the name that buyers know, or leave it out'),
    DEMO: settings.flag(false),
    ...settings.topologyNames,
  })
  .refine(...queuesApart)
  .refine(...exchangesApart)
  .refine(...oneWayToSignIn)
  .refine(...demoOutsideProduction)
  .refine(...demoBesideSimulator)
  .refine(({ WECHAT_API_BASE_URL: url }) => !(isAddress(url) && !isHttps(url) && !isSimulator(url)), {
    ...always,
    path: ['WECHAT_API_BASE_URL'],
    message: 'must be https, except for the simulator',
  })
  .refine(({ NODE_ENV, PUBLIC_PAY_URL: url }) => !(NODE_ENV === 'production' && url === undefined), {
    ...always,
    path: ['PUBLIC_PAY_URL'],
    message: 'must be set in production: it decides whether cookies are for https only',
  })
  .refine(({ WECHAT_SECURE_BASE_URL: url }) => !(isAddress(url) && !isHttps(url) && !isSimulator(url)), {
    ...always,
    path: ['WECHAT_SECURE_BASE_URL'],
    message: 'must be https, except for the simulator',
  })
  .refine(({ WECHAT_CERT, WECHAT_CERT_KEY }) => !(WECHAT_CERT === undefined && WECHAT_CERT_KEY !== undefined), {
    ...always,
    path: ['WECHAT_CERT'],
    message: 'is missing: WECHAT_CERT_KEY is of use only together with it',
  })
  .refine(
    ({ NODE_ENV, WECHAT_API_BASE_URL: url }) => !(NODE_ENV === 'production' && isAddress(url) && isSimulator(url)),
    {
      ...always,
      path: ['WECHAT_API_BASE_URL'],
      message: 'is the simulator, which takes no money: not for production',
    },
  )
  .refine(({ NODE_ENV, NOTIFY_URL: url }) => !(NODE_ENV === 'production' && isAddress(url) && isLoopback(url)), {
    ...always,
    path: ['NOTIFY_URL'],
    message: 'is on this machine, where WeChat cannot reach it',
  })
  .refine(({ NODE_ENV, NOTIFY_URL: url }) => !(NODE_ENV === 'production' && isAddress(url) && !isHttps(url)), {
    ...always,
    path: ['NOTIFY_URL'],
    message: 'must be https in production',
  });

/** The app's settings, typed and frozen. */
export type PayConfig = ReturnType<typeof readConfig>;

/**
 * Reads the environment once, at start.
 * @throws SettingsError naming every bad variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const values = readSettings('pay', schema, env);
  const baseUrl = values.WECHAT_API_BASE_URL;
  return {
    port: values.PAY_PORT,
    host: values.HOST,
    trustProxy: values.TRUST_PROXY,
    logLevel: values.LOG_LEVEL,
    mysqlUrl: values.PAY_MYSQL_URL,
    amqpUrl: values.PAY_AMQP_URL,
    redisUrl: values.REDIS_URL,
    wechat: {
      baseUrl,
      appid: values.WECHAT_APPID,
      mchId: values.WECHAT_MCH_ID,
      apiKey: values.WECHAT_API_KEY,
      notifyUrl: values.NOTIFY_URL,
    },
    refunds: {
      secureBaseUrl: values.WECHAT_SECURE_BASE_URL ?? baseUrl,
      refundNotifyUrl: values.REFUND_NOTIFY_URL ?? refundUrlBeside(values.NOTIFY_URL),
      certFile: values.WECHAT_CERT,
      certKeyFile: values.WECHAT_CERT_KEY,
      caFile: values.WECHAT_CA,
    },
    signType: values.WECHAT_SIGN_TYPE,
    minExpireSeconds: values.WECHAT_MIN_EXPIRE_SECONDS,
    crossCheck: values.NOTIFY_CROSS_CHECK,
    publicPayUrl: values.PUBLIC_PAY_URL ?? `http://127.0.0.1:${values.PAY_PORT}`,
    payLinkSecret: values.PAY_LINK_SECRET,
    jwtSecret: values.AUTH_JWT_SECRET,
    jwksUrl: values.AUTH_JWKS_URL,
    demo: values.DEMO,
    merchantName: values.MERCHANT_NAME,
    shopUrl: values.DEMO && isAddress(values.PUBLIC_ORDER_URL) ? `${values.PUBLIC_ORDER_URL}/` : null,
    phoneUrl: values.DEMO && isLoopback(baseUrl) ? new URL('/phone', baseUrl).href : null,
    names: topologyNames(values),
  } as const;
}
