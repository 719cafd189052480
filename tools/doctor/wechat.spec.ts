import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wechat } from './wechat.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const shop = {
  WECHAT_API_BASE_URL: 'https://api.mch.weixin.qq.com',
  WECHAT_APPID: 'wx8888888888888888',
  WECHAT_MCH_ID: '1900000109',
  WECHAT_API_KEY: 'abcdefv2key0123456789abcdefABCDE',
  NOTIFY_URL: 'https://pay.example.com/weixin/pay/notify/url',
  PUBLIC_PAY_URL: 'https://pay.example.com',
  TRUST_PROXY: '10.0.0.0/8',
};
const ways = {
  WECHAT_OAUTH_SECRET: SECRET,
  WECHAT_APP_APPID: 'wx6666666666666666',
  WECHAT_MINI_APPID: 'wx5555555555555555',
};

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'doctor-'));
  writeFileSync(join(dir, 'cert.p12'), '');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** What is not all right, as `level what`. */
const troubles = (env: Record<string, string | undefined>): string[] =>
  wechat({ ...shop, WECHAT_CERT: join(dir, 'cert.p12'), ...env })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what }) => `${level} ${what}`);

describe('the doctor, about WeChat', () => {
  it('has nothing to say to a shop that has set everything, or only what it needs', () => {
    expect(troubles(ways)).toEqual([]);
    expect(troubles({})).toEqual([]);
    const said = wechat({ ...shop, ...ways }).map(({ what }) => what);
    expect(said).toContainEqual(expect.stringContaining('网页授权域名 and 支付授权目录 have to name pay.example.com'));
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['an API key for a secret', { WECHAT_OAUTH_SECRET: 'x'.repeat(32) }, 'error WECHAT_OAUTH_SECRET'],
    ['the API key itself', { WECHAT_OAUTH_SECRET: SECRET, WECHAT_API_KEY: SECRET }, 'error WECHAT_OAUTH_SECRET is the'],
    [
      'addresses without a secret',
      { WECHAT_OAUTH_SECRET: undefined, WECHAT_OAUTH_API_BASE_URL: 'https://api.weixin.qq.com' },
      'warning payments inside WeChat are off: WECHAT_OAUTH_API_BASE_URL without',
    ],
    [
      'OAuth at the simulator',
      { WECHAT_OAUTH_AUTHORIZE_URL: 'http://127.0.0.1:3003/x' },
      'error WECHAT_OAUTH_AUTHORIZE_URL is not WeChat’s (127.0.0.1:3003)',
    ],
    [
      'OAuth nowhere',
      { WECHAT_OAUTH_AUTHORIZE_URL: 'open.weixin' },
      'error WECHAT_OAUTH_AUTHORIZE_URL is not an address',
    ],
    [
      'a way back that is nowhere',
      { PUBLIC_PAY_URL: undefined, WECHAT_H5_URL: 'https://pay.example.com' },
      'error PUBLIC_PAY_URL is not set',
    ],
    [
      'a way back into a private network',
      { PUBLIC_PAY_URL: 'https://10.1.2.3', WECHAT_H5_URL: 'https://10.1.2.3' },
      'error PUBLIC_PAY_URL points at 10.1.2.3',
    ],
    ['cookies in the open', { PUBLIC_PAY_URL: 'http://pay.example.com' }, 'warning PUBLIC_PAY_URL is not https'],
    ['an app that is none', { WECHAT_APP_APPID: 'my app' }, 'error WECHAT_APP_APPID does not look'],
    [
      'the account’s appid for the app',
      { WECHAT_APP_APPID: shop.WECHAT_APPID },
      'error WECHAT_APP_APPID is the same as WECHAT_APPID',
    ],
    [
      'one appid twice',
      { WECHAT_MINI_APPID: ways.WECHAT_APP_APPID },
      'error WECHAT_MINI_APPID is the same as WECHAT_APP_APPID',
    ],
    [
      'no site at all',
      { PUBLIC_PAY_URL: undefined },
      'warning PUBLIC_PAY_URL is not set: payments from mobile browsers',
    ],
    ['a site that is none', { WECHAT_H5_URL: 'shop' }, 'error WECHAT_H5_URL is not an address'],
    ['a site on this machine', { WECHAT_H5_URL: 'http://localhost:3001' }, 'error H5 names localhost:3001'],
    ['a site too long', { WECHAT_H5_URL: `https://${'a'.repeat(130)}.example.com` }, 'error WECHAT_H5_URL is longer'],
    ['another site', { WECHAT_H5_URL: 'https://shop.example.com' }, 'warning H5 payments begin on pay.example.com'],
    ['a name too long', { WECHAT_H5_NAME: '茶'.repeat(21) }, 'error WECHAT_H5_NAME is longer'],
    ['buyers whose address nobody knows', { TRUST_PROXY: undefined }, 'warning TRUST_PROXY is not set'],
    [
      'an address that is none',
      { WECHAT_API_BASE_URL: 'api.mch.weixin' },
      'error WECHAT_API_BASE_URL is not an address',
    ],
    ['a secret given twice', { WECHAT_OAUTH_SECRET_FILE: '/nowhere' }, 'error WECHAT_OAUTH_SECRET is given twice'],
  ])('finds %s', (_what, env, said) => {
    expect(troubles({ ...ways, ...env })).toContainEqual(expect.stringContaining(said));
  });

  it('reads what stands in files, and never says it', () => {
    const file = join(dir, 'secret');
    writeFileSync(file, `${shop.WECHAT_API_KEY}\n`);
    const env = { ...ways, WECHAT_API_KEY: undefined, WECHAT_API_KEY_FILE: file };
    expect(troubles(env)).toEqual([]);
    expect(JSON.stringify(wechat({ ...shop, ...env }))).not.toMatch(new RegExp(`${SECRET}|${shop.WECHAT_API_KEY}`));
  });
});
