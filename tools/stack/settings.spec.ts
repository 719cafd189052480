import { describe, expect, it } from '@jest/globals';
import { APPS, environmentOf, portsOf, type StackSettings } from './settings.ts';

const settings = (env: StackSettings['env']): StackSettings => ({
  env,
  ports: portsOf(env),
  urls: {
    payMysqlUrl: 'mysql://pay@127.0.0.1/pay',
    orderMysqlUrl: 'mysql://order@127.0.0.1/order',
    redisUrl: 'redis://127.0.0.1',
    payAmqpUrl: 'amqp://pay@127.0.0.1',
    orderAmqpUrl: 'amqp://order@127.0.0.1',
  },
  secrets: {
    AUTH_JWT_SECRET: 'made-up-jwt-secret',
    PAY_LINK_SECRET: 'made-up-link-secret',
    SIMULATOR_CONTROL_TOKEN: 'made-up-control-token',
    WECHAT_API_KEY: 'made-up-api-key',
    WECHAT_OAUTH_SECRET: 'made-up-oauth-secret',
  },
  simulatorDir: '/simulator',
  simulatorTlsPort: 3004,
});

describe('the environment of an app', () => {
  it('holds what was made up for a local run, and what the caller says wins over it', () => {
    expect(environmentOf('pay', settings({ WECHAT_MCH_ID: '1234567890' }))).toMatchObject({
      WECHAT_API_KEY: 'made-up-api-key',
      WECHAT_MCH_ID: '1234567890',
    });
  });

  it.each(APPS)('of %s makes up no value for a setting that the caller reads from a file', (app) => {
    const made = environmentOf(app, settings({ WECHAT_API_KEY_FILE: './key', PAY_LINK_SECRET_FILE: './link' }));
    expect(made).toMatchObject({ WECHAT_API_KEY_FILE: './key', PAY_LINK_SECRET_FILE: './link' });
    expect(made).not.toHaveProperty('WECHAT_API_KEY');
    expect(made).not.toHaveProperty('PAY_LINK_SECRET');
  });
});
