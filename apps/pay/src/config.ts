import { hkdfSync } from 'node:crypto';
import { z } from 'zod';
import {
  demoBesideSimulator,
  demoOutsideProduction,
  exchangesApart,
  isAddress,
  isLoopback,
  isSimulator,
  oneWayToSignIn,
  payPagesByHttps,
  queuesApart,
  readSettings,
  settings,
  topologyNames,
} from '#platform';
import { wechatBody } from './domain/body.ts';

const isHttps = (url: string): boolean => new URL(url).protocol === 'https:';

const always = { when: () => true };

/** A path; whether there is such a file is found out when it is needed, because it may come later. */
const file = (what: string) => z.string().min(1).max(1024).optional().describe(`set the path of ${what}`);

/** `…/notify/url` and `…/notify/refund` stand side by side. */
const refundUrlBeside = (notifyUrl: string): string =>
  notifyUrl.endsWith('/url')
    ? notifyUrl.replace(/\/url$/, '/refund')
    : new URL('/weixin/pay/notify/refund', notifyUrl).href;

const MAX_H5_NAME = 20;
const isH5Site = (url: string): boolean => /^[\x21-\x7e]{1,128}$/.test(url);
const appid = () => z.string().regex(/^[0-9A-Za-z]{1,32}$/, 'is not an appid');

/** Addresses of WeChat: the real one, or the simulator's, never mixed up. */
const WECHAT_ADDRESSES = ['WECHAT_API_BASE_URL', 'WECHAT_OAUTH_AUTHORIZE_URL', 'WECHAT_OAUTH_API_BASE_URL'] as const;

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
    WECHAT_APPID: appid().describe('set the appid of your account, for example wx8888888888888888'),
    WECHAT_APP_APPID: appid().optional().describe('set the appid of your mobile app, or leave it out'),
    WECHAT_MINI_APPID: appid().optional().describe('set the appid of your mini-program, or leave it out'),
    WECHAT_OAUTH_SECRET: z
      .string()
      .regex(/^[0-9A-Za-z]{16,64}$/, 'is not a secret of an official account')
      .optional()
      .describe('set the secret (AppSecret) of the official account WECHAT_APPID, or leave it out'),
    WECHAT_OAUTH_AUTHORIZE_URL: settings.httpUrl().default('https://open.weixin.qq.com/connect/oauth2/authorize'),
    WECHAT_OAUTH_API_BASE_URL: settings.httpUrl().default('https://api.weixin.qq.com'),
    WECHAT_H5_URL: settings.httpUrl().refine(isH5Site, 'is longer than 128 characters or not plain ASCII').optional(),
    WECHAT_H5_NAME: z
      .string()
      .min(1)
      .max(MAX_H5_NAME, `is longer than ${MAX_H5_NAME} characters`)
      .optional()
      .describe('set the name of your site as it was registered for H5 payments, or leave it out'),
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
    PUBLIC_PAY_URL: settings.siteUrl().optional(),
    PUBLIC_ORDER_URL: settings.httpUrl().optional(),
    SHOP_URL: settings.httpUrl().optional().describe('set the address of your shop, or leave it out'),
    SHOP_SUCCESS_URL: settings
      .httpUrl()
      .optional()
      .describe('set the page of your shop for orders that are paid, or leave it out'),
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
  .refine(...payPagesByHttps)
  .refine(...demoOutsideProduction)
  .refine(...demoBesideSimulator)
  .superRefine((values, context) => {
    for (const name of WECHAT_ADDRESSES) {
      const url = values[name];
      const isOauth = name !== 'WECHAT_API_BASE_URL';
      if (!isAddress(url) || (isOauth && values.WECHAT_OAUTH_SECRET === undefined)) continue;
      const issue = (message: string): void => context.addIssue({ code: 'custom', path: [name], message });
      if (isOauth && values.DEMO && !isSimulator(url)) issue('must be the simulator while DEMO is on');
      if (!isHttps(url) && !isSimulator(url)) issue('must be https, except for the simulator');
      if (values.NODE_ENV === 'production' && isSimulator(url)) {
        issue('is the simulator, which takes no money: not for production');
      }
    }
  }, always)
  .refine(
    ({ WECHAT_OAUTH_SECRET: secret, WECHAT_OAUTH_AUTHORIZE_URL: page, WECHAT_OAUTH_API_BASE_URL: api }) =>
      secret === undefined || !isAddress(page) || !isAddress(api) || isSimulator(page) === isSimulator(api),
    {
      ...always,
      path: ['WECHAT_OAUTH_API_BASE_URL'],
      message: 'and WECHAT_OAUTH_AUTHORIZE_URL must both be WeChat, or both the simulator: it knows its own codes only',
    },
  )
  .refine(
    ({ WECHAT_H5_URL: site, PUBLIC_PAY_URL: url }) =>
      site !== undefined || !isAddress(url) || isH5Site(new URL(url).origin),
    {
      ...always,
      path: ['WECHAT_H5_URL'],
      message: 'must be set: PUBLIC_PAY_URL, which stands in for it, is longer than 128 characters',
    },
  )
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

