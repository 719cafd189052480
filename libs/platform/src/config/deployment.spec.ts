import { describe, expect, it } from '@jest/globals';
import { demoBesideSimulator, demoOutsideProduction, isSimulator, oneWayToSignIn } from './deployment.ts';

describe('the simulator', () => {
  it.each([
    ['http://127.0.0.1:3003', true],
    ['http://LOCALHOST:3003', true],
    ['http://[::1]:3003', true],
    ['http://simulator:3003', true],
    ['https://api.mch.weixin.qq.com', false],
    ['http://localhost.evil.example', false],
    ['http://simulator.example', false],
    ['http://127.0.0.1.example', false],
  ])('%s: %s', (url, is) => expect(isSimulator(url)).toBe(is));
});

describe('rules of a deployment', () => {
  it.each([
    [{ AUTH_JWT_SECRET: 's' }, true],
    [{ AUTH_JWKS_URL: 'https://id.example/keys' }, true],
    [{}, false],
    [{ AUTH_JWT_SECRET: 's', AUTH_JWKS_URL: 'https://id.example/keys' }, false],
  ])('one way to sign in: %j is %s', (values, kept) => expect(oneWayToSignIn[0](values)).toBe(kept));

  it('no demo in production', () => {
    expect(demoOutsideProduction[0]({ DEMO: true, NODE_ENV: 'production' })).toBe(false);
    expect(demoOutsideProduction[0]({ DEMO: false, NODE_ENV: 'production' })).toBe(true);
    expect(demoOutsideProduction[0]({ DEMO: true })).toBe(true);
  });

  it.each([
    ['https://api.mch.weixin.qq.com', false],
    ['http://127.0.0.1:3003', true],
    [undefined, true],
    ['not an address', true],
  ])('a demo beside %s: %s', (url, kept) => {
    expect(demoBesideSimulator[0]({ DEMO: true, WECHAT_API_BASE_URL: url })).toBe(kept);
    expect(demoBesideSimulator[0]({ DEMO: false, WECHAT_API_BASE_URL: url })).toBe(true);
  });
});
