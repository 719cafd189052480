import { Logger } from '@nestjs/common';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { Backoff } from './backoff.ts';
import type { RabbitConnection } from './connection.ts';
import { errorText } from './errors.ts';
import { within } from './within.ts';

const CLOSE_TIMEOUT_MS = 2_000;
const STABLE_AFTER_MS = 10_000;

export interface LiveChannelOptions<C extends Channel> {
  /** For the log. */
  name: string;
  create: (connection: ChannelModel) => Promise<C>;
  /** Declares and consumes on the fresh channel. When it throws, the channel is thrown away and tried again later. */
  setup: (channel: C) => Promise<void>;
  /** The channel, set up or not, is gone for good: nothing sent on it may be acknowledged any more. */
  closed?: (channel: C) => void;
}

export const plainChannel = (connection: ChannelModel): Promise<Channel> => connection.createChannel();
export const confirmChannel = (connection: ChannelModel): Promise<ConfirmChannel> => connection.createConfirmChannel();

/**
 * Keeps one channel open and set up: after a lost connection, after the broker closed it (406: a queue exists with
 * other arguments), after `renew()`. Work is done on the raw channel it hands out, because an acknowledgement belongs
 * to the channel that delivered, and to no later one. A setup that fails is logged once per reason, and tried again
 * with a growing delay.
 */
export class LiveChannel<C extends Channel = Channel> {
  private readonly logger: Logger;
  private readonly backoff = new Backoff(500, 10_000);
  private readonly stopListening: () => void;
  private channel: C | undefined;
  private ready: C | undefined;
  private opening = false;
  private wanted = false;
  private readyAt = 0;
  private retryTimer: NodeJS.Timeout | undefined;
  private lastFailure = '';
  private waiting: (() => void)[] = [];

  constructor(
    private readonly connection: RabbitConnection,
    private readonly options: LiveChannelOptions<C>,
  ) {
    this.logger = new Logger(`rabbit ${options.name}`);
    this.stopListening = connection.onEveryConnect(() => this.openSoon(0));
  }

  /** The open channel after its setup, or nothing. */
  get current(): C | undefined {
    return this.ready;
  }

  /** Resolves when the channel is open and set up; at once if it is. */
  async whenReady(): Promise<C> {
    while (!this.ready) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.ready;
  }

  /** From now on the channel is kept open. */
  start(): void {
    this.wanted = true;
    this.openSoon(0);
  }

  /** Closes the channel (what it has not acknowledged goes back to its queue) until `start()` is called again. */
  async suspend(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.retryTimer);
    await this.discard(this.channel);
  }

  /** Throws this channel away and opens another. */
  async renew(): Promise<void> {
    await this.discard(this.channel);
    this.reopen();
  }

  async close(): Promise<void> {
    this.stopListening();
    await this.suspend();
  }

  private openSoon(delayMs: number): void {
    clearTimeout(this.retryTimer);
    if (!this.wanted) return;
    if (delayMs === 0) return void this.open();
    this.retryTimer = setTimeout(() => void this.open(), delayMs);
  }

  private async open(): Promise<void> {
    const connection = this.connection.current;
    if (!connection || this.opening || this.channel || !this.wanted) return;
    this.opening = true;
    let opened: C | undefined;
    try {
      opened = await this.options.create(connection);
      this.adopt(opened);
      await this.options.setup(opened);
    } catch (error) {
      this.report(error);
      await this.discard(opened);
    }
    this.opening = false;
    // It may have been closed, or no longer be wanted, while it was being set up.
    if (opened && this.isKept(opened)) {
      this.becomeReady(opened);
      return;
    }
    await this.discard(opened);
    this.reopen();
  }

  private isKept(channel: C): boolean {
    return this.wanted && this.channel === channel;
  }

  private adopt(channel: C): void {
    this.channel = channel;
    // While it is being set up, the setup fails with the same reason.
    channel.on('error', (error) => {
      if (!this.opening) this.report(error);
    });
    channel.on('handler-error', (error) => this.logger.error(`in a listener: ${errorText(error)}`));
    channel.on('close', () => this.onClosed(channel));
  }

  private becomeReady(channel: C): void {
    this.ready = channel;
    this.readyAt = performance.now();
    this.lastFailure = '';
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  private onClosed(channel: C): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.ready = undefined;
    this.options.closed?.(channel);
    this.reopen();
  }

  private reopen(): void {
    if (this.opening || this.channel) return;
    const lived = this.readyAt > 0 && performance.now() - this.readyAt > STABLE_AFTER_MS;
    this.readyAt = 0;
    if (lived) this.backoff.reset();
    // Without a connection the next 'connect' opens it; this timer then finds it open, or nothing to open on.
    this.openSoon(lived ? 0 : this.backoff.nextMs());
  }

  private async discard(channel: C | undefined): Promise<void> {
    if (!channel) return;
    if (this.channel === channel) {
      this.channel = undefined;
      this.ready = undefined;
      this.options.closed?.(channel);
    }
    try {
      await within(channel.close(), CLOSE_TIMEOUT_MS);
    } catch {
      // Closed already, or the connection is going.
    }
  }

  private report(error: unknown): void {
    const text = errorText(error, 500);
    if (text === this.lastFailure) return;
    this.lastFailure = text;
    this.logger.error(text);
  }
}
