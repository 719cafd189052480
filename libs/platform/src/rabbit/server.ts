import { Logger } from '@nestjs/common';
import { type Inbox, type QueueSpec } from '#contract';
import { BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { Channel, ConsumeMessage } from 'amqplib';
import { isObservable, lastValueFrom } from 'rxjs';
import { BatchConsumer, type Settled } from './batch-consumer.ts';
import type { RabbitConnection } from './connection.ts';
import { errorText, InfrastructureTrouble } from './errors.ts';
import { HintHandler } from './hint-handler.ts';
import { InboxHandler } from './inbox-handler.ts';
import { type ParkedMessage, parkedMessage } from './parked-messages.ts';
import type { Publisher } from './publisher.ts';
import { RequestHandler } from './requests.ts';
import { declareTopology, type Topology } from './topology.ts';

const PREFETCH = 400;
const MAX_BATCH = 200;
const DRAIN_MS = 8_000;

export interface RabbitServerOptions {
  /** The connection that consumes; the publisher has another one. */
  connection: RabbitConnection;
  /** Sends messages to retry queues and aside. */
  publisher: Publisher;
  topology: Topology;
  /** Plain queue of hints, its type, and what its bodies must look like. */
  hints?: { queue: QueueSpec; type: string; isHint: (data: unknown) => boolean };
  /** Queue of requests this app answers. */
  requests?: QueueSpec;
  /** Writes the parked messages of the inbox down. */
  storeParked: (messages: readonly ParkedMessage[]) => Promise<void>;
  /** Whether what all handlers need (the database) answers. */
  healthy: () => Promise<boolean>;
  /** Whether an error says that something all handlers need is away. */
  isInfrastructureTrouble: (error: unknown) => boolean;
  prefetch?: number;
  maxBatch?: number;
  handlerDeadlineMs?: number;
  healthPollMs?: { first: number; most: number };
  watchMs?: number;
}

/**
 * The transport behind `@EventPattern` and `@MessagePattern`: an event handler gets a batch of events of its type and
 * answers one outcome per event; a message handler gets a request's data and answers the reply.
 *
 * Nothing is acknowledged before it is handled, nothing is dropped, and consumption comes back by itself.
 */
export class RabbitServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('rabbitmq');
  /** A handler's failure decides about its messages; it must reach us. */
  override readonly propagatesEventHandlerErrors = true;
  protected override readonly logger = new Logger(RabbitServer.name);
  private consumers: BatchConsumer[] = [];
  private requests: RequestHandler | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: RabbitServerOptions) {
    super();
  }

  /** One handler per pattern: two would both have to answer for the same message. */
  override addHandler(pattern: unknown, callback: MessageHandler, isEventHandler?: boolean, extras?: object): void {
    if (this.messageHandlers.has(this.normalizePattern(pattern as string))) {
      throw new Error(`two handlers for ${String(pattern)}`);
    }
    super.addHandler(pattern, callback, isEventHandler, { ...extras });
  }

  /**
   * Starts consuming and answers at once: the broker may be away, it is waited for in the background.
   * Answers an error when a type that the inbox receives has no handler: its messages would all be parked.
   */
  listen(callback: (error?: Error) => void): void {
    const missing = this.expectedPatterns().filter((pattern) => !this.messageHandlers.has(pattern));
    if (missing.length > 0) {
      callback(new Error(`no handler for ${missing.join(', ')}`));
      return;
    }
    this.consumers = [this.inboxConsumer(), this.parkedConsumer(), ...this.hintConsumers()];
    for (const consumer of this.consumers) consumer.start();
    if (this.options.requests) {
      this.requests = new RequestHandler(this.options.connection, this.options.requests, (pattern, data) =>
        this.answer(pattern, data),
      );
      this.requests.start();
    }
    callback();
  }

  /** Stops taking messages, lets running handlers end and acknowledges them; 8 s at most. Safe to call again. */
  close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  /** Whether a consumer stands at every queue. */
  get consuming(): boolean {
    return this.consumers.every((one) => one.consuming) && (this.requests?.consuming ?? true);
  }

  /** Whether consumption waits for the database. */
  get paused(): boolean {
    return this.consumers.some((one) => one.paused);
  }

  async whenConsuming(): Promise<void> {
    await Promise.all(this.consumers.map((one) => one.whenConsuming()));
    await this.requests?.whenConsuming();
  }

  on(): never {
    throw new Error('not an event emitter; ask consuming and paused');
  }

  /** The connection that consumes. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the signature is Nest's
  unwrap<T>(): T {
    return this.options.connection as T;
  }

  private async drain(): Promise<void> {
    await Promise.all([...this.consumers.map((one) => one.close(DRAIN_MS)), this.requests?.close(DRAIN_MS)]);
  }

  private expectedPatterns(): string[] {
    const { topology, hints } = this.options;
    return [...topology.inbox.keys, ...(hints ? [hints.type] : [])];
  }

  private inboxConsumer(): BatchConsumer {
    const { topology, publisher, healthy, isInfrastructureTrouble, handlerDeadlineMs } = this.options;
    const inbox: Inbox = topology.inbox;
    const handler = new InboxHandler({
      inbox,
      handles: (type) => this.messageHandlers.has(type),
      call: (type, events) => this.call(type, events),
      publish: (message) => publisher.publish(message),
      healthy,
      isInfrastructureTrouble,
      ...(handlerDeadlineMs !== undefined && { handlerDeadlineMs }),
    });
    return this.consumer(inbox.queue.name, handler.handle);
  }

  private parkedConsumer(): BatchConsumer {
    const { inbox } = this.options.topology;
    return this.consumer(inbox.parked.name, async (batch) => {
      await this.options.storeParked(batch.map((message) => parkedMessage(message, inbox.queue.name)));
      return { settled: batch };
    });
  }

  private hintConsumers(): BatchConsumer[] {
    const { hints, isInfrastructureTrouble, healthy } = this.options;
    if (!hints) return [];
    const handler = new HintHandler({
      ...hints,
      call: (data) => this.call(hints.type, data),
      isTrouble: async (error) =>
        error instanceof InfrastructureTrouble ||
        isInfrastructureTrouble(error) ||
        !(await healthy().catch(() => false)),
    });
    return [this.consumer(hints.queue.name, handler.handle)];
  }

  private consumer(
    queue: string,
    handle: (batch: readonly ConsumeMessage[], isOpen: () => boolean) => Promise<Settled>,
  ): BatchConsumer {
    const { connection, topology, publisher, healthy, prefetch, maxBatch, healthPollMs, watchMs } = this.options;
    return new BatchConsumer(connection, {
      queue,
      declare: (channel: Channel) => declareTopology(channel, topology),
      handle,
      // Not `available`: an alarm at the broker blocks publishing, and reading is what ends it.
      healthy: async () => publisher.connected && (await healthy()),
      prefetch: prefetch ?? PREFETCH,
      maxBatch: maxBatch ?? MAX_BATCH,
      ...(healthPollMs && { healthPollMs }),
      ...(watchMs !== undefined && { watchMs }),
    });
  }

  /** A request may name any pattern; those of events are not for asking. */
  private answer(pattern: string, data: unknown): Promise<unknown> {
    if (this.messageHandlers.get(pattern)?.isEventHandler) throw new Error(`${pattern} is an event`);
    return this.call(pattern, data);
  }

  /** Calls a handler through Nest's pipeline (guards, pipes, interceptors) and waits for its last value. */
  private async call(pattern: string, data: unknown): Promise<unknown> {
    const handler = this.messageHandlers.get(pattern);
    if (!handler) throw new Error(`nothing here answers ${errorText(pattern, 64)}`);
    const answer: unknown = await handler(data, new BaseRpcContext([pattern]));
    return isObservable(answer) ? lastValueFrom(answer, { defaultValue: undefined }) : answer;
  }
}
