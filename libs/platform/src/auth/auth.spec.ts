import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startApp, type StartedApp } from '../http/start-app.ts';
import { createLogger } from '../log/logger.ts';
import { AuthModule } from './auth.module.ts';
import { type AuthOptions, DEMO_COOKIE } from './authentication.ts';
import { BuyerGuard, CurrentBuyer, OperatorGuard } from './guards.ts';
import { type Identity, issueToken } from './tokens.ts';

const secret = 'TESTONLY-jwt-secret-0123456789abcdef0123';
const key = new TextEncoder().encode(secret);

@Controller()
class WhoController {
  @Get('who')
  @UseGuards(BuyerGuard)
  who(@CurrentBuyer() buyer: Identity): Identity {
    return buyer;
  }

  @Get('operator')
  @UseGuards(OperatorGuard)
  operator(@CurrentBuyer() { sub }: Identity): { sub: string } {
    return { sub };
  }
}

@Module({})
class WhoModule {}

const start = (options: AuthOptions): Promise<StartedApp> =>
  startApp(
    { module: WhoModule, imports: [AuthModule.forRoot(options)], controllers: [WhoController] },
    { name: 'who', port: 0, logger: createLogger('test', 'silent'), openapi: false, signals: false },
  );

let real: StartedApp;
let demo: StartedApp;
beforeAll(async () => {
  [real, demo] = [await start({ secret, demo: false }), await start({ secret, demo: true })];
});
afterAll(async () => {
  await Promise.all([real.close(), demo.close()]);
});

const ask = async (app: StartedApp, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${app.url}${path}`, { headers });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: await response.json(),
  };
};
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const claims = (change: Record<string, unknown>, alg = 'HS256') => {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: 'alice', exp: now + 60, ...change }).setProtectedHeader({ alg }).sign(key);
};

describe('a buyer', () => {
  it('is let in with a token of ours and known by sub and roles', async () => {
    const token = await issueToken({ sub: 'alice', roles: ['vip'], secret, expiresInSeconds: 60 });
    expect(await ask(real, '/who', bearer(token))).toMatchObject({
      status: 200,
      body: { sub: 'alice', roles: ['vip'] },
    });
  });

  it('without a token hears 401 and how to come again', async () => {
    expect(await ask(real, '/who')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { code: 'UNAUTHENTICATED' },
    });
  });

  it.each([
    ['of another key', () => issueToken({ sub: 'a', secret: `${secret}x`, expiresInSeconds: 60 })],
    ['that is over', () => issueToken({ sub: 'a', secret, expiresInSeconds: -60 })],
    ['without an end', () => claims({ exp: undefined })],
    ['without sub', () => claims({ sub: undefined })],
    ['with an empty sub', () => claims({ sub: '' })],
    ['with a sub of 129 characters', () => claims({ sub: 'x'.repeat(129) })],
    ['whose roles are no list of texts', () => claims({ roles: 'operator' })],
    ['of an algorithm that is not pinned', () => claims({}, 'HS512')],
    [
      'that is not signed',
      () => Promise.resolve(new UnsecuredJWT({}).setSubject('a').setExpirationTime('1m').encode()),
    ],
    ['that is no token', () => Promise.resolve('a.b.c')],
  ])('is refused with a token %s', async (_what, make) => {
    expect(await ask(real, '/who', bearer(await make()))).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
      body: { code: 'UNAUTHENTICATED' },
    });
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer x y', 'Bearer a.b'])(
    'is refused with the header %j',
    async (authorization) => {
      expect((await ask(real, '/who', { authorization })).status).toBe(401);
    },
  );

  it('may show the token in the demo cookie only in demo mode', async () => {
    const cookie = `other=1; ${DEMO_COOKIE}=${await issueToken({ sub: 'guest', secret, expiresInSeconds: 60 })}`;
    expect(await ask(demo, '/who', { cookie })).toMatchObject({ status: 200, body: { sub: 'guest' } });
    expect((await ask(real, '/who', { cookie })).status).toBe(401);
  });
});

describe('an operator', () => {
  it('needs the role', async () => {
    const operator = await issueToken({ sub: 'olga', roles: ['operator'], secret, expiresInSeconds: 60 });
    const buyer = await issueToken({ sub: 'alice', secret, expiresInSeconds: 60 });
    expect(await ask(real, '/operator', bearer(operator))).toMatchObject({ status: 200, body: { sub: 'olga' } });
    expect(await ask(real, '/operator', bearer(buyer))).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect((await ask(real, '/operator')).status).toBe(401);
  });
});

describe('a key set', () => {
  it('checks tokens by published keys, refuses HS256 made from them, and says 503 when it cannot be read', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
    const server: Server = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const app = await start({ jwksUrl, demo: false });
    const stale = await start({ jwksUrl, demo: false });
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setSubject('alice')
      .setExpirationTime('1m')
      .sign(privateKey);
    const confused = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setSubject('mallory')
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(JSON.stringify(jwk)));
    expect(await ask(app, '/who', bearer(token))).toMatchObject({ status: 200, body: { sub: 'alice' } });
    expect((await ask(app, '/who', bearer(confused))).status).toBe(401);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    expect((await ask(app, '/who', bearer(token))).status).toBe(200);
    expect(await ask(stale, '/who', bearer(token))).toMatchObject({ status: 503, body: { code: 'AUTH_UNAVAILABLE' } });
    await Promise.all([app.close(), stale.close()]);
  });
});
