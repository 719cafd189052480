import { Logger } from '@nestjs/common';
import type { Channel, ConsumeMessage } from 'amqplib';
import { protection } from '../faults/protection.ts';
import { Backoff } from './backoff.ts';
import type { RabbitConnection } from './connection.ts';
import { errorText, InfrastructureTrouble } from './errors.ts';
import { LiveChannel, plainChannel } from './live-channel.ts';
import { consumers, handling, pauses } from './metrics.ts';
import { within } from './within.ts';

export interface BatchConsumerOptions {
  queue: string;
  /** Declares what this consumer needs, before it consumes. */
  declare: (channel: Channel) => Promise<void>;
  /**
   * Handles a batch. The messages it answers are acknowledged (`settled`); the rest stays with the broker. Rejects only
   * for what is not a message's fault: nothing of the batch is acknowledged then, and consumption pauses.
   */
  handle: (batch: readonly ConsumeMessage[], isOpen: () => boolean) => Promise<Settled>;
  /** Whether consumption may go on after a pause. */
  healthy: () => Promise<boolean>;
  prefetch: number;
  maxBatch: number;
  /** First and longest pause between two questions to `healthy`, in milliseconds. */
  healthPollMs?: { first: number; most: number };
  /** How often the consumer makes sure that it is not forgotten, in milliseconds. */
  watchMs?: number;
}

export interface Settled {
  settled: readonly ConsumeMessage[];
  /** Why the rest of the batch was given up: consumption pauses. */
  trouble?: InfrastructureTrouble;
}

const HEALTH_POLL_MS = { first: 500, most: 5_000 };
/** When trouble follows trouble although the health check says yes: each return counts towards the delivery limit. */
const REPEATED_TROUBLE_MS = { first: 500, most: 60_000 };
const FIRST_LOOK_MS = 50;
const WATCH_MS = 10_000;
const IDLE_LOOKS = 6;
const HEALTH_DEADLINE_MS = 5_000;
const CANCEL_TIMEOUT_MS = 1_000;

const acksAfterHandling = protection('ack-after-commit');
const setsAside = protection('no-requeue');

/**
 * Reads one queue in batches that form by themselves: one batch is handled at a time, and what arrives meanwhile is the
 * next one. Messages are acknowledged on the channel that delivered them, never on a later one.
 *
 * It comes back by itself: after a lost connection, after the broker cancelled it (queue deleted, acknowledgement
 * overdue) or forgot it without a word (queue deleted and declared again at once), after trouble that is no message's fault. In that last case it closes its channel, so that the broker has
 * everything back, and waits until `healthy` says yes.
 */
export class BatchConsumer {
  private readonly logger: Logger;
  private readonly live: LiveChannel;
  private readonly troubleBackoff = new Backoff(REPEATED_TROUBLE_MS.first, REPEATED_TROUBLE_MS.most);
  private pending: ConsumeMessage[] = [];
  private channel: Channel | undefined;
  private consumerTag: string | undefined;
  private running: Promise<void> | undefined;
  private pausing: Promise<void> | undefined;
  private stopped = false;
  private watch: NodeJS.Timeout | undefined;
  private delivered = 0;
  private idleLooks = 0;
  private wakeUp: () => void = () => undefined;

  constructor(
    connection: RabbitConnection,
    private readonly options: BatchConsumerOptions,
  ) {
    this.logger = new Logger(`consumer ${options.queue}`);
    this.live = new LiveChannel(connection, {
      name: options.queue,
      create: plainChannel,
      setup: (channel) => this.subscribe(channel),
      closed: (channel) => this.onClosed(channel),
    });
    consumers.set({ queue: options.queue }, 0);
  }

  /** Whether a consumer stands at the queue now. */
  get consuming(): boolean {
    return this.live.current !== undefined && this.consumerTag !== undefined;
  }

  /** Whether consumption waits for `healthy`. */
  get paused(): boolean {
    return this.pausing !== undefined;
  }

  /** Consumes as soon as `healthy` says yes. */
  start(): void {
    this.pausing ??= this.resumeWhenHealthy(new Backoff(FIRST_LOOK_MS, HEALTH_POLL_MS.most));
  }

  async whenConsuming(): Promise<void> {
    await this.live.whenReady();
  }

  /**
   * Cancels the consumer, lets the running batch end and acknowledges it, then closes. What has not been started goes
   * back to the queue. After `deadlineMs` it closes all the same: unacknowledged messages come again.
   */
  async close(deadlineMs: number): Promise<void> {
    this.stopped = true;
    clearInterval(this.watch);
    this.wakeUp();
    const channel = this.live.current;
    if (channel && this.consumerTag !== undefined) {
      await within(channel.cancel(this.consumerTag), CANCEL_TIMEOUT_MS).catch(() => undefined);
    }
    this.consumerTag = undefined;
    this.pending = [];
    consumers.set({ queue: this.options.queue }, 0);
    if (this.running) {
      await within(this.running, deadlineMs, 'running batch not done').catch((error: unknown) => {
        this.logger.warn(`${errorText(error)}; its messages will come again`);
      });
    }
    await this.live.close();
  }

