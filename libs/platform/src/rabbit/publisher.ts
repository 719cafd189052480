import { Injectable, Logger } from '@nestjs/common';
import type { ConfirmChannel, Message, Options } from 'amqplib';
import type { RabbitConnection } from './connection.ts';
import { protection } from '../faults/protection.ts';
import { errorText, PublishFailed, type PublishFailure } from './errors.ts';
import { confirmChannel, LiveChannel } from './live-channel.ts';
import { publishFailures } from './metrics.ts';
import { declareTopology, type Topology } from './topology.ts';

export const MAX_BODY_BYTES = 64 * 1024;
/** AMQP short strings (ids, types, routing keys) end at 255 bytes; a longer one would close the channel for all. */
const MAX_SHORT_BYTES = 255;
const DEADLINE_MS = 2_500;
const SWEEP_MS = 100;
const MAX_IN_FLIGHT = 1_000;
const REDECLARE_AFTER_MS = 1_000;

const returnsUnroutable = protection('mandatory');

/** One message to send. */
export interface OutgoingMessage {
  /** `''` is the default exchange: the routing key names a queue. */
  exchange: string;
  routingKey: string;
  messageId: string;
  type: string;
  /** Bytes as they are, or anything that becomes JSON. At most 64 KiB. */
  body: Buffer | object;
  /** E.g. `traceparent`. */
  headers?: Record<string, string | number>;
  /** A message that no queue takes is a failure (`returned`) instead of a silent success. */
  mandatory: boolean;
}

interface InFlight {
  message: OutgoingMessage;
  channel: ConfirmChannel;
  startedAt: number;
  returned: boolean;
  settled: boolean;
  resolve: () => void;
  reject: (error: PublishFailed) => void;
}

export interface PublisherOptions {
  /** Time for the confirm, in milliseconds. */
  deadlineMs?: number;
  /** Messages sent and neither confirmed nor lost with their channel; more are refused with `full`. */
  maxInFlight?: number;
}

/**
 * Publishes persistent messages and answers only when the broker has them: confirm received, not returned.
 *
 * Nothing is queued in this process: without a channel a publish fails at once with `closed`, and the outbox keeps the
 * message. Confirms are pipelined: many publishes may wait side by side.
 */
