import { Injectable, Logger } from '@nestjs/common';
import { type Event, type EventType, exchangeOf, type TopologyNames } from '#contract';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { RabbitConnection } from './connection.ts';
import { errorText } from './errors.ts';
import { LiveChannel, plainChannel } from './live-channel.ts';
import type { Publisher } from './publisher.ts';
import { readEvent } from './read-event.ts';

export interface LiveListener {
  event: (event: Event) => void;
  /** The subscription was made, or made again: events may have been missed, so read what you show once more. */
  gap?: () => void;
}

export interface LiveSubscription {
  /** Resolves when events arrive for the first time. */
  ready: Promise<void>;
  close: () => Promise<void>;
}

/**
 * Events as they happen, to every instance that listens: each has a queue of its own that the broker removes with the
 * connection. For pages that are open now; nothing may depend on it.
 */
@Injectable()
export class LiveEvents {
  private readonly logger = new Logger(LiveEvents.name);
  private readonly subscriptions = new Set<LiveChannel>();

  constructor(
    private readonly connection: RabbitConnection,
    private readonly publisher: Pick<Publisher, 'publish' | 'available'>,
    private readonly names: TopologyNames,
  ) {}

  /** Tells whoever listens now, at every instance. Not kept for later: what counts goes through the outbox. */
  announce(event: Event): void {
    if (!this.publisher.available) return;
    const { id: messageId, type } = event;
    const exchange = exchangeOf(type, this.names);
    this.publisher
      .publish({ exchange, routingKey: type, messageId, type, body: event, mandatory: false })
      .catch((error: unknown) => this.logger.warn(`not announced: ${errorText(error)}`));
  }

  listen(keys: readonly EventType[], listener: LiveListener): LiveSubscription {
    const live: LiveChannel = new LiveChannel(this.connection, {
      name: 'live events',
      create: plainChannel,
      setup: async (channel) => {
        await this.subscribe(channel, keys, listener, live);
        this.tell(() => listener.gap?.());
      },
    });
    this.subscriptions.add(live);
    live.start();
    return {
      ready: live.whenReady().then(() => undefined),
      close: async () => {
        this.subscriptions.delete(live);
        await live.close();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.subscriptions].map((live) => live.close()));
    this.subscriptions.clear();
  }

  private async subscribe(
    channel: Channel,
    keys: readonly EventType[],
    listener: LiveListener,
    live: LiveChannel,
  ): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    for (const key of keys) {
      const exchange = exchangeOf(key, this.names);
      await channel.assertExchange(exchange, 'topic', { durable: true });
      await channel.bindQueue(queue, exchange, key);
    }
    const onMessage = (message: ConsumeMessage | null) => {
      if (message === null) return void live.renew();
      const reading = readEvent(message);
      if (reading.kind === 'event') this.tell(() => listener.event(reading.event));
    };
    await channel.consume(queue, onMessage, { noAck: true });
  }

  private tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.logger.error(`in a listener: ${errorText(error)}`);
    }
  }
}
