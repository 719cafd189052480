import { Injectable } from '@nestjs/common';
import type { QueueSpec } from '#contract';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { Channel, ConsumeMessage, Message } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { firstValueFrom, throwError, timeout } from 'rxjs';
import type { RabbitConnection } from './connection.ts';
import { errorText, RequestFailed, type RequestFailure } from './errors.ts';
import { LiveChannel, plainChannel } from './live-channel.ts';
import { readJson } from './read-event.ts';
import type { Reply } from './requests.ts';

/** The broker's own name for "the channel that asked": no reply queue is ever declared. */
const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
const DEADLINE_MS = 2_000;
const MAX_IN_FLIGHT = 100;

interface Asked {
  pattern: string;
  timer: NodeJS.Timeout;
  callback: (packet: WritePacket) => void;
}

export interface RabbitClientOptions {
  deadlineMs?: number;
  maxInFlight?: number;
}

/**
 * Request/response over RabbitMQ, for the few questions an event cannot answer in time. Bounded in time (2 s) and in
 * number (100 waiting); without a connection it fails at once. A request must be safe to repeat.
 */
@Injectable()
export class RabbitClient extends ClientProxy {
  private readonly live: LiveChannel;
  private readonly asked = new Map<string, Asked>();
  private readonly deadlineMs: number;
  private readonly maxInFlight: number;

  constructor(
    connection: RabbitConnection,
    private readonly queue: QueueSpec,
    options: RabbitClientOptions = {},
  ) {
    super();
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    this.live = new LiveChannel(connection, {
      name: `requests to ${queue.name}`,
      create: plainChannel,
      setup: async (channel) => {
        channel.on('return', (message: Message) => this.fail(message.properties.correlationId, 'returned'));
        await channel.consume(DIRECT_REPLY_TO, (message) => this.onReply(message), { noAck: true });
      },
      closed: () => {
        for (const id of [...this.asked.keys()]) this.fail(id, 'closed');
      },
    });
  }

  start(): void {
    this.live.start();
  }

  /** Nothing to wait for: without a channel a request fails at once. */
  connect(): Promise<void> {
    return Promise.resolve();
  }

  async whenReady(): Promise<void> {
    await this.live.whenReady();
  }

  async close(): Promise<void> {
    await this.live.close();
  }

  /**
   * Asks and waits for the one reply.
   * @param withinMs for who cannot wait as long as others
   * @throws RequestFailed
   */
  request<Reply>(pattern: string, data: object, withinMs = this.deadlineMs): Promise<Reply> {
    const late = () => throwError(() => new RequestFailed('timeout', pattern));
    return firstValueFrom(this.send<Reply, object>(pattern, data).pipe(timeout({ first: withinMs, with: late })));
  }

  /** The present channel, if there is one. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the signature is Nest's
  unwrap<T>(): T {
    return this.live.current as T;
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const pattern = String(packet.pattern);
    const refuse = (reason: RequestFailure, detail?: string) => {
      callback({ err: new RequestFailed(reason, pattern, detail), isDisposed: true });
      return () => undefined;
    };
    const channel: Channel | undefined = this.live.current;
    if (!channel) return refuse('closed');
    if (this.asked.size >= this.maxInFlight) return refuse('full');
    const id = randomUUID();
    try {
      channel.publish('', this.queue.name, Buffer.from(JSON.stringify(packet.data)), {
        replyTo: DIRECT_REPLY_TO,
        correlationId: id,
        type: pattern,
        contentType: 'application/json',
        mandatory: true,
      });
    } catch (error) {
      return refuse('closed', errorText(error));
    }
    const timer = setTimeout(() => this.fail(id, 'timeout'), this.deadlineMs);
    this.asked.set(id, { pattern, timer, callback });
    return () => this.take(id);
  }

  /** Events are facts that must not be lost: they go through the outbox. */
  protected dispatchEvent<T>(): Promise<T> {
    return Promise.reject(new Error('events are sent through the outbox'));
  }

  private onReply(message: ConsumeMessage | null): void {
    if (message === null) {
      void this.live.renew();
      return;
    }
    const asked = this.take(message.properties.correlationId);
    if (!asked) return; // Too late, or not ours.
    const json = readJson(message.content);
    const reply = ('reason' in json ? { error: json.reason } : json.value) as Partial<Reply & { error: string }> | null;
    if (reply && 'response' in reply) asked.callback({ response: reply.response, isDisposed: true });
    else asked.callback({ err: new RequestFailed('refused', asked.pattern, errorText(reply?.error ?? 'no reply')) });
  }

  private fail(id: unknown, reason: RequestFailure): void {
    const asked = this.take(id);
    asked?.callback({ err: new RequestFailed(reason, asked.pattern) });
  }

  private take(id: unknown): Asked | undefined {
    const asked = typeof id === 'string' ? this.asked.get(id) : undefined;
    if (!asked) return undefined;
    clearTimeout(asked.timer);
    this.asked.delete(id as string);
    return asked;
  }
}