@Injectable()
export class Publisher {
  private readonly logger = new Logger(Publisher.name);
  private readonly live: LiveChannel<ConfirmChannel>;
  private readonly deadlineMs: number;
  private readonly maxInFlight: number;
  /** In order of sending. Timed-out ones stay until the broker speaks or the channel dies: they still use memory. */
  private readonly inFlight = new Set<InFlight>();
  private readonly byMessageId = new Map<string, InFlight[]>();
  private sweeper: NodeJS.Timeout | undefined;
  private redeclaring: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: RabbitConnection,
    private readonly topology: Topology,
    options: PublisherOptions = {},
  ) {
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    this.live = new LiveChannel(connection, {
      name: 'publisher',
      create: confirmChannel,
      setup: async (channel) => {
        channel.on('return', (message: Message) => this.onReturn(channel, message));
        await declareTopology(channel, this.topology);
      },
      closed: (channel) => this.onClosed(channel),
    });
  }

  /** Whether a publish has a chance now: connected, topology declared, not blocked by an alarm, room in flight. */
  get available(): boolean {
    return this.live.current !== undefined && this.connection.state === 'up' && this.inFlight.size < this.maxInFlight;
  }

  /** Whether there is a channel to publish on, be it blocked for now. */
  get connected(): boolean {
    return this.live.current !== undefined;
  }

  start(): void {
    this.live.start();
  }

  /** Resolves when the channel is open and the topology stands. */
  async whenReady(): Promise<void> {
    await this.live.whenReady();
  }

  /**
   * Sends one message and waits for the broker's confirm: written to disk by every queue it was routed to.
   * @throws PublishFailed always within the deadline; the message may have arrived all the same (`timeout`, `closed`),
   *   so what repeats it uses the same id
   */
  publish(message: OutgoingMessage): Promise<void> {
    const body = Buffer.isBuffer(message.body) ? message.body : Buffer.from(JSON.stringify(message.body));
    const channel = this.live.current;
    const wrong = refusal(message, body);
    if (wrong) return Promise.reject(failure('refused', message, wrong));
    if (!channel) return Promise.reject(failure('closed', message));
    if (this.inFlight.size >= this.maxInFlight) return Promise.reject(failure('full', message));
    return new Promise<void>((resolve, reject) => {
      const startedAt = performance.now();
      const entry: InFlight = { message, channel, startedAt, returned: false, settled: false, resolve, reject };
      try {
        channel.publish(message.exchange, message.routingKey, body, publishOptions(message), (error: unknown) => {
          this.onConfirm(entry, error);
        });
        this.add(entry);
      } catch (error) {
        this.fail(entry, 'closed', errorText(error));
      }
    });
  }

  /** Everything in flight gets its answer (confirm, or `closed`), then the channel is closed. */
  async close(): Promise<void> {
    const until = performance.now() + this.deadlineMs;
    while (this.inFlight.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await this.live.close();
    clearTimeout(this.redeclaring);
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private add(entry: InFlight): void {
    this.inFlight.add(entry);
    if (entry.message.mandatory) {
      const same = this.byMessageId.get(entry.message.messageId);
      if (same) same.push(entry);
      else this.byMessageId.set(entry.message.messageId, [entry]);
    }
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS);
  }

  private remove(entry: InFlight): void {
    this.inFlight.delete(entry);
    const same = this.byMessageId.get(entry.message.messageId);
    if (!same) return;
    const at = same.indexOf(entry);
    if (at >= 0) same.splice(at, 1);
    if (same.length === 0) this.byMessageId.delete(entry.message.messageId);
  }

  /** A return comes before the confirm of the same message, and returns come in the order of publishing. */
  private onReturn(channel: ConfirmChannel, message: Message): void {
    const { exchange, routingKey } = message.fields;
    const entry = this.byMessageId
      .get(String(message.properties.messageId))
      ?.find(
        (one) =>
          !one.returned &&
          one.channel === channel &&
          one.message.exchange === exchange &&
          one.message.routingKey === routingKey,
      );
    if (entry) entry.returned = true;
    this.redeclare();
  }

  private onConfirm(entry: InFlight, error: unknown): void {
    this.remove(entry);
    if (entry.settled) return;
    if (entry.returned) this.fail(entry, 'returned', 'no queue takes it');
    else if (error) this.fail(entry, errorText(error).includes('nacked') ? 'nacked' : 'closed');
    else {
      entry.settled = true;
      entry.resolve();
    }
  }

  private onClosed(channel: ConfirmChannel): void {
    for (const entry of [...this.inFlight]) {
      if (entry.channel !== channel) continue;
      this.remove(entry);
      if (!entry.settled) this.fail(entry, 'closed');
    }
  }

  private sweep(): void {
    const now = performance.now();
    for (const entry of this.inFlight) {
      if (now - entry.startedAt < this.deadlineMs) break;
      if (!entry.settled) this.fail(entry, 'timeout');
    }
    if (this.inFlight.size > 0) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private fail(entry: InFlight, reason: PublishFailure, detail?: string): void {
    entry.settled = true;
    entry.reject(failure(reason, entry.message, detail));
  }

  /**
   * Someone deleted a queue or a binding: declare again, on a channel of its own, so that a 406 costs no confirm. Not at
   * once: the broker must have told the consumers of the old queue first.
   */
  private redeclare(): void {
    if (this.redeclaring) return;
    this.logger.warn('a message was returned as unroutable; declaring the topology again');
    this.redeclaring = setTimeout(() => {
      this.redeclaring = undefined;
      this.declareAside().catch((error: unknown) => this.logger.error(errorText(error, 500)));
    }, REDECLARE_AFTER_MS);
  }

  private async declareAside(): Promise<void> {
    const channel = await this.connection.current?.createChannel();
    if (!channel) return;
    channel.on('error', () => undefined); // The failing declaration says it.
    await declareTopology(channel, this.topology);
    await channel.close();
  }
}

const failure = (reason: PublishFailure, { messageId }: OutgoingMessage, detail?: string): PublishFailed => {
  publishFailures.inc({ reason });
  return new PublishFailed(reason, messageId, detail);
};

const publishOptions = (message: OutgoingMessage): Options.Publish => ({
  persistent: true,
  mandatory: message.mandatory && returnsUnroutable,
  messageId: message.messageId,
  type: message.type,
  contentType: 'application/json',
  timestamp: Math.floor(Date.now() / 1_000),
  ...(message.headers && { headers: message.headers }),
});

/** What the broker would close the channel for, with all other messages on it. */
const refusal = (message: OutgoingMessage, body: Buffer): string | undefined => {
  if (body.length > MAX_BODY_BYTES) return `body of ${body.length} bytes`;
  const texts = [message.exchange, message.routingKey, message.messageId, message.type];
  return texts.some((text) => Buffer.byteLength(text) > MAX_SHORT_BYTES) ? 'a name is too long' : undefined;
};
