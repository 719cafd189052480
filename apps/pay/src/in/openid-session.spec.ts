import { describe, expect, it } from '@jest/globals';
import { SealedCookies, SealSettings } from './sealed-cookie.ts';
import { OpenidSession, OpenidSettings } from './openid-session.ts';

const key = new Uint8Array(32).fill(7);
const session = (appid = 'wx8888888888888888', sealedWith = key, secure = true) =>
  new OpenidSession(new SealedCookies(new SealSettings(sealedWith, secure)), new OpenidSettings(appid));
const sentBack = (setCookie: string) => ({ headers: { cookie: setCookie.split(';')[0] ?? '' } });

describe('the openid of a browser', () => {
  it('comes back as it was kept, readable for nobody else', async () => {
    const cookie = await session().remember('oUpF8uMuAJO_M2pxb1Q9zNjWeS6o');
    expect(cookie).toMatch(/^paypair_openid=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/);
    expect(cookie).not.toContain('oUpF8');
    expect(await session().openidOf(sentBack(cookie))).toBe('oUpF8uMuAJO_M2pxb1Q9zNjWeS6o');
  });

  it('of another appid counts for nothing', async () => {
    const cookie = await session('wx7777777777777777').remember('oUpF8uMuAJO_M2pxb1Q9zNjWeS6o');
    expect(await session().openidOf(sentBack(cookie))).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['a forgery', 'paypair_openid=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c'],
    ['an openid as it is', 'paypair_openid=oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'],
    ['an unsigned token', 'paypair_openid=eyJhbGciOiJub25lIn0.eyJvcGVuaWQiOiJvIn0.'],
  ])('is unknown with %s', async (_case, cookie) => {
    expect(await session().openidOf({ headers: { cookie } })).toBeUndefined();
  });

  it('is unknown when it was sealed elsewhere, as something else, or too long ago', async () => {
    const elsewhere = await session(undefined, new Uint8Array(32).fill(8)).remember('oUpF8uMuAJO_M2pxb1Q9zNjWeS6o');
    expect(await session().openidOf(sentBack(elsewhere))).toBeUndefined();
    const cookies = new SealedCookies(new SealSettings(key, true));
    const claims = { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', appid: 'wx8888888888888888' };
    const visit = await cookies.seal({ name: 'paypair_oauth', path: '/', maxAgeSeconds: 600 }, claims);
    const renamed = visit.replace('paypair_oauth=', 'paypair_openid=');
    expect(await session().openidOf(sentBack(renamed))).toBeUndefined();
    const old = await cookies.seal({ name: 'paypair_openid', path: '/', maxAgeSeconds: -1 }, claims);
    expect(await session().openidOf(sentBack(old))).toBeUndefined();
  });
});
