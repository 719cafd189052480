import { describe, expect, it } from '@jest/globals';
import { Authentication, issueToken, Problem, signPayLink } from '#platform';
import type { FastifyRequest } from 'fastify';
import { World } from '../flow/world.testing.ts';
import { PayAccess, PayAccessSettings } from './pay-access.ts';

const orderNo = 'TEST0000000000000000AA';
const linkSecret = 'local-only-0123456789abcdef0123456789abcdef';
const secret = 'local-only-fedcba9876543210fedcba9876543210';
const day = 86_400_000;

const authentication = new Authentication({ secret, demo: false });
const access = new PayAccess(new World().attempts, authentication, new PayAccessSettings(linkSecret, true));
const token = signPayLink(linkSecret, orderNo, new Date(Date.now() + day));
const request = (headers: Record<string, string>, query = {}): FastifyRequest => ({ headers, query }) as FastifyRequest;

async function codeOf(asked: Promise<string>): Promise<string> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('an order may be seen and paid', () => {
  it.each([
    ['by its cookie', request({ cookie: `a=b; paypair_order_${orderNo}=${token}` })],
    ['by its link', request({}, { t: token })],
    ['by the header', request({ 'x-pay-token': token })],
  ])('%s', async (_how, asking) => {
    expect(await access.orderOf(asking, orderNo)).toBe(orderNo);
  });

  it('by an operator', async () => {
    const jwt = await issueToken({ sub: 'ann', roles: ['operator'], secret, expiresInSeconds: 60 });
    expect(await access.orderOf(request({ authorization: `Bearer ${jwt}` }), orderNo)).toBe(orderNo);
  });
});

describe('the way back from WeChat', () => {
  it('needs the cookie of an order whose link was in the address', () => {
    const [cookie] = access.cookiesFor(request({}, { t: token }), orderNo);
    expect(cookie).toContain(`paypair_order_${orderNo}=`);
    expect(access.cookiesFor(request({}, { t: 'forged' }), orderNo)).toEqual([]);
    expect(access.cookiesFor(request({ cookie: `paypair_order_${orderNo}=${token}` }), orderNo)).toEqual([]);
  });
});

describe('an order is refused', () => {
  const other = signPayLink(linkSecret, 'TEST0000000000000000BB', new Date(Date.now() + day));
  it.each([
    ['without anything', request({})],
    ['by another order’s link', request({}, { t: other })],
    ['by a link made with another secret', request({}, { t: signPayLink(secret, orderNo, new Date()) })],
    ['by a repeated parameter', request({}, { t: [token, token] })],
  ])('%s', async (_how, asking) => {
    expect(await codeOf(access.orderOf(asking, orderNo))).toBe('PAY_LINK_REQUIRED');
  });

  it('to a buyer’s token', async () => {
    const jwt = await issueToken({ sub: 'ann', secret, expiresInSeconds: 60 });
    expect(await codeOf(access.orderOf(request({ authorization: `Bearer ${jwt}` }), orderNo))).toBe(
      'PAY_LINK_REQUIRED',
    );
  });

  it('when its link is older than seven days after the order’s end', async () => {
    const old = signPayLink(linkSecret, orderNo, new Date(Date.now() - 8 * day));
    expect(await codeOf(access.orderOf(request({}, { t: old }), orderNo))).toBe('PAY_LINK_EXPIRED');
  });
});

describe('the cookie', () => {
  it('is for this browser only, and for https when the address is', () => {
    const [cookie] = access.cookies(request({}), orderNo, token);
    expect(cookie).toMatch(/^paypair_order_TEST0000000000000000AA=.*; HttpOnly; SameSite=Lax; Secure$/);
  });

  it('takes the place of the oldest of too many', () => {
    const names = Array.from({ length: 31 }, (_, i) => `paypair_order_TEST00000000000000${String(i).padStart(4, '0')}`);
    const cookies = access.cookies(request({ cookie: names.map((name) => `${name}=x`).join('; ') }), orderNo, token);
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([names[0], names[1], `paypair_order_${orderNo}`]);
    expect(cookies[0]).toContain('Max-Age=0');
  });
});
