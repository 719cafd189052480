/** Matrix B: what happens to the broker, and what must hold. The lines a case answers are broken promises. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ConsumeMessage } from 'amqplib';
import { permissionsOf, VHOST } from '../tools/services/rabbitmq-accounts.ts';
import { until } from '../tools/services/until.ts';
import { Random } from '../tools/chaos/random.ts';
import { unbind } from '../tools/chaos/sabotage.ts';
import { ALL_PAID, CASE_MS, lasts, OPEN_MS, Ordeal } from './support/ordeal.ts';
import { orderInbox, payInbox } from '#contract';

const shuffled = <T>(random: Random, items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

describe('a shop whose broker', () => {
  let ordeal: Ordeal;

  beforeAll(async () => {
    ordeal = await Ordeal.open();
  }, OPEN_MS);
  afterAll(() => ordeal.close(), OPEN_MS);

  const inboxes = () => [orderInbox(ordeal.world.names), payInbox(ordeal.world.names)];

  /** As the broker's administrator, on a channel of one's own. */
  async function asAdmin<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const connection = await connect(ordeal.world.adminAmqpUrl);
    connection.on('error', () => undefined);
    try {
      return await work(await connection.createChannel());
    } finally {
      await connection.close();
    }
  }

  const hurts = (row: string, fault: (paid: (count: number) => Promise<unknown>) => Promise<void>) =>
    it(row, async () => expect(await ordeal.through(fault)).toEqual([]), CASE_MS);

  hurts('B2 is killed under load', async (paid) => {
    await paid(5);
    await ordeal.services.kill('rabbitmq');
    await ordeal.says('pay', 'degraded');
    await ordeal.services.start('rabbitmq');
  });

  hurts('B3 is stopped in good order and started again', async (paid) => {
    await paid(5);
    await ordeal.services.halt('rabbitmq');
    await ordeal.services.start('rabbitmq');
  });

  // For 20 s and for a minute: tools/chaos/plans/long-stops.json.
  hurts('B4 stands still for 3 s', async (paid) => {
    await paid(5);
    await ordeal.services.pause('rabbitmq');
    await lasts(3_000);
    await ordeal.services.resume('rabbitmq');
  });

  hurts('B5 cannot be reached: nothing passes, or only one way, or every connection is reset', async (paid) => {
    const { 'pay-rabbitmq': ofPay, 'order-rabbitmq': ofOrder } = ordeal.world.proxies;
    await paid(3);
    ofPay.set({ mode: 'blackhole' });
    ofOrder.set({ mode: 'one-way', passes: 'down' });
    await lasts(3_000);
    ofPay.set({ mode: 'one-way', passes: 'up' });
    ofOrder.set({ mode: 'blackhole' });
    await lasts(3_000);
    for (const way of [ofPay, ofOrder]) way.set({ mode: 'reset' });
    await lasts(1_000);
  });

  hurts('B6 closes all connections', async (paid) => {
    await paid(5);
    await ordeal.services.rabbitmqctl('close_all_connections', 'maintenance');
  });

  hurts('B7 has alarms of memory and disk, and takes nothing more', async (paid) => {
    const { services } = ordeal;
    await paid(3);
    await Promise.all([
      services.rabbitmqctl('set_vm_memory_high_watermark', '0.0001'),
      services.rabbitmqctl('set_disk_free_limit', '1000000GB'),
    ]);
    await ordeal.says('pay', 'degraded');
    await Promise.all([
      services.rabbitmqctl('set_vm_memory_high_watermark', '0.4'),
      services.rabbitmqctl('set_disk_free_limit', '50MB'),
    ]);
  });

  hurts('B8 loses both inboxes with what is in them', async (paid) => {
    await paid(5);
    await asAdmin(async (channel) => {
      for (const { queue } of inboxes()) await channel.deleteQueue(queue.name);
    });
    await paid(15);
    await ordeal.aMinutePasses();
  });

  hurts('B9 loses the bindings of both inboxes', async (paid) => {
    await paid(3);
    await unbind(ordeal.world, 'pay');
    await unbind(ordeal.world, 'order');
    await paid(ALL_PAID);
    // Commands and money come back as unroutable and wait in the outboxes, until the bindings are declared again.
    await ordeal.booked();
    // How an order ended is a notice, lost here and told when asked again.
    await ordeal.aMinutePasses();
  });

  hurts('B11 shuts one app out', async (paid) => {
    const { services } = ordeal;
    const { configure, write, read } = permissionsOf('pay', ordeal.world.names);
    await paid(3);
    await services.rabbitmqctl('clear_permissions', '--vhost', VHOST, 'pay');
    // An open channel keeps what it was allowed.
    ordeal.world.proxies['pay-rabbitmq'].set({ mode: 'reset' });
    ordeal.world.proxies['pay-rabbitmq'].heal();
    await ordeal.says('pay', 'degraded');
    await services.rabbitmqctl('set_permissions', '--vhost', VHOST, 'pay', configure, write, read);
  });

  hurts('B1 B16 is wiped with all that `order` has not read, and not there when `order` starts', async (paid) => {
    const { services } = ordeal;
    await paid(5);
    await ordeal.restart('order', async () => {
      const { queue } = orderInbox(ordeal.world.names);
      const unread = () => asAdmin(async (channel) => (await channel.checkQueue(queue.name)).messageCount);
      await until('money was told that `order` has not read', unread);
      await services.kill('rabbitmq');
      await services.wipe('rabbitmq');
    });
    await ordeal.says('order', 'degraded');
    await services.start('rabbitmq');
    await ordeal.aMinutePasses();
  });

  it(
    'B17 delivers every message one to five times, in any order',
    async () => {
      const random = new Random(17);
      let copies: ConsumeMessage[] = [];
      const broken = await asAdmin(async (channel) => {
        const seen: ConsumeMessage[] = [];
        const { queue } = await channel.assertQueue('', { exclusive: true });
        for (const { exchange } of inboxes()) await channel.bindQueue(queue, exchange, '#');
        await channel.consume(queue, (message) => message && seen.push(message), { noAck: true });
        return ordeal.through(async (paid) => {
          await paid(ALL_PAID);
          for (const { exchange } of inboxes()) await channel.unbindQueue(queue, exchange, '#');
          copies = shuffled(
            random,
            seen.flatMap((one) => Array.from({ length: random.whole(1, 5) }, () => one)),
          );
          for (const { fields, properties, content } of copies) {
            channel.publish(fields.exchange, fields.routingKey, content, properties);
          }
        });
      });
      expect(broken).toEqual([]);
      expect(copies.length).toBeGreaterThan(50);
    },
    CASE_MS,
  );

  it(
    'a day later, after all repeats of WeChat, everything still holds',
    async () => {
      expect(await ordeal.aDayLater()).toEqual([]);
    },
    CASE_MS,
  );
});
