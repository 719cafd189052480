/** Listens to both exchanges and counts how often each message is published. It also makes every message routable. */
import { connect, type ChannelModel } from 'amqplib';
import type { World } from './world.ts';

export class Tap {
  readonly copies = new Map<string, number>();
  #connection: ChannelModel | undefined;

  /** Straight at the broker, past the proxies. */
  static async on(world: World): Promise<Tap> {
    const tap = new Tap();
    const connection = await connect(world.adminAmqpUrl);
    connection.on('error', () => undefined);
    tap.#connection = connection;
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
    for (const exchange of [world.names.paymentExchange, world.names.orderExchange]) {
      await channel.bindQueue(queue, exchange, '#');
    }
    await channel.consume(
      queue,
      (message) => {
        const id = String(message?.properties.messageId ?? '');
        tap.copies.set(id, (tap.copies.get(id) ?? 0) + 1);
      },
      { noAck: true },
    );
    return tap;
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => undefined);
  }
}
