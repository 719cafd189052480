/**
 * Listens at the broker by RabbitMQ's tracing, which changes nothing for anybody else: how often each message is published
 * to our exchanges, and how often it is handed to a consumer of an inbox.
 */
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import type { World } from './world.ts';
import { VHOST } from '../services/rabbitmq-accounts.ts';
import { orderInbox, payInbox } from '#contract';

const TRACE = 'amq.rabbitmq.trace';

export class Tap {
  readonly copies = new Map<string, number>();
  readonly deliveries = new Map<string, number>();
  #connection: ChannelModel | undefined;

  /** Straight at the broker, past the proxies. */
  static async on(world: World): Promise<Tap> {
    const tap = new Tap();
    await world.services.rabbitmqctl('trace_on', '--vhost', VHOST);
    const connection = await connect(world.adminAmqpUrl);
    connection.on('error', () => undefined);
    tap.#connection = connection;
    const channel = await connection.createChannel();
    const exchanges = [world.names.paymentExchange, world.names.orderExchange];
    const inboxes = [orderInbox(world.names), payInbox(world.names)];
    await listen(
      channel,
      exchanges.map((exchange) => `publish.${exchange}`),
      tap.copies,
    );
    await listen(
      channel,
      inboxes.map(({ queue }) => `deliver.${queue.name}`),
      tap.deliveries,
    );
    return tap;
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => undefined);
  }
}

/** Counts traced messages by their ids. @param keys of the trace: `publish.<exchange>`, `deliver.<queue>` */
async function listen(channel: Channel, keys: readonly string[], counts: Map<string, number>): Promise<void> {
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  for (const key of keys) await channel.bindQueue(queue, TRACE, key);
  const heard = (message: ConsumeMessage | null): void => {
    const traced = message?.properties.headers?.['properties'] as { message_id?: unknown } | undefined;
    const id = typeof traced?.message_id === 'string' ? traced.message_id : '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  await channel.consume(queue, heard, { noAck: true });
}
