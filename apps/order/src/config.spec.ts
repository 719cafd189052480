import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';

const good = {
  ORDER_MYSQL_URL: 'mysql://order:pw@127.0.0.1:3306/paypair_order',
  ORDER_AMQP_URL: 'amqp://order:pw@127.0.0.1:5672/',
  REDIS_URL: 'redis://127.0.0.1:6379/0',
  PUBLIC_PAY_URL: 'http://127.0.0.1:3001/',
  PAY_LINK_SECRET: 'p'.repeat(32),
  AUTH_JWT_SECRET: 'j'.repeat(32),
};

describe('settings of order', () => {
  it('needs few values and fills in the rest', () => {
    expect(readConfig(good)).toMatchObject({
      port: 3002,
      host: '127.0.0.1',
      payWithinMs: 1_800_000,
      publicPayUrl: 'http://127.0.0.1:3001',
      demo: false,
      names: { orderQueue: 'order.payments' },
    });
  });

  it('names every bad variable at once and no value', () => {
    const bad = { ORDER_PORT: '70000', ORDER_MYSQL_URL: 'localhost', PAY_LINK_SECRET: 'hunter2', DEMO: 'perhaps' };
    const read = () => readConfig({ ...good, ...bad, REDIS_URL: undefined });
    for (const name of [...Object.keys(bad), 'REDIS_URL']) expect(read).toThrow(name);
    expect(read).not.toThrow('hunter2');
  });

  it('wants names of its own for each app at the broker', () => {
    expect(() => readConfig({ ...good, MQ_PAY_QUEUE: 'order.payments' })).toThrow('MQ_PAY_QUEUE');
    expect(() => readConfig({ ...good, MQ_ORDER_EXCHANGE: 'payment' })).toThrow('MQ_ORDER_EXCHANGE');
  });

  it('makes pay links for an address that pay serves from its root, by https in production', () => {
    const at = (url: string, more = {}) => readConfig({ ...good, ...more, PUBLIC_PAY_URL: url }).publicPayUrl;
    expect(() => at('https://shop.example.test/till')).toThrow('PUBLIC_PAY_URL: is not of the form https://host');
    expect(() => at('http://pay.example.test', { NODE_ENV: 'production' })).toThrow('PUBLIC_PAY_URL: must be https');
    expect(at('https://pay.example.test//', { NODE_ENV: 'production' })).toBe('https://pay.example.test');
  });

  it('wants exactly one way to check tokens', () => {
    expect(() => readConfig({ ...good, AUTH_JWT_SECRET: undefined })).toThrow('AUTH_JWT_SECRET');
    expect(() => readConfig({ ...good, AUTH_JWKS_URL: 'https://id.example/keys' })).toThrow('AUTH_JWT_SECRET');
    expect(readConfig({ ...good, AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: 'https://id.example/keys' }).jwksUrl).toBe(
      'https://id.example/keys',
    );
  });

  it('runs a demo beside the simulator only, and never in production', () => {
    const demo = { ...good, DEMO: '1' };
    expect(readConfig(demo).demo).toBe(true);
    expect(readConfig({ ...demo, WECHAT_API_BASE_URL: 'http://127.0.0.1:3003' }).demo).toBe(true);
    expect(readConfig({ ...demo, WECHAT_API_BASE_URL: 'http://simulator:3003' }).demo).toBe(true);
    expect(() => readConfig({ ...demo, WECHAT_API_BASE_URL: 'https://api.mch.weixin.qq.com' })).toThrow(
      'WECHAT_API_BASE_URL',
    );
    expect(() => readConfig({ ...demo, WECHAT_API_BASE_URL: 'http://localhost.evil.example' })).toThrow(
      'WECHAT_API_BASE_URL',
    );
    expect(() => readConfig({ ...demo, NODE_ENV: 'production' })).toThrow('DEMO');
    expect(() => readConfig({ ...demo, NODE_ENV: 'production', ORDER_PORT: 'x' })).toThrow('DEMO');
  });
});
