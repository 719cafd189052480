import { Logger } from '@nestjs/common';
import type { QueueSpec } from '#contract';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { RabbitConnection } from './connection.ts';
import { errorText } from './errors.ts';
import { typeOf } from './forwarding.ts';
import { LiveChannel, plainChannel } from './live-channel.ts';
import { consumers } from './metrics.ts';
import { readJson } from './read-event.ts';
import { declareQueue } from './topology.ts';
import { within } from './within.ts';

/** More at once are dropped: their callers give up after their own deadline and come again. */
const MAX_RUNNING = 200;

/** Body of a reply: the handler's answer, or why there is none. */
export type Reply = { response: unknown } | { error: string };

/**
 * Answers requests from one queue. Nothing is acknowledged: a request whose answer is lost is asked again by its
 * caller, and one that waited longer than callers do has expired in the queue.
 */
export class RequestHandler {
  private readonly logger: Logger;
  private readonly live: LiveChannel;
  private readonly running = new Set<Promise<void>>();
  private consumerTag: string | undefined;
  private stopped = false;

  /** `call` answers a request by its pattern; `undefined` as pattern handler is refused to the caller. */
  constructor(
    connection: RabbitConnection,
    private readonly queue: QueueSpec,
    private readonly call: (pattern: string, data: unknown) => Promise<unknown>,
  ) {
    this.logger = new Logger(`requests ${queue.name}`);
    this.live = new LiveChannel(connection, {
      name: queue.name,
      create: plainChannel,
      setup: (channel) => this.subscribe(channel),
      closed: () => {
        this.consumerTag = undefined;
        consumers.set({ queue: queue.name }, 0);
      },
    });
    consumers.set({ queue: queue.name }, 0);
  }

  get consuming(): boolean {
    return this.live.current !== undefined;
  }

  start(): void {
    this.live.start();
  }

  async whenConsuming(): Promise<void> {
    await this.live.whenReady();
  }

  /** Takes no more, answers what runs, closes; after `deadlineMs` in any case. */
  async close(deadlineMs: number): Promise<void> {
    this.stopped = true;
    const channel = this.live.current;
    if (channel && this.consumerTag !== undefined) {
      await within(channel.cancel(this.consumerTag), deadlineMs).catch(() => undefined);
    }
    await within(Promise.all(this.running), deadlineMs).catch(() => undefined);
    await this.live.close();
  }

  private async subscribe(channel: Channel): Promise<void> {
    await declareQueue(channel, this.queue);
    const { consumerTag } = await channel.consume(this.queue.name, (message) => this.onRequest(channel, message), {
      noAck: true,
    });
    this.consumerTag = consumerTag;
    consumers.set({ queue: this.queue.name }, 1);
  }

  private onRequest(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      void this.live.renew();
      return;
    }
    const { replyTo, correlationId } = message.properties as { replyTo?: unknown; correlationId?: unknown };
    if (this.stopped || this.running.size >= MAX_RUNNING) return;
    if (typeof replyTo !== 'string' || typeof correlationId !== 'string') return;
    const work = this.answer(message)
      .then((reply) => {
        channel.publish('', replyTo, Buffer.from(JSON.stringify(reply)), {
          correlationId,
          contentType: 'application/json',
        });
      })
      .catch((error: unknown) => this.logger.warn(`not answered: ${errorText(error)}`))
      .finally(() => this.running.delete(work));
    this.running.add(work);
  }

  private async answer(message: ConsumeMessage): Promise<Reply> {
    const pattern = typeOf(message);
    const json = readJson(message.content);
    if ('reason' in json) return { error: json.reason };
    try {
      return { response: (await this.call(pattern, json.value)) ?? null };
    } catch (error) {
      // What went wrong stays here: it may hold what the caller must not see.
      this.logger.error(`request ${pattern}: ${errorText(error)}`);
      return { error: 'the request could not be answered' };
    }
  }
}
