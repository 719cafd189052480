import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger, Module, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { createLogger, Shutdown, startApp, type StartedApp } from '#platform';
import type { StatusView } from '../domain/view.ts';
import { Status, type StatusAnswer } from '../flow/status.ts';
import { Watch } from '../flow/watch.ts';
import { StatusStreams } from './status-streams.ts';

Logger.overrideLogger(false);

const MAX_PER_ORDER = 20;
const view = { orderNo: 'TEST0000000000000000AA', phase: 'waiting', serverTime: '2026-11-21T12:00:00Z' };
/** Where every order stands. */
let now: StatusAnswer = { kind: 'status', view: view as StatusView, codeUrl: undefined };
const becomes = (phase: StatusView['phase']): void => {
  now = { kind: 'status', view: { ...view, phase } as StatusView, codeUrl: undefined };
};

@Controller()
class StreamController {
  constructor(private readonly streams: StatusStreams) {}

  @Get('stream/:orderNo')
  stream(@Param('orderNo') orderNo: string, @Res() reply: FastifyReply): Promise<void> {
    return this.streams.open(orderNo, orderNo, reply);
  }
}

const status = { provide: Status, useValue: { read: () => Promise.resolve(now) } };
@Module({ controllers: [StreamController], providers: [StatusStreams, Watch, status] })
class StreamsOnly {}

let started: StartedApp;
beforeAll(async () => {
  const logger = createLogger('test', 'silent');
  started = await startApp(StreamsOnly, { name: 'test', port: 0, logger, openapi: false, signals: false });
});
afterAll(() => started.close());

const ask = (orderNo: string): string => `GET /stream/${orderNo} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Sends requests on one connection; answers it with the status of the first answer once that has begun. */
const send = (text: string): Promise<{ socket: Socket; status: number }> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(started.url).port), '127.0.0.1', () => socket.write(text));
    socket.once('data', (head) => resolve({ socket, status: Number(head.toString('latin1').slice(9, 12)) }));
    socket.on('error', reject);
  });

/** How many streams an order can have now, all let go again. */
async function free(orderNo: string): Promise<number> {
  const all = await Promise.all(Array.from({ length: MAX_PER_ORDER + 1 }, () => send(ask(orderNo))));
  for (const { socket } of all) socket.destroy();
  return all.filter((one) => one.status === 200).length;
}

async function untilAllFree(orderNo: string): Promise<void> {
  const until = performance.now() + 4_000;
  let places = 0;
  while (performance.now() < until) {
    places = await free(orderNo);
    if (places === MAX_PER_ORDER) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(places).toBe(MAX_PER_ORDER);
}

describe('a stream that is asked for while the process leaves', () => {
  it('tells where the order stands, and ends', async () => {
    const stopping = new Shutdown();
    const module = { module: StreamsOnly, providers: [{ provide: Shutdown, useValue: stopping }] };
    const logger = createLogger('test', 'silent');
    const app = await startApp(module, { name: 'test', port: 0, logger, openapi: false, signals: false });
    try {
      stopping.begin();
      const text = await (await fetch(`${app.url}/stream/LEAVING`)).text();
      expect(text).toContain('"phase":"waiting"');
    } finally {
      await app.close();
    }
  });
});

/** Everything a stream has said, until it has said something that matches. */
async function heard(stream: AsyncIterator<Buffer, undefined>, wanted: RegExp): Promise<string> {
  let text = '';
  while (!wanted.test(text)) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error(`the stream ended after ${JSON.stringify(text)}`);
    text += value.toString();
  }
  return text;
}

describe('one stream', () => {
  const open = (orderNo: string): Promise<{ reader: AsyncIterator<Buffer, undefined>; leave: () => void }> =>
    new Promise((resolve, reject) => {
      const request = get(`${started.url}/stream/${orderNo}`, { agent: false }, (response) => {
        const reader = (response as unknown as AsyncIterable<Buffer, undefined>)[Symbol.asyncIterator]();
        resolve({ reader, leave: () => request.destroy() });
      });
      request.on('error', reject);
    });

  it('begins with where the order stands now, so that whoever connects again has missed nothing', async () => {
    becomes('waiting');
    const { reader: first, leave: leaveFirst } = await open('AGAIN');
    expect(await heard(first, /event: status\ndata: .*\n\n/)).toContain('"phase":"waiting"');
    leaveFirst();
    becomes('paid');
    const { reader: second, leave } = await open('AGAIN');
    expect(await heard(second, /event: status\ndata: .*\n\n/)).toContain('"phase":"paid"');
    leave();
  });

  it('says each change once, and nothing when nothing has changed', async () => {
    becomes('waiting');
    const watch = started.app.get(Watch);
    const { reader, leave } = await open('CHANGES');
    await heard(reader, /"phase":"waiting".*\n\n/);
    watch.changed('CHANGES');
    becomes('confirming');
    watch.changed('CHANGES');
    const text = await heard(reader, /"phase":"confirming".*\n\n/);
    expect(text.match(/event: status/g)).toHaveLength(1);
    leave();
  });

  it('keeps the line open with a comment every 15 seconds', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const { reader, leave } = await open('QUIET');
    await heard(reader, /event: status\ndata: .*\n\n/);
    const [beat] = intervals.mock.calls.find(([, ms]) => ms === 15_000) ?? [];
    intervals.mockRestore();
    beat?.();
    expect(await heard(reader, /^: \n\n/)).toBe(': \n\n');
    leave();
  });
});

describe('who asks for the head of a stream only', () => {
  it('has it at once and takes no place', async () => {
    const answer = await fetch(`${started.url}/stream/HEAD`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(await free('HEAD')).toBe(MAX_PER_ORDER);
  });
});

describe('the streams of one order', () => {
  it('are bounded, and each gives its place back when its client leaves', async () => {
    expect(await free('BOUNDED')).toBe(MAX_PER_ORDER);
    await untilAllFree('BOUNDED');
  });

  it('take no place for requests that wait behind a stream on the same connection', async () => {
    const { socket, status } = await send(ask('PIPELINED').repeat(MAX_PER_ORDER));
    expect(status).toBe(200);
    expect(await free('PIPELINED')).toBe(MAX_PER_ORDER - 1);
    socket.destroy();
    await untilAllFree('PIPELINED');
  });
});
