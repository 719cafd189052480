import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { orderInbox } from '#contract';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { amqpUrl, removeTopology, uniqueNames } from '../../../../test/support/services.ts';
import { RabbitConnection } from './connection.ts';
import { Publisher, type PublisherOptions } from './publisher.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';
import { until } from './testing/until.ts';
import { topologyOf } from './topology.ts';

const names = uniqueNames();
const { queue } = orderInbox(names);
const message = (messageId: string) => ({
  exchange: names.paymentExchange,
  routingKey: 'payment.succeeded',
  messageId,
  type: 'payment.succeeded',
  body: { id: messageId },
  mandatory: true,
});

jest.setTimeout(60_000);

describe('the publisher', () => {
  let direct: ChannelModel;
  let own: Channel;
  let proxy: TcpProxy;
  let connection: RabbitConnection;
  let publisher: Publisher;

  const open = async (options: PublisherOptions = {}) => {
    publisher = new Publisher(connection, topologyOf('pay', names), options);
    publisher.start();
    await publisher.whenReady();
  };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    direct = await connect(amqpUrl());
    own = await direct.createChannel();
    proxy = await TcpProxy.before(amqpUrl());
    connection = new RabbitConnection(proxy.url, 'publisher test');
    connection.start();
  });
  afterEach(() => publisher.close());
  beforeEach(async () => {
    await open();
    await own.purgeQueue(queue.name);
  });
  afterEach(() => proxy.thaw());
  afterAll(async () => {
    await connection.close();
    await proxy.close();
    await direct.close();
    await removeTopology(names);
  });

  it('sends a persistent JSON message and resolves when the broker has it', async () => {
    await publisher.publish({ ...message('one'), headers: { traceparent: '00-aa-bb-01' } });
    const got = await own.get(queue.name, { noAck: true });
    if (!got) throw new Error('nothing arrived');
    expect(got.content.toString()).toBe('{"id":"one"}');
    expect(got.properties).toMatchObject({
      messageId: 'one',
      type: 'payment.succeeded',
      deliveryMode: 2,
      contentType: 'application/json',
      headers: { traceparent: '00-aa-bb-01' },
    });
    expect(got.properties.timestamp).toEqual(expect.any(Number));
  });

  it('stands on a connection that notices a silent broker at once, not when its heartbeats are missed', async () => {
    await connection.answers();
    proxy.freeze();
    let answered = false;
    const asked = connection.answers().then(() => (answered = true));
    // The broker itself has had time enough.
    for (let count = 0; count < 20; count += 1) await (await direct.createChannel()).close();
    expect(answered).toBe(false);
    proxy.thaw();
    await asked;
    expect(answered).toBe(true);
  });

  it('B9 fails with returned when a required message reaches no queue, although the broker confirms it', async () => {
    await expect(publisher.publish({ ...message('lost'), routingKey: 'nobody.listens' })).rejects.toMatchObject({
      reason: 'returned',
    });
  });

  it('keeps returns apart from what is sent at the same time', async () => {
    const sent = Array.from({ length: 50 }, (_, i) =>
      publisher.publish({ ...message(`m${i}`), ...(i % 5 === 0 && { routingKey: 'nobody.listens' }) }),
    );
    const results = await Promise.allSettled(sent);
    expect(results.map(({ status }) => status)).toEqual(
      results.map((_, i) => (i % 5 === 0 ? 'rejected' : 'fulfilled')),
    );
  });

  it('lets a notice go where nobody listens', async () => {
    await publisher.publish({ ...message('notice'), routingKey: 'nobody.listens', mandatory: false });
  });

  it('B8 declares the queue of the other side again after someone deleted it', async () => {
    await own.deleteQueue(queue.name);
    await expect(publisher.publish(message('first'))).rejects.toMatchObject({ reason: 'returned' });
    await until('the queue is back', async () => {
      const answer = await Promise.allSettled([publisher.publish(message('again'))]);
      return answer[0].status === 'fulfilled';
    });
  });

  it('B12 fails with nacked when a queue is full and refuses more', async () => {
    const full = `${queue.name}.full`;
    await own.assertQueue(full, { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    const fill = (messageId: string) => publisher.publish({ ...message(messageId), exchange: '', routingKey: full });
    try {
      await fill('first');
      await expect(fill('second')).rejects.toMatchObject({ reason: 'nacked' });
      await own.purgeQueue(full);
      await fill('second');
    } finally {
      await own.deleteQueue(full);
    }
  });

  it('refuses what would close the channel for all others', async () => {
    await expect(publisher.publish(message('x'.repeat(256)))).rejects.toMatchObject({ reason: 'refused' });
    await expect(publisher.publish({ ...message('big'), body: Buffer.alloc(64 * 1024 + 1) })).rejects.toMatchObject({
      reason: 'refused',
    });
    await publisher.publish(message('still works'));
  });

  it('B4 gives up after its deadline when the broker is silent; the message may arrive all the same', async () => {
    await publisher.close();
    await open({ deadlineMs: 300 });
    proxy.freeze();
    await expect(publisher.publish(message('unknown'))).rejects.toMatchObject({ reason: 'timeout' });
    proxy.thaw();
    await until('it arrives', async () => (await own.checkQueue(queue.name)).messageCount === 1);
  });

  it('holds a bounded number in flight, also when those have timed out', async () => {
    await publisher.close();
    await open({ deadlineMs: 300, maxInFlight: 3 });
    proxy.freeze();
    const first = Promise.allSettled([1, 2, 3].map((i) => publisher.publish(message(`f${i}`))));
    await expect(publisher.publish(message('f4'))).rejects.toMatchObject({ reason: 'full' });
    await first;
    await expect(publisher.publish(message('f5'))).rejects.toMatchObject({ reason: 'full' });
    expect(publisher.available).toBe(false);
    proxy.thaw();
    await until('there is room again', () => publisher.available);
  });

  it('B6 fails at once without a connection, and works again by itself', async () => {
    proxy.freeze();
    const inFlight = publisher.publish(message('cut'));
    proxy.cut();
    await expect(inFlight).rejects.toMatchObject({ reason: 'closed' });
    await expect(publisher.publish(message('away'))).rejects.toMatchObject({ reason: 'closed' });
    proxy.thaw();
    await publisher.whenReady();
    await publisher.publish(message('back'));
  });

  it('B10 says which queue stands in the way and comes back when that is repaired', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await own.deleteQueue(queue.name);
    await own.assertQueue(queue.name, { durable: true });
    proxy.cut();
    const reported = () => errors.mock.calls.map(([text]) => String(text)).filter((text) => text.includes(queue.name));
    await until('it is reported', () => reported().length > 0);
    expect(reported()[0]).toMatch(/exists with other arguments/);
    await expect(publisher.publish(message('406'))).rejects.toMatchObject({ reason: 'closed' });
    await own.deleteQueue(queue.name);
    await publisher.whenReady();
    await publisher.publish(message('repaired'));
    expect(reported()).toHaveLength(1);
    errors.mockRestore();
  });
});
