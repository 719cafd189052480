import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { defaultNames } from '#contract';
import { connect } from 'amqplib';
import type { DataSource } from 'typeorm';
import { amqpUrl, freshSchema, removeTopology, uniqueNames } from '../../../../test/support/services.ts';
import { openDataSource } from '../mysql/data-source.ts';
import { transact } from '../mysql/transact.ts';
import { RabbitConnection } from '../rabbit/connection.ts';
import { PublishFailed } from '../rabbit/errors.ts';
import { ParkedMessageRow, ParkedMessages, parkedMessageTable } from '../rabbit/parked-messages.ts';
import { type OutgoingMessage, Publisher } from '../rabbit/publisher.ts';
import { until } from '../rabbit/testing/until.ts';
import { topologyOf } from '../rabbit/topology.ts';
import { event } from './event.ts';
import { Outbox, type OutboxPublisher, type RecordedRow } from './outbox.ts';
import { OutboxRow, outboxTable } from './outbox-row.ts';

jest.setTimeout(60_000);

/** Stands where the broker is: confirms, or fails with what a test puts in. */
class Broker implements OutboxPublisher {
  available = true;
  failure: PublishFailed['reason'] | undefined;
  readonly sent: OutgoingMessage[] = [];

  publish(message: OutgoingMessage): Promise<void> {
    this.sent.push(message);
    return this.failure ? Promise.reject(new PublishFailed(this.failure, message.messageId)) : Promise.resolve();
  }

  get ids(): string[] {
    return this.sent.map(({ messageId }) => messageId);
  }
}

const orderNo = '20261121000000000001';
const at = new Date('2026-11-21T10:00:00.000Z');
const closed = (n: number) => event('payment.closed', `payment.closed:${n}`, { orderNo, closedAttempts: [] }, at);
const paid = (n: number) => event('order.paid', `order.paid:${n}`, { orderNo, totalFee: 1, at: at.toISOString() }, at);

