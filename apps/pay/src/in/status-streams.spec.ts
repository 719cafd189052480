import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
const answer: StatusAnswer = { kind: 'status', view: view as StatusView, codeUrl: undefined };

@Controller()
class StreamController {
  constructor(private readonly streams: StatusStreams) {}

  @Get('stream/:orderNo')
  stream(@Param('orderNo') orderNo: string, @Res() reply: FastifyReply): Promise<void> {
    return this.streams.open(orderNo, orderNo, reply);
  }
}

const status = { provide: Status, useValue: { read: () => Promise.resolve(answer) } };
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
