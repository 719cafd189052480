import { describe, expect, it } from '@jest/globals';
import { APPID, TestSimulator } from '../../../test/support/simulator.ts';

const SECRET = 'TESTONLYoauthSecret0123456789abcd';
const APP_APPID = 'wx6666666666666666';
const RETURN = 'http://127.0.0.1:3001/weixin/oauth/callback';

describe('OAuth of the official account', () => {
  const sim = TestSimulator.forTests({ WECHAT_OAUTH_SECRET: SECRET, WECHAT_APP_APPID: APP_APPID });

  const authorize = (change: Record<string, string> = {}) => {
    const query = { appid: APPID, redirect_uri: RETURN, response_type: 'code', scope: 'snsapi_base', state: 's1' };
    const url = `${sim.url}/connect/oauth2/authorize?${new URLSearchParams({ ...query, ...change }).toString()}`;
    return fetch(url, { redirect: 'manual' });
  };
  const codeOf = async () => new URL((await authorize()).headers.get('location') ?? '').searchParams.get('code') ?? '';
  const exchange = async (code: string, change: Record<string, string> = {}) => {
    const query = { appid: APPID, secret: SECRET, code, grant_type: 'authorization_code', ...change };
    const answer = await fetch(`${sim.url}/sns/oauth2/access_token?${new URLSearchParams(query).toString()}`);
    return (await answer.json()) as Record<string, unknown>;
  };

  it('sends the browser back with a code and the state, without a question', async () => {
    const answer = await authorize();
    expect(answer.status).toBe(302);
    const url = new URL(answer.headers.get('location') ?? '');
    expect(`${url.origin}${url.pathname}`).toBe(RETURN);
    expect(url.searchParams.get('state')).toBe('s1');
    expect(url.searchParams.get('code')).toMatch(/^[0-9A-Za-z]{32}$/);
  });

  it.each<[string, Record<string, string>, string]>([
    ['another account', { appid: 'wx0000000000000000' }, 'appid参数错误'],
    ['an app, which has no pages', { appid: APP_APPID }, 'appid参数错误'],
    ['a scope that would ask the user', { scope: 'snsapi_userinfo' }, 'Scope'],
    ['an address that is not the merchant’s', { redirect_uri: 'https://evil.example.test/' }, '10003'],
    ['no address', { redirect_uri: '' }, '10003'],
  ])('gives no code for %s', async (_case, change, text) => {
    const answer = await authorize(change);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    expect(await answer.text()).toContain(text);
  });

  it('names the user once per code', async () => {
    const code = await codeOf();
    expect(await exchange(code)).toMatchObject({ openid: 'oPaypair888888888Phone000001', scope: 'snsapi_base' });
    expect(await exchange(code)).toEqual({ errcode: 40_163, errmsg: 'code been used' });
  });

  it('names whom the rules say', async () => {
    await sim.control.rules({ oauthOpenid: 'oSomebodyElse' });
    expect(await exchange(await codeOf())).toMatchObject({ openid: 'oSomebodyElse' });
  });

  it.each<[string, Record<string, string>, number]>([
    ['an unknown code', { code: 'x' }, 40_029],
    ['another account', { appid: 'wx0000000000000000' }, 40_013],
    ['a wrong secret', { secret: 'x' }, 40_125],
    ['another grant', { grant_type: 'x' }, 40_002],
  ])('refuses %s', async (_case, change, errcode) => {
    expect(await exchange(await codeOf(), change)).toMatchObject({ errcode });
  });

  it.each<[number, string]>([
    [-1, 'system error'],
    [40_125, 'invalid appsecret'],
    [45_011, 'api minute-quota reach limit, must slower, retry next minute'],
    [12_345, 'unknown error'],
  ])('answers errcode %i as often as a test wants, and the code stays good', async (errcode, errmsg) => {
    const code = await codeOf();
    await sim.control.faults({ oauth: { errcode, times: 2 } });
    expect([await exchange(code), await exchange(code)]).toEqual(Array(2).fill({ errcode, errmsg }));
    expect(await exchange(code)).toHaveProperty('openid');
  });

  it('breaks the connection before or after the exchange', async () => {
    const code = await codeOf();
    await sim.control.faults({ oauth: { cut: true, times: 1 } });
    await expect(exchange(code)).rejects.toThrow();
    await sim.control.faults({ oauth: { dropAnswer: true, times: 1 } });
    await expect(exchange(code)).rejects.toThrow();
    expect(await exchange(code)).toMatchObject({ errcode: 40_163 });
  });

  it.each([
    ['refuse', { refuse: 503 }, 503, /Bad Gateway/],
    ['html', { answer: 'html' }, 200, /Bad Gateway/],
    ['empty', { answer: 'empty' }, 200, /^$/],
    ['half-json', { answer: 'half-json' }, 200, /^{"access_token"[^}]*$/],
    ['no-openid', { answer: 'no-openid' }, 200, /^{(?!.*openid).*}$/],
    ['huge', { answer: 'huge' }, 200, /x{1000000}/],
  ] as const)('answers %s instead', async (_name, fault, status, body) => {
    await sim.control.faults({ oauth: fault });
    const query = { appid: APPID, secret: SECRET, code: await codeOf(), grant_type: 'authorization_code' };
    const answer = await fetch(`${sim.url}/sns/oauth2/access_token?${new URLSearchParams(query).toString()}`);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringMatching(body)]);
  });

  it('forgets a code after five minutes', async () => {
    const code = await codeOf();
    await sim.control.advance(300_000);
    expect(await exchange(code)).toMatchObject({ errcode: 42_003 });
  });

  it('knows the phone’s owner by another openid at every account', async () => {
    const known = { trade_type: 'JSAPI', openid: 'oPaypair888888888Phone000001' };
    expect(await sim.order(known)).toMatchObject({ result_code: 'SUCCESS' });
    const foreign = { trade_type: 'JSAPI', openid: 'oPaypair666666666Phone000001' };
    await expect(sim.order(foreign)).rejects.toThrow('appid和openid不匹配');
  });

  it('answers an app by its own appid', async () => {
    const answer = await sim.call('/pay/unifiedorder', sim.orderFields({ trade_type: 'APP', appid: APP_APPID }));
    expect(answer).toMatchObject({ result_code: 'SUCCESS', appid: APP_APPID });
  });
});
