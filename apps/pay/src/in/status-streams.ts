import type { OutgoingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Problem, Shutdown } from '#platform';
import type { StatusView } from '../domain/view.ts';
import { Status } from '../flow/status.ts';
import { Watch } from '../flow/watch.ts';
import { problemOf } from './answers.ts';

const HEARTBEAT_MS = 15_000;
const MAX_PER_ORDER = 20;
const MAX_PER_ADDRESS = 50;
/** A client that does not read is let go before it costs memory. */
const MAX_UNREAD_BYTES = 64 * 1024;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy (nginx) hands events on as they come.
  'x-accel-buffering': 'no',
};

/** Open event streams of this instance. */
@Injectable()
export class StatusStreams {
  private readonly streams = new Set<() => void>();
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly status: Status,
    private readonly watch: Watch,
    private readonly shutdown: Shutdown,
  ) {
    shutdown.on('intake', 'status streams', () => {
      for (const end of [...this.streams]) end();
    });
  }

  /**
   * Turns the reply into a stream. Subscribes first and reads then, so that no change falls between.
   *
   * @throws Problem 404 or 503 as the status query does, 429 TOO_MANY_STREAMS, 400 PIPELINED_STREAM
   */
  async open(orderNo: string, address: string, reply: FastifyReply): Promise<void> {
    // An answer that waits behind another one on its connection never hears that the connection is gone: its place
    // among the streams would be taken for good.
    if (reply.raw.socket === null) {
      throw new Problem(
        400,
        'PIPELINED_STREAM',
        'A stream needs a connection on which nothing else is being answered.',
      );
    }
    const release = this.take([
      [`order ${orderNo}`, MAX_PER_ORDER],
      [`address ${address}`, MAX_PER_ADDRESS],
    ]);
    let onChange = (): void => undefined;
    const unwatch = this.watch.watch(orderNo, () => onChange());
    const leave = (): void => {
      unwatch();
      release();
    };
    try {
      const first = await this.status.read(orderNo);
      if (first.kind !== 'status') throw problemOf(first);
      // The visitor has left, or has been told that it takes too long.
      if (reply.raw.destroyed || reply.sent) {
        leave();
        return;
      }
      if (reply.request.method === 'HEAD') {
        leave();
        await reply.headers(HEADERS).send();
        return;
      }
      const stream = new Stream(reply, leave, () => this.streams.delete(end));
      const end = (): void => stream.end();
      this.streams.add(end);
      stream.send(first.view);
      onChange = () =>
        stream.refresh(async () => {
          const answer = await this.status.read(orderNo);
          return answer.kind === 'status' ? answer.view : undefined;
        });
      // What changed while the first view was read.
      onChange();
      // Who follows it elsewhere from now on must not keep this process.
      if (this.shutdown.isShuttingDown) end();
    } catch (error) {
      leave();
      throw error;
    }
  }

  private take(limits: readonly [string, number][]): () => void {
    for (const [key, max] of limits) {
      if ((this.counts.get(key) ?? 0) >= max) {
        throw new Problem(429, 'TOO_MANY_STREAMS', 'Too many open streams.', { retryAfterSeconds: 15 });
      }
    }
    for (const [key] of limits) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    return () => {
      for (const [key] of limits) {
        const left = (this.counts.get(key) ?? 1) - 1;
        if (left > 0) this.counts.set(key, left);
        else this.counts.delete(key);
      }
    };
  }
}

/** One client: sends a view when it differs from the last one sent, and a comment so that the line stays open. */
class Stream {
  private readonly raw: FastifyReply['raw'];
  private readonly heartbeat: NodeJS.Timeout;
  private last = '';
  private reading = false;
  private again = false;

  constructor(reply: FastifyReply, ...onEnd: (() => unknown)[]) {
    this.raw = reply.raw;
    reply.hijack();
    this.raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      ...HEADERS,
    });
    this.raw.write('retry: 2000\n\n');
    this.heartbeat = setInterval(() => this.write(': \n\n'), HEARTBEAT_MS);
    this.raw.on('error', () => this.raw.destroy());
    this.raw.once('close', () => {
      clearInterval(this.heartbeat);
      for (const step of onEnd) step();
    });
  }

  send(view: StatusView): void {
    const { serverTime, ...facts } = view;
    const text = JSON.stringify(facts);
    if (text === this.last) return;
    this.last = text;
    this.write(`event: status\ndata: ${JSON.stringify({ ...facts, serverTime })}\n\n`);
  }

  /** Reads and sends; changes that come while it reads make it read once more. */
  refresh(read: () => Promise<StatusView | undefined>): void {
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    void read()
      .then((view) => view && this.send(view))
      // MySQL is away: the client's own polling, or the next change, comes by.
      .catch(() => undefined)
      .finally(() => {
        this.reading = false;
        if (!this.again) return;
        this.again = false;
        this.refresh(read);
      });
  }

  end(): void {
    this.raw.end();
  }

  private write(text: string): void {
    if (this.raw.destroyed || this.raw.writableEnded) return;
    if (this.raw.writableLength > MAX_UNREAD_BYTES) this.raw.destroy();
    else this.raw.write(text);
  }
}
