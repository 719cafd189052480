import { Body, Controller, Get, HttpCode, Module, Param, Post, Query } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createLogger } from '../log/logger.ts';
import { Health } from '../health/health.ts';
import { DatabaseAway } from '../mysql/trouble.ts';
import { Shutdown } from '../work/shutdown.ts';
import { assetPath } from './assets.ts';
import { fastifyOf } from './fastify-of.ts';
import { Problem } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { startApp, type StartedApp } from './start-app.ts';
import { zodPipe } from './zod-pipe.ts';

const order = z.object({
  items: z.array(z.object({ productId: z.string(), quantity: z.int().min(1).max(99) })).min(1),
});
const lines: string[] = [];
const logger = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });

@Controller('things')
class ThingsController {
  @Post()
  create(@Body(zodPipe(order)) body: z.infer<typeof order>): { count: number } {
    return { count: body.items.length };
  }

  @Get('broken')
  broken(): never {
    throw new Error('the secret recipe of mysql://u:hunter2@db/x');
  }

  @Get('away')
  away(): never {
    throw new DatabaseAway('no connection');
  }

  @Get('busy')
  busy(): never {
    throw new Problem(409, 'ATTEMPT_CLOSING', 'Come again.', { retryAfterSeconds: 3.2 });
  }

  @Get('limited')
  @RateLimit({ max: 2, perMs: 60_000 })
  limited(): string {
    return 'ok';
  }

  @Get('search')
  search(@Query('size', zodPipe(z.string().regex(/^[0-9]+$/, 'digits only'))) size: string): { size: string } {
    return { size };
  }

  @Get('slow')
  async slow(): Promise<string> {
    await released;
    steps.push('request');
    return 'finished';
  }

  @Post('accepted')
  @HttpCode(202)
  accepted(): void {
    return;
  }

  @Get(':id')
  read(@Param('id') id: string): { id: string } {
    return { id };
  }
}

/** What happened while the app stopped, in order. */
const steps: string[] = [];
let release = (): void => undefined;
const released = new Promise<void>((resolve) => {
  release = resolve;
});

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const start = (more: Partial<Parameters<typeof startApp>[1]> = {}): Promise<StartedApp> =>
  startApp(ThingsModule, { name: 'things', port: 0, logger, openapi: false, signals: false, ...more });