  private async subscribe(channel: Channel): Promise<void> {
    await this.options.declare(channel);
    await channel.prefetch(this.options.prefetch);
    this.channel = channel;
    const { consumerTag } = await channel.consume(this.options.queue, (message) => this.onDelivery(channel, message));
    this.consumerTag = consumerTag;
    consumers.set({ queue: this.options.queue }, 1);
    this.idleLooks = 0;
    clearInterval(this.watch);
    this.watch = setInterval(() => void this.look(channel), this.options.watchMs ?? WATCH_MS);
  }

  /**
   * A consumer can stand at a queue in name only: when a quorum queue is deleted and declared again within moments, the
   * broker says nothing, and hands messages to a consumer they never reach (tried on 3.10). So one that has had nothing
   * to do for a while subscribes again; that costs an idle consumer nothing.
   */
  private async look(channel: Channel): Promise<void> {
    const idle = this.delivered === 0 && this.running === undefined;
    this.delivered = 0;
    this.idleLooks = idle ? this.idleLooks + 1 : 0;
    try {
      // Without its queue this closes the channel, and the next one declares it.
      await channel.checkQueue(this.options.queue);
    } catch (error) {
      this.logger.warn(`looking after the queue: ${errorText(error)}`);
      return;
    }
    const stillIdle = this.delivered === 0 && this.running === undefined;
    if (this.idleLooks >= IDLE_LOOKS && stillIdle && channel === this.channel && !this.stopped) await this.live.renew();
  }

  private onDelivery(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      this.logger.warn('the broker cancelled the consumer; subscribing again');
      void this.live.renew();
      return;
    }
    if (channel !== this.channel || this.stopped) return;
    this.pending.push(message);
    this.delivered += 1;
    handling.inc({ queue: this.options.queue });
    this.running ??= this.run();
  }

  private onClosed(channel: Channel): void {
    if (channel !== this.channel) return;
    clearInterval(this.watch);
    this.channel = undefined;
    this.consumerTag = undefined;
    this.pending = [];
    consumers.set({ queue: this.options.queue }, 0);
    handling.set({ queue: this.options.queue }, 0);
  }

  private async run(): Promise<void> {
    // One turn of the event loop: deliveries of one network read become one batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.pending.length > 0 && !this.stopped) {
      const batch = this.pending.splice(0, this.options.maxBatch);
      await this.runBatch(batch);
    }
    this.running = undefined;
  }

  private async runBatch(batch: readonly ConsumeMessage[]): Promise<void> {
    const channel = this.channel;
    const isOpen = () => channel !== undefined && this.channel === channel;
    let result: Settled;
    if (!acksAfterHandling && channel) this.acknowledge(channel, batch, batch);
    try {
      result = await this.options.handle(batch, isOpen);
    } catch (error) {
      result = { settled: [], trouble: new InfrastructureTrouble(errorText(error), error) };
    }
    if (acksAfterHandling && channel && isOpen()) this.acknowledge(channel, batch, result.settled);
    if (!setsAside && channel && isOpen()) this.giveBack(channel, batch, result.settled);
    if (result.trouble) return this.pause(result.trouble);
    this.troubleBackoff.reset();
  }

  /** Batches run one after the other and in order of delivery: a whole batch is acknowledged by its last tag. */
  private acknowledge(channel: Channel, batch: readonly ConsumeMessage[], settled: readonly ConsumeMessage[]): void {
    const last = batch.at(-1);
    try {
      if (last && settled.length === batch.length) channel.ack(last, true);
      else for (const message of settled) channel.ack(message);
      handling.dec({ queue: this.options.queue }, settled.length);
    } catch (error) {
      this.logger.warn(`not acknowledged, will come again: ${errorText(error)}`);
    }
  }

  /** What nobody here wants: shows why it is put aside instead. */
  private giveBack(channel: Channel, batch: readonly ConsumeMessage[], settled: readonly ConsumeMessage[]): void {
    for (const message of batch) if (!settled.includes(message)) channel.nack(message, false, true);
  }

  private async pause(trouble: InfrastructureTrouble): Promise<void> {
    if (this.stopped) return;
    pauses.inc({ queue: this.options.queue });
    this.logger.error(`consumption pauses: ${errorText(trouble.cause ?? trouble)}`);
    await this.live.suspend();
    const { first, most } = this.options.healthPollMs ?? HEALTH_POLL_MS;
    const polls = new Backoff(first, most);
    this.pausing ??= this.sleep(Math.max(first, this.troubleBackoff.nextMs())).then(() =>
      this.resumeWhenHealthy(polls),
    );
  }

  private async resumeWhenHealthy(polls: Backoff): Promise<void> {
    while (!this.stopped && !(await this.isHealthy())) await this.sleep(polls.nextMs());
    this.pausing = undefined;
    if (this.stopped) return;
    this.logger.log('consuming');
    this.live.start();
  }

  private async isHealthy(): Promise<boolean> {
    try {
      return await within(this.options.healthy(), HEALTH_DEADLINE_MS);
    } catch {
      return false;
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.stopped) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
