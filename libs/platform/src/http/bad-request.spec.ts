import { Body, Controller, Module, Post } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { createLogger } from '../log/logger.ts';
import { startApp, type StartedApp } from './start-app.ts';

@Controller('things')
class ThingsController {
  @Post()
  create(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const lines: string[] = [];
let started: StartedApp;
beforeAll(async () => {
  started = await startApp(ThingsModule, {
    name: 'things',
    port: 0,
    logger: createLogger('test', 'info', { write: (line: string) => void lines.push(line) }),
    openapi: false,
    signals: false,
    problemPage: ({ status, code }) => `<h1>${status} ${code}</h1>`,
  });
});
beforeEach(() => void lines.splice(0));
afterAll(() => started.close());

describe('an address that cannot be read', () => {
  const bad = [
    ['/things/%zz', 400],
    ['/%', 400],
    ['/%c0%ae%c0%ae/', 400],
    [`/assets/%ff?t=secret-token`, 400],
  ] as const;

  it.each(bad)('%s is refused in the words of every other refusal', async (path, status) => {
    const answer = await fetch(started.url + path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await answer.json()).toMatchObject({ status, code: 'BAD_URL', instance: path.split('?', 1)[0] });
  });

  it.each(bad)('%s is a page for people, with the security headers', async (path, status) => {
    const answer = await fetch(started.url + path, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toBe(`<h1>${status} BAD_URL</h1>`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is refused before its body is read, whatever that is', async () => {
    const answer = await fetch(`${started.url}/%zz`, { method: 'POST', body: 'a=b' });
    expect(await answer.json()).toMatchObject({ status: 400, code: 'BAD_URL' });
  });

  it('leaves nothing behind at the place where it is answered', async () => {
    expect((await fetch(`${started.url}/-/bad-address`)).status).toBe(404);
  });
});

describe('a client who leaves in the middle of its body', () => {
  it('is no error of this app', async () => {
    const server = started.app.getHttpServer();
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1');
    const begun = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const head = ['POST /things HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 99'];
    socket.write(`${head.join('\r\n')}\r\n\r\n{`);
    const [, answer] = await begun;
    const over = once(answer, 'close');
    socket.destroy();
    await over;
    await fetch(`${started.url}/health/live`);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
