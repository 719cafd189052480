import { describe, expect, it } from '@jest/globals';
import { SettingsError } from '#platform';
import { readConfig } from './config.ts';

const good = {
  PAY_MYSQL_URL: 'mysql://pay:a-password@127.0.0.1:3306/paypair_pay',
  PAY_AMQP_URL: 'amqp://pay:a-password@127.0.0.1:5672/paypair',
  REDIS_URL: 'redis://127.0.0.1:6379',
  WECHAT_APPID: 'wx8888888888888888',
  WECHAT_MCH_ID: '1900000109',
  WECHAT_API_KEY: 'TESTONLYv2key0123456789abcdefABC',
  WECHAT_API_BASE_URL: 'http://127.0.0.1:3003',
  NOTIFY_URL: 'http://127.0.0.1:3001/weixin/pay/notify/url',
  PAY_LINK_SECRET: 'local-only-0123456789abcdef0123456789abcdef',
  AUTH_JWT_SECRET: 'local-only-fedcba9876543210fedcba9876543210',
};

const OAUTH_SECRET = 'TESTONLYoauthSecret0123456789abcd';

const refusal = (env: Record<string, string | undefined>): string => {
  try {
    readConfig({ ...good, ...env });
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
};

describe('the settings of pay', () => {
  it('have defaults for what need not be said', () => {
    expect(readConfig(good)).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      signType: 'HMAC-SHA256',
      crossCheck: 'always',
      minExpireSeconds: 300,
      demo: false,
      phoneUrl: null,
      shopUrl: null,
    });
  });

  it('pay inside WeChat and from apps only when they say how', () => {
    expect(readConfig(good)).toMatchObject({ oauth: undefined, appids: { app: undefined, mini: undefined } });
    const env = { WECHAT_OAUTH_SECRET: OAUTH_SECRET, PUBLIC_PAY_URL: 'https://pay.example.test' };
    expect(readConfig({ ...good, ...env }).oauth).toEqual({
      appid: good.WECHAT_APPID,
      secret: OAUTH_SECRET,
      authorizeUrl: 'https://open.weixin.qq.com/connect/oauth2/authorize',
      apiBaseUrl: 'https://api.weixin.qq.com',
      callbackUrl: 'https://pay.example.test/weixin/oauth/callback',
    });
  });

  it('name a site that WeChat can carry', () => {
    const env = { PUBLIC_PAY_URL: 'https://pay.example.test/', MERCHANT_NAME: '茶'.repeat(40) };
    const site = { wapUrl: 'https://pay.example.test', wapName: '茶'.repeat(20) };
    expect(readConfig({ ...good, ...env }).scene).toEqual(site);
    expect(readConfig({ ...good, ...env, WECHAT_H5_NAME: '👕' }).scene.wapName).toBe('?');
  });

  it('seal cookies with a key that another secret changes', () => {
    const { cookieKey } = readConfig(good);
    expect(cookieKey).toHaveLength(32);
    expect(readConfig(good).cookieKey).toEqual(cookieKey);
    expect(readConfig({ ...good, WECHAT_OAUTH_SECRET: OAUTH_SECRET }).cookieKey).not.toEqual(cookieKey);
  });

  it('mean the real WeChat when they do not say which', () => {
    expect(readConfig({ ...good, WECHAT_API_BASE_URL: undefined }).wechat.baseUrl).toBe(
      'https://api.mch.weixin.qq.com',
    );
  });

  it('name every bad variable at once, and no value', () => {
    const message = refusal({
      PAY_MYSQL_URL: 'postgres://somewhere',
      WECHAT_API_KEY: 'tooShortButSecret',
      WECHAT_MCH_ID: undefined,
      NOTIFY_CROSS_CHECK: 'sometimes',
      DEMO: '1',
      NODE_ENV: 'production',
    });
    for (const name of ['PAY_MYSQL_URL', 'WECHAT_API_KEY', 'WECHAT_MCH_ID', 'NOTIFY_CROSS_CHECK', 'DEMO']) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain('tooShortButSecret');
    expect(message).not.toContain('somewhere');
  });

  it('takes the addresses of the shop, which win over the storefront of the demo', () => {
    const shop = { SHOP_URL: 'https://shop.example.test/tea', SHOP_SUCCESS_URL: 'https://shop.example.test/done' };
    const demo = { DEMO: '1', PUBLIC_ORDER_URL: 'http://127.0.0.1:3002' };
    expect(readConfig({ ...good, ...demo, ...shop })).toMatchObject({
      shopUrl: 'https://shop.example.test/tea',
      successUrl: 'https://shop.example.test/done',
    });
    expect(readConfig(good)).toMatchObject({ shopUrl: null, successUrl: null });
    expect(() => readConfig({ ...good, SHOP_SUCCESS_URL: 'javascript:alert(1)' })).toThrow('SHOP_SUCCESS_URL');
  });

  it.each([
    [
      'a demo against the real WeChat',
      { DEMO: '1', WECHAT_API_BASE_URL: 'https://api.mch.weixin.qq.com' },
      'WECHAT_API_BASE_URL',
    ],
    ['production with the simulator', { NODE_ENV: 'production' }, 'WECHAT_API_BASE_URL'],
    ['production with a notify address on this machine', { NODE_ENV: 'production' }, 'NOTIFY_URL'],
    [
      'production with a notify address that is not https',
      { NODE_ENV: 'production', NOTIFY_URL: 'http://shop.example.test/weixin/pay/notify/url' },
      'NOTIFY_URL: must be https',
    ],
    ['production without the address buyers use', { NODE_ENV: 'production' }, 'PUBLIC_PAY_URL: must be set'],
    [
      'production with an address for buyers that is not https',
      { NODE_ENV: 'production', PUBLIC_PAY_URL: 'http://pay.example.test' },
      'PUBLIC_PAY_URL: must be https',
    ],
    [
      'an address for buyers with a path, which its links and cookies do not have',
      { PUBLIC_PAY_URL: 'https://pay.example.test/till' },
      'PUBLIC_PAY_URL: is not of the form https://host',
    ],
    [
      'an address for buyers that is too long for WeChat’s H5, unless another is set',
      { PUBLIC_PAY_URL: `https://${'a'.repeat(60)}.${'b'.repeat(60)}.example.test` },
      'WECHAT_H5_URL: must be set',
    ],
    ['a site’s name too long for WeChat', { WECHAT_H5_NAME: '茶'.repeat(21) }, 'WECHAT_H5_NAME: is longer than 20'],
    [
      'a page of the simulator with the real OAuth behind it',
      {
        WECHAT_OAUTH_SECRET: OAUTH_SECRET,
        WECHAT_OAUTH_AUTHORIZE_URL: 'http://127.0.0.1:3003/connect/oauth2/authorize',
      },
      'WECHAT_OAUTH_API_BASE_URL: and WECHAT_OAUTH_AUTHORIZE_URL',
    ],
    [
      'WeChat without https',
      { WECHAT_API_BASE_URL: 'http://api.mch.weixin.qq.com' },
      'WECHAT_API_BASE_URL: must be https',
    ],
    [
      'a demo that does not say where the simulator is',
      { DEMO: '1', WECHAT_API_BASE_URL: undefined },
      'must be the sim',
    ],
    [
      'a demo with the real OAuth',
      { DEMO: '1', WECHAT_OAUTH_SECRET: OAUTH_SECRET },
      'WECHAT_OAUTH_AUTHORIZE_URL: must be the simulator',
    ],
    [
      'OAuth without https',
      { WECHAT_OAUTH_SECRET: OAUTH_SECRET, WECHAT_OAUTH_API_BASE_URL: 'http://api.weixin.qq.com' },
      'WECHAT_OAUTH_API_BASE_URL: must be https',
    ],
    [
      'production with the simulator’s OAuth',
      {
        NODE_ENV: 'production',
        WECHAT_OAUTH_SECRET: OAUTH_SECRET,
        WECHAT_OAUTH_API_BASE_URL: 'http://127.0.0.1:3003',
      },
      'WECHAT_OAUTH_API_BASE_URL: is the simulator',
    ],
    ['an OAuth secret that is none', { WECHAT_OAUTH_SECRET: 'a secret' }, 'WECHAT_OAUTH_SECRET'],
    ['an app whose appid is none', { WECHAT_APP_APPID: 'my app' }, 'WECHAT_APP_APPID'],
    ['a site too long for WeChat', { WECHAT_H5_URL: `https://${'a'.repeat(130)}.example.test` }, 'WECHAT_H5_URL'],
    ['one queue for both apps', { MQ_PAY_QUEUE: 'order.payments' }, 'MQ_PAY_QUEUE'],
    ['one exchange for both apps', { MQ_ORDER_EXCHANGE: 'payment' }, 'MQ_ORDER_EXCHANGE'],
    ['neither secret nor key set', { AUTH_JWT_SECRET: undefined }, 'AUTH_JWT_SECRET'],
    ['both secret and key set', { AUTH_JWKS_URL: 'https://id.example.test/keys' }, 'AUTH_JWT_SECRET'],
  ])('refuse %s', (_case, env, name) => {
    expect(refusal(env)).toContain(name);
  });

  it('show the demo’s shop and phone in a demo only', () => {
    const config = readConfig({ ...good, DEMO: '1', PUBLIC_ORDER_URL: 'http://127.0.0.1:3002' });
    expect(config).toMatchObject({ shopUrl: 'http://127.0.0.1:3002/', phoneUrl: 'http://127.0.0.1:3003/phone' });
  });
});