/** WeChat takes 256 bytes of `scene_info`; a name is cut to what is left, and to what its XML carries. */
function sceneOf(wapUrl: string, name: string): { wapUrl: string; wapName: string } {
  return { wapUrl, wapName: wechatBody(name.slice(0, MAX_H5_NAME)) };
}

/** The app's settings, typed and frozen. */
export type PayConfig = ReturnType<typeof readConfig>;

/**
 * Reads the environment once, at start.
 * @throws SettingsError naming every bad variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const values = readSettings('pay', schema, env);
  const baseUrl = values.WECHAT_API_BASE_URL;
  const publicPayUrl = values.PUBLIC_PAY_URL ?? `http://127.0.0.1:${values.PAY_PORT}`;
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
      furtherAppids: [values.WECHAT_APP_APPID, values.WECHAT_MINI_APPID].filter((one) => one !== undefined),
      notifyUrl: values.NOTIFY_URL,
      // The simulator is one address to us and may be another to browsers.
      mwebUrls: values.DEMO && values.WECHAT_OAUTH_SECRET ? [new URL(values.WECHAT_OAUTH_AUTHORIZE_URL).origin] : [],
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
    publicPayUrl,
    appids: { app: values.WECHAT_APP_APPID, mini: values.WECHAT_MINI_APPID },
    scene: sceneOf(values.WECHAT_H5_URL ?? new URL(publicPayUrl).origin, values.WECHAT_H5_NAME ?? values.MERCHANT_NAME),
    oauth:
      values.WECHAT_OAUTH_SECRET === undefined
        ? undefined
        : {
            appid: values.WECHAT_APPID,
            secret: values.WECHAT_OAUTH_SECRET,
            authorizeUrl: values.WECHAT_OAUTH_AUTHORIZE_URL,
            apiBaseUrl: values.WECHAT_OAUTH_API_BASE_URL,
            callbackUrl: `${publicPayUrl}/weixin/oauth/callback`,
          },
    // `order` knows the secret of pay links too; what seals cookies is known here alone.
    cookieKey: new Uint8Array(
      hkdfSync('sha256', values.PAY_LINK_SECRET, values.WECHAT_OAUTH_SECRET ?? '', 'paypair.pay cookies', 32),
    ),
    payLinkSecret: values.PAY_LINK_SECRET,
    jwtSecret: values.AUTH_JWT_SECRET,
    jwksUrl: values.AUTH_JWKS_URL,
    demo: values.DEMO,
    merchantName: values.MERCHANT_NAME,
    shopUrl:
      values.SHOP_URL ?? (values.DEMO && isAddress(values.PUBLIC_ORDER_URL) ? `${values.PUBLIC_ORDER_URL}/` : null),
    successUrl: values.SHOP_SUCCESS_URL ?? null,
    phoneUrl: values.DEMO && isLoopback(baseUrl) ? new URL('/phone', baseUrl).href : null,
    names: topologyNames(values),
  } as const;
}
