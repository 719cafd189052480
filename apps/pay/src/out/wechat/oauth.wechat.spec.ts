import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OauthWechat } from './oauth.wechat.ts';

const SECRET = 'TESTONLYoauthSecret0123456789abcd';
const account = {
  appid: 'wx8888888888888888',
  secret: SECRET,
  authorizeUrl: 'https://open.weixin.qq.com/connect/oauth2/authorize',
  callbackUrl: 'https://pay.example.test/weixin/oauth/callback',
};

let wechat: Server;
let oauth: OauthWechat;
let answer: (response: ServerResponse) => void;
const asked: string[] = [];

beforeAll(async () => {
  wechat = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(response);
  });
  await new Promise<void>((resolve) => wechat.listen(0, '127.0.0.1', resolve));
  const apiBaseUrl = `http://127.0.0.1:${(wechat.address() as AddressInfo).port}`;
  oauth = new OauthWechat({ ...account, apiBaseUrl });
});
afterAll(() => {
  wechat.closeAllConnections();
  wechat.close();
});
beforeEach(() => {
  asked.length = 0;
});

describe('the way to WeChat', () => {
  it('has what WeChat wants, in its order', () => {
    expect(oauth.authorizeUrl('s1')).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx8888888888888888' +
        '&redirect_uri=https%3A%2F%2Fpay.example.test%2Fweixin%2Foauth%2Fcallback' +
        '&response_type=code&scope=snsapi_base&state=s1#wechat_redirect',
    );
  });

  it('is closed without a secret', () => {
    const none = new OauthWechat(undefined);
    expect(none.isConfigured).toBe(false);
    expect(() => none.authorizeUrl('s1')).toThrow('WECHAT_OAUTH_SECRET');
  });
});

describe('an exchange', () => {
  it.each<[object, object]>([
    [
      { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', access_token: 'A' },
      { kind: 'openid', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    ],
    [{ errcode: 40_163, errmsg: 'code been used' }, { kind: 'used' }],
    [
      { errcode: 40_029, errmsg: 'invalid code' },
      { kind: 'invalid', code: 40_029, text: 'invalid code' },
    ],
    [
      { errcode: 42_003, errmsg: 'code expired' },
      { kind: 'invalid', code: 42_003, text: 'code expired' },
    ],
    [
      { errcode: 40_125, errmsg: 'invalid appsecret' },
      { kind: 'refused', code: 40_125, text: 'invalid appsecret' },
    ],
    [
      { errcode: 45_011, errmsg: 'api minute-quota reach limit' },
      { kind: 'unknown', reason: 'too many calls', retryAfterMs: 60_000 },
    ],
    [
      { errcode: -1, errmsg: 'system error' },
      { kind: 'unknown', reason: 'WeChat is busy' },
    ],
    [{ openid: 'o"<script>' }, { kind: 'unknown', reason: 'an answer that is not understood' }],
    [{}, { kind: 'unknown', reason: 'an answer that is not understood' }],
  ])('hears %j', async (said, heard) => {
    answer = (response) => response.end(JSON.stringify(said));
    expect(await oauth.exchange('c1', 2_000)).toEqual(heard);
    expect(asked).toEqual([
      `/sns/oauth2/access_token?appid=wx8888888888888888&secret=${SECRET}&code=c1&grant_type=authorization_code`,
    ]);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['HTML', (response) => response.end('<html>'), 'an answer that is not understood'],
    ['a bad gateway', (response) => response.writeHead(502).end('{}'), 'HTTP 502'],
    ['too much', (response) => response.end('x'.repeat(20_000)), 'an answer that is too long'],
    ['another address', (response) => response.writeHead(302, { location: '/elsewhere' }).end(), 'no connection'],
    ['nothing', (response) => response.destroy(), 'no connection'],
    ['silence', () => undefined, 'no answer in time'],
  ])('is unknown after %s, which is told without the secret', async (_case, how, reason) => {
    answer = how;
    expect(await oauth.exchange('c1', 300)).toEqual({ kind: 'unknown', reason });
  });
});