let started: StartedApp;
const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${started.url}${path}`, init);
const post = (
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> => get('/things', { method: 'POST', body, headers });
const problemOf = async (response: Response): Promise<Record<string, unknown>> => {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  return (await response.json()) as Record<string, unknown>;
};

/** Sends raw bytes and answers everything that comes back until the server closes. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });

const assets = mkdtempSync(join(tmpdir(), 'assets-'));

beforeAll(async () => {
  writeFileSync(join(assets, 'page.css'), 'body{}');
  writeFileSync(join(assets, '.hidden'), 'secret');
  started = await start({
    staticDirs: [assets],
    configure: (app) => {
      void fastifyOf(app).register((instance, _options, done) => {
        instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
        instance.post('/raw', (request) => `${(request.body as Buffer).length} bytes`);
        done();
      });
    },
  });
});
afterAll(async () => {
  await started.close();
  rmSync(assets, { recursive: true });
});

describe('problems', () => {
  it('names every refused member by its path', async () => {
    const response = await post(
      JSON.stringify({
        items: [
          { productId: 'a', quantity: 0 },
          { productId: 5, quantity: 1 },
        ],
      }),
    );
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 400, title: 'Bad Request', code: 'INVALID_INPUT', instance: '/things' });
    expect((problem.errors as { path: string }[]).map(({ path }) => path)).toEqual([
      'items[0].quantity',
      'items[1].productId',
    ]);
  });

  it('names a query parameter', async () => {
    expect(await problemOf(await get('/things/search?size=x'))).toMatchObject({
      code: 'INVALID_INPUT',
      errors: [{ path: 'size', message: 'digits only' }],
    });
  });

  it.each([
    ['text that is not JSON', '{"items":'],
    ['nothing', ''],
    ['keys that reach for the prototype', '{"__proto__":{"a":1},"items":[]}'],
  ])('answers 400 INVALID_JSON for %s', async (_what, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ code: 'INVALID_JSON', detail: 'The body is not JSON.' });
  });

  it.each(['null', '[]', '"x"', '5'])('refuses the JSON %s where an object belongs', async (body) => {
    expect(await problemOf(await post(body))).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
  });

  it('answers 413 above 64 KiB', async () => {
    const response = await post(JSON.stringify({ items: 'x'.repeat(64 * 1024) }));
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'text/xml'])('answers 415 for %s', async (type) => {
    expect(await problemOf(await post('items=1', { 'content-type': type }))).toMatchObject({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    });
  });

  it('answers 404 for an unknown address, without repeating its query', async () => {
    const response = await get('/nowhere?t=secret-token');
    expect(response.status).toBe(404);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'NOT_FOUND', instance: '/nowhere' });
    expect(JSON.stringify(problem)).not.toContain('secret-token');
  });

  it('answers 400 for a malformed address and 414 for a parameter that is too long', async () => {
    expect(await problemOf(await get('/things/%zz'))).toMatchObject({ status: 400 });
    expect(await problemOf(await get(`/things/${'x'.repeat(200)}`))).toMatchObject({ status: 414 });
  });

  it('keeps the cause of a 500 inside and logs it without the credentials', async () => {
    const response = await get('/things/broken');
    const body = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ code: 'INTERNAL', detail: 'Internal Server Error.' });
    expect(body).not.toContain('recipe');
    const logged = lines.find((line) => line.includes('recipe'));
    expect(logged).toContain('"event":"request.failed"');
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('answers infrastructure trouble with 503 and Retry-After', async () => {
    const response = await get('/things/away');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await problemOf(response)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('carries the Retry-After of a problem as whole seconds', async () => {
    const response = await get('/things/busy');
    expect(response.status).toBe(409);
    expect(response.headers.get('retry-after')).toBe('4');
    expect(await problemOf(response)).toMatchObject({ code: 'ATTEMPT_CLOSING', detail: 'Come again.' });
  });

  it('limits a route by client, and only that route', async () => {
    await get('/things/limited');
    await get('/things/limited', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    const response = await get('/things/limited', { headers: { 'x-forwarded-for': '203.0.113.10' } });
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await get('/things/7')).status).toBe(200);
  });
});

describe('answers', () => {
  it.each(['/things/1', '/nowhere', '/things/broken', '/assets/page.css'])(
    'carries security headers on %s',
    async (path) => {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
          "form-action 'self';frame-ancestors 'none';base-uri 'none'",
      );
      expect(headers.get('referrer-policy')).toBe('strict-origin');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toBeNull();
    },
  );

  it('serves assets with an ETag and answers 304 for it', async () => {
    const response = await get('/assets/page.css');
    expect(await response.text()).toBe('body{}');
    const again = await get('/assets/page.css', { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  it.each([
    ['br, gzip', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['*', null],
    ['identity', null],
  ])('compresses assets for who accepts %s', async (accepted, encoding) => {
    const response = await get('/assets/page.css', { headers: { 'accept-encoding': accepted } });
    expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([
      encoding,
      'accept-encoding',
    ]);
    expect(await response.text()).toBe('body{}');
  });

  it('lets assets be kept for good under the version of this build, under another one not', async () => {
    const kept = await get(assetPath('page.css'));
    expect(kept.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const other = await get('/assets/0123456789/page.css');
    expect([other.status, await other.text()]).toEqual([200, 'body{}']);
    expect(other.headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
  });

  it.each(['/assets/.hidden', '/assets/..%2f..%2fetc%2fpasswd', '/assets/', '/assets/none.css'])(
    'does not serve %s',
    async (path) => {
      expect([400, 403, 404]).toContain((await get(path)).status);
    },
  );

  it('hands raw routes their bytes whatever the content type says, and nobody else', async () => {
    expect(
      await (await get('/raw', { method: 'POST', body: '<xml/>', headers: { 'content-type': 'text/xml' } })).text(),
    ).toBe('6 bytes');
    expect((await get('/raw', { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413);
  });

  it('answers a POST with the status its controller chose', async () => {
    expect((await get('/things/accepted', { method: 'POST' })).status).toBe(202);
  });

  it.each([
    [
      'headers above 16 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'two lengths of one body',
      'POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'BAD_REQUEST',
    ],
    ['what is not HTTP', 'hunter2\r\n\r\n', 400, 'BAD_REQUEST'],
  ])('refuses %s as a problem, and hangs up', async (_what, bytes, status, code) => {
    const [head = '', body = ''] = (await raw(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code });
    expect(body).not.toContain('hunter2');
  });
});

describe('health and metrics', () => {
  it('answers liveness, readiness and metrics by route, never by address', async () => {
    expect(await (await get('/health/live')).json()).toEqual({ status: 'live' });
    expect(await (await get('/health/ready')).json()).toEqual({ status: 'ready', checks: {} });
    await get('/things/nobody-else');
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('route="/things/:id"');
    expect(metrics).toContain('route="unknown"');
    expect(metrics).not.toContain('nobody-else');
  });
});

describe('stopping', () => {
  it('says so at once, stops intake, lets requests finish, drains, then closes connections', async () => {
    const stopped = await start();
    const shutdown = stopped.app.get(Shutdown);
    let intakeMayEnd = (): void => undefined;
    const intake = new Promise<void>((resolve) => {
      intakeMayEnd = resolve;
    });
    shutdown.on('connections', 'database', () => steps.push('connections'));
    shutdown.on('drain', 'outbox', () => steps.push('drain'));
    shutdown.on('drain', 'broken', () => {
      throw new Error('cannot drain');
    });
    shutdown.on('intake', 'consumer', async () => {
      await intake;
      steps.push('intake');
    });
    const slow = fetch(`${stopped.url}/things/slow`);
    const closing = stopped.close();
    const ready = await fetch(`${stopped.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'stopping' });
    intakeMayEnd();
    release();
    expect(await (await slow).text()).toBe('finished');
    await closing;
    expect(steps).toEqual(['intake', 'request', 'drain', 'connections']);
    await expect(fetch(`${stopped.url}/health/live`)).rejects.toThrow();
  });

  it('answers who still has a connection while it leaves, and hangs up', async () => {
    const stopped = await start();
    const server = stopped.app.getHttpServer();
    let atServer: Socket | undefined;
    server.once('connection', (one: Socket) => (atServer = one));
    const { hostname, port } = new URL(stopped.url);
    const half = 'GET /things/4711 HTTP/1.1\r\nHost: x\r\n';
    const socket = connect(Number(port), hostname, () => socket.write(half));
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    while (atServer?.bytesRead !== half.length) await new Promise(setImmediate);
    const closing = stopped.close();
    while (server.listening) await new Promise(setImmediate);
    socket.write('\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n/i);
    await closing;
  });

  it('explains a port in use in one sentence', async () => {
    await expect(start({ port: Number(new URL(started.url).port) })).rejects.toThrow(
      /things does not start: 127.0.0.1:\d+ is in use/,
    );
  });

  it('lets other parts of an app register probes', async () => {
    const other = await start();
    other.app.get(Health).register('mysql', () => Promise.reject(new Error('away')), { required: true });
    const response = await fetch(`${other.url}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'unavailable', checks: { mysql: 'down' } });
    await other.close();
  });
});