describe('the outbox', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;
  let dataSource: DataSource;
  let broker: Broker;
  let outbox: Outbox;

  const rows = () => dataSource.query<OutboxRow[]>('SELECT * FROM outbox ORDER BY id');
  const record = (...events: Parameters<Outbox['record']>[1][number][]): Promise<RecordedRow[]> =>
    transact(dataSource, (em) => outbox.record(em, events));
  /** As after the death of the process that held them. */
  const leasesEnd = () => dataSource.query('UPDATE outbox SET locked_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');

  beforeAll(async () => {
    Logger.overrideLogger(false);
    schema = await freshSchema('outbox');
    dataSource = await openDataSource({ url: schema.url, entities: [OutboxRow, ParkedMessageRow] });
    await dataSource.query(outboxTable);
    await dataSource.query(parkedMessageTable);
  });
  beforeEach(() => {
    broker = new Broker();
    outbox = new Outbox(dataSource, broker, defaultNames);
  });
  afterEach(async () => {
    await outbox.stop();
    await dataSource.query('DELETE FROM outbox');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await schema.drop();
  });

  it('has the tables that the entities describe', async () => {
    const difference = await dataSource.driver.createSchemaBuilder().log();
    expect(difference.upQueries).toEqual([]);
  });

  it('publishes a committed event to the exchange of its type and forgets it when confirmed', async () => {
    const recorded = await record(closed(1), paid(1));
    expect(await rows()).toMatchObject([
      { message_id: 'payment.closed:1', required: 1, attempts: 0 },
      { message_id: 'order.paid:1', required: 0, attempts: 0 },
    ]);
    expect(broker.sent).toEqual([]);
    outbox.publish(recorded);
    await until('the rows are gone', async () => (await rows()).length === 0);
    expect(broker.sent).toMatchObject([
      { exchange: 'payment', routingKey: 'payment.closed', messageId: 'payment.closed:1', mandatory: true },
      { exchange: 'order', routingKey: 'order.paid', messageId: 'order.paid:1', mandatory: false },
    ]);
    expect(JSON.parse((broker.sent[0]!.body as Buffer).toString())).toEqual(closed(1));
  });

  it('writes nothing when the transaction is rolled back', async () => {
    const failing = transact(dataSource, async (em) => {
      await outbox.record(em, [closed(1)]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
  });

  it('refuses an event that does not fit its schema', async () => {
    const wrong = { ...closed(1), data: { orderNo: 'x', closedAttempts: [] } };
    await expect(record(closed(2), wrong)).rejects.toThrow(TypeError);
    expect(await rows()).toEqual([]);
  });

  it('keeps one row per id and leaves a waiting one to who holds it', async () => {
    const first = await record(closed(1));
    const second = await record(closed(1), closed(2), closed(2));
    expect(first.map(({ messageId }) => messageId)).toEqual(['payment.closed:1']);
    expect(second.map(({ messageId }) => messageId)).toEqual(['payment.closed:2']);
    expect(await rows()).toHaveLength(2);
  });

  it('sends what a dead process committed and did not publish', async () => {
    await record(closed(1), closed(2));
    await outbox.poll();
    expect(broker.ids).toEqual([]); // The lease still stands.
    await leasesEnd();
    await outbox.poll();
    expect(broker.ids).toEqual(['payment.closed:1', 'payment.closed:2']);
    expect(await rows()).toEqual([]);
  });

  it('sends each row once when several processes look for it, in order of writing', async () => {
    await record(...Array.from({ length: 450 }, (_, i) => closed(i)));
    await leasesEnd();
    const others = [outbox, new Outbox(dataSource, broker, defaultNames), new Outbox(dataSource, broker, defaultNames)];
    await Promise.all(others.map((one) => one.poll()));
    await outbox.poll();
    expect(broker.ids).toHaveLength(450);
    expect(new Set(broker.ids).size).toBe(450);
    expect(await rows()).toEqual([]);
  });

  it('keeps a returned message, and tries again later and later', async () => {
    broker.failure = 'returned';
    outbox.publish(await record(closed(1)));
    await until('the failure is noted', async () => (await rows())[0]?.attempts === 1);
    await outbox.poll();
    expect(broker.ids).toHaveLength(1); // Not due yet.
    await leasesEnd();
    await outbox.poll();
    const [row] = await dataSource.query<{ attempts: number; last_error: string; wait: string }[]>(
      'SELECT attempts, last_error, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), locked_until) / 1000 AS wait FROM outbox',
    );
    expect(row).toMatchObject({ attempts: 2, last_error: expect.stringContaining('returned') });
    expect(Number.parseFloat(row!.wait)).toBeGreaterThan(500);
    broker.failure = undefined;
    await leasesEnd();
    await outbox.poll();
    expect(await rows()).toEqual([]);
  });

  it('does nothing while the broker is away and goes on when it is back', async () => {
    Object.assign(broker, { failure: 'closed', available: false });
    outbox.publish(await record(closed(1)));
    await until('the lease is given back', async () => (await rows())[0]?.attempts === 1);
    await outbox.poll();
    await outbox.poll();
    expect(broker.ids).toHaveLength(1);
    Object.assign(broker, { failure: undefined, available: true });
    await outbox.poll();
    expect(await rows()).toEqual([]);
  });

  it('waits on stop for what is in flight', async () => {
    let confirm: () => void = () => undefined;
    broker.publish = () => new Promise<void>((resolve) => (confirm = resolve));
    outbox.publish(await record(closed(1)));
    const stopped = outbox.stop();
    confirm();
    await stopped;
    expect(await rows()).toEqual([]);
  });

  it('leaves a row alone that another process has taken while the confirm was on its way', async () => {
    let confirm: () => void = () => undefined;
    broker.publish = () => new Promise<void>((resolve) => (confirm = resolve));
    outbox.publish(await record(closed(1)));
    await dataSource.query("UPDATE outbox SET locked_by = 'another'");
    confirm();
    await outbox.stop();
    expect(await rows()).toMatchObject([{ message_id: 'payment.closed:1', locked_by: 'another' }]);
  });

  it('looks for waiting rows by itself once started', async () => {
    await record(closed(1));
    await leasesEnd();
    outbox.start();
    await until('it is sent', async () => (await rows()).length === 0);
  });

  it('delivers through the real broker', async () => {
    const names = uniqueNames();
    const connection = new RabbitConnection(amqpUrl(), 'outbox test');
    const publisher = new Publisher(connection, topologyOf('pay', names));
    connection.start();
    publisher.start();
    await publisher.whenReady();
    outbox = new Outbox(dataSource, publisher, names);
    outbox.publish(await record(...Array.from({ length: 100 }, (_, i) => closed(i))));
    await until('the rows are gone', async () => (await rows()).length === 0);
    const direct = await connect(amqpUrl());
    const channel = await direct.createChannel();
    expect((await channel.checkQueue(names.orderQueue)).messageCount).toBe(100);
    await direct.close();
    await publisher.close();
    await connection.close();
    await removeTopology(names);
  });

  describe('parked messages', () => {
    const message = (reason: string) => ({
      messageId: 'payment.closed:1',
      queue: 'order.payments',
      type: 'payment.closed',
      body: Buffer.from([0xff, 0x00, 0x7b]),
      headers: '{"x":1}',
      reason,
    });

    it('keeps the bytes, and one row for the same message parked again', async () => {
      const parked = new ParkedMessages(dataSource);
      await parked.store([message('first'), { ...message('other'), messageId: 'another' }]);
      await parked.store([message('second'), { ...message('a stranger'), body: Buffer.from('{}') }]);
      const stored = await dataSource.getRepository(ParkedMessageRow).find({ order: { id: 'ASC' } });
      expect(stored).toMatchObject([
        { messageId: 'payment.closed:1', reason: 'second', times: 2, headers: '{"x":1}' },
        { messageId: 'another', reason: 'other', times: 1 },
        { messageId: 'payment.closed:1', reason: 'a stranger', times: 1 },
      ]);
      expect([...stored[0]!.body]).toEqual([0xff, 0x00, 0x7b]);
    });
  });
});
