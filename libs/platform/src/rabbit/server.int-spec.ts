import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, type INestApplication, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Event, orderRequests, TIMEOUT_TYPE, timeoutInbox } from '#contract';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { amqpUrl, removeTopology, uniqueNames } from '../../../../test/support/services.ts';
import { RabbitClient } from './client.ts';
import { connectRabbit } from './connect-rabbit.ts';
import { RabbitConnection } from './connection.ts';
import { done, type Outcome, park, retry } from './outcome.ts';
import type { ParkedMessage } from './parked-messages.ts';
import { Publisher } from './publisher.ts';
import { RabbitServer } from './server.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';
import { until } from './testing/until.ts';
import { type Topology, topologyOf } from './topology.ts';

const names = uniqueNames();
const RETRY_MS = [100, 200] as const;
/** The real topology with two short retries instead of four long ones. */
const shortRetries = (topology: Topology): Topology => ({
  ...topology,
  inbox: {
    ...topology.inbox,
    retries: RETRY_MS.map((delayMs, i) => {
      const spec = topology.inbox.retries[i]!;
      return { ...spec, delayMs, arguments: { ...spec.arguments, 'x-message-ttl': delayMs } };
    }),
  },
});
const topology = shortRetries(topologyOf('order', names));
const { inbox } = topology;

/** What the handlers under test do; each test puts in what it needs. */
const handlers = {
  closed: (events: Event<'payment.closed'>[]): Promise<unknown> => Promise.resolve(events.map(() => done)),
  hints: (hints: unknown[]): Promise<unknown> => Promise.resolve(hints),
  request: (data: unknown): Promise<unknown> => Promise.resolve(data),
};

@Controller()
class Handlers {
  @EventPattern('payment.closed')
  closed(events: Event<'payment.closed'>[]): Promise<unknown> {
    return handlers.closed(events);
  }

  @EventPattern<string[]>([
    'payment.succeeded',
    'payment.failed',
    'payment.mismatched',
    'refund.succeeded',
    'refund.failed',
    'refund.abnormal',
  ])
  others(events: Event[]): Promise<Outcome[]> {
    return Promise.resolve(events.map(() => park('not part of these tests')));
  }

  @EventPattern(TIMEOUT_TYPE)
  hints(hints: unknown[]): Promise<unknown> {
    return handlers.hints(hints);
  }

  @MessagePattern<string>('echo')
  request(data: unknown): Promise<unknown> {
    return handlers.request(data);
  }
}

class DatabaseAway extends Error {}
const orderNo = (n: number) => `20261121${String(n).padStart(12, '0')}`;
const body = (n: number, more: object = {}) => ({
  id: `payment.closed:${n}`,
  type: 'payment.closed',
  version: 1,
  time: '2026-11-21T10:00:00.000Z',
  data: { orderNo: orderNo(n), closedAttempts: [] },
  ...more,
});

jest.setTimeout(60_000);

describe('the RabbitMQ transport', () => {
  let direct: ChannelModel;
  let own: ConfirmChannel;
  let proxy: TcpProxy;
  let publishing: RabbitConnection;
  let consuming: RabbitConnection;
  let publisher: Publisher;
  let server: RabbitServer;
  let app: INestApplication;
  let seen: string[];
  let parked: ParkedMessage[];
  let healthy: boolean;

  const start = async (options: { handlerDeadlineMs?: number; watchMs?: number } = {}) => {
    server = new RabbitServer({
      connection: consuming,
      publisher,
      topology,
      hints: { queue: timeoutInbox(names), type: TIMEOUT_TYPE, isHint: (data) => typeof data === 'object' },
      requests: orderRequests(names),
      storeParked: (messages) => Promise.resolve(void parked.push(...messages)),
      healthy: () => Promise.resolve(healthy),
      isInfrastructureTrouble: (error) => error instanceof DatabaseAway,
      maxBatch: 50,
      ...options,
      healthPollMs: { first: 20, most: 50 },
    });
    @Module({ controllers: [Handlers], providers: [{ provide: RabbitServer, useValue: server }] })
    class App {}
    app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter(), { logger: false } as object);
    connectRabbit(app);
    await app.startAllMicroservices();
    await app.init();
    await server.whenConsuming();
  };
  const send = async (...bodies: (object | Buffer)[]) => {
    for (const one of bodies) {
      own.sendToQueue(inbox.queue.name, Buffer.isBuffer(one) ? one : Buffer.from(JSON.stringify(one)));
    }
    await own.waitForConfirms();
  };
  const waiting = async () => {
    const queues = [inbox.queue, inbox.parked, ...inbox.retries];
    const counts = await Promise.all(queues.map(async ({ name }) => (await own.checkQueue(name)).messageCount));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  /** Asked on a channel of its own: the question closes it when there is no such queue. */
  const consumersOf = async (queue: string) => {
    const channel = await direct.createChannel();
    channel.on('error', () => undefined);
    const found = await channel.checkQueue(queue).catch(() => undefined);
    if (found) await channel.close();
    return found?.consumerCount;
  };
  /** Nothing waits in any queue, also not when the consumer gives back what it has not acknowledged. */
  const nothingLeft = async () => {
    await server.close();
    await until('all queues are empty', async () => (await waiting()) === 0);
  };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    direct = await connect(amqpUrl());
    own = await direct.createConfirmChannel();
    proxy = await TcpProxy.before(amqpUrl());
  });
  beforeEach(async () => {
    [seen, parked, healthy] = [[], [], true];
    handlers.closed = (events) => {
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    handlers.hints = () => Promise.resolve(undefined);
    handlers.request = (data) => Promise.resolve(data);
    publishing = new RabbitConnection(amqpUrl(), 'server test publish');
    consuming = new RabbitConnection(proxy.url, 'server test consume');
    publisher = new Publisher(publishing, topology);
    publishing.start();
    consuming.start();
    publisher.start();
    await publisher.whenReady();
  });
  afterEach(async () => {
    proxy.accept();
    await app.close();
    await publisher.close();
    await Promise.all([publishing.close(), consuming.close()]);
    await removeTopology(names);
  });
  afterAll(async () => {
    await proxy.close();
    await direct.close();
  });

  it('hands batches to the handler and acknowledges what is done', async () => {
    const sizes: number[] = [];
    handlers.closed = (events) => {
      sizes.push(events.length);
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    await start();
    await send(...Array.from({ length: 300 }, (_, i) => body(i)));
    await until('all are handled', () => seen.length === 300);
    expect(new Set(seen).size).toBe(300);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    await nothingLeft();
  });

  it('treats each message of a batch by its own outcome', async () => {
    handlers.closed = (events) => {
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(
        events.map(({ id }) => {
          if (id.endsWith(':1')) return park('wrong in itself');
          return id.endsWith(':2') && seen.filter((one) => one === id).length < 2 ? retry('not yet') : done;
        }),
      );
    };
    await start();
    await send(body(0), body(1), body(2), body(3));
    await until('the retried one came again', () => seen.filter((id) => id.endsWith(':2')).length === 2);
    await until('the parked one is stored', () => parked.length === 1);
    expect(parked[0]).toMatchObject({
      messageId: 'payment.closed:1',
      queue: inbox.queue.name,
      type: 'payment.closed',
      reason: 'wrong in itself',
    });
    expect(JSON.parse(parked[0]!.body.toString())).toEqual(body(1));
    expect(seen.filter((id) => !id.endsWith(':2')).sort()).toEqual([0, 1, 3].map((n) => `payment.closed:${n}`));
    await nothingLeft();
  });

  it('B13 parks what still fails after all retries', async () => {
    handlers.closed = (events) => {
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => retry('never')));
    };
    await start();
    await send(body(7));
    await until('it is parked', () => parked.length === 1);
    expect(seen).toHaveLength(RETRY_MS.length + 1);
    expect(parked[0]!.reason).toBe('still failing after all retries: never');
    await nothingLeft();
  });

  it('parks what it cannot read, without disturbing the others', async () => {
    await start();
    await send(
      Buffer.alloc(0),
      Buffer.from('not json'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('null'),
      Buffer.alloc(70_000, '"'),
      body(1, { type: 'payment.unheard' }),
      body(2, { data: { orderNo: 'x' } }),
      body(3),
    );
    await until('seven are parked', () => parked.length === 7);
    await until('the good one is handled', () => seen.length === 1);
    expect(parked.map(({ reason }) => reason).sort()).toEqual(
      [
        'body is not JSON',
        'body is not JSON',
        'body is not UTF-8',
        'body of 70000 bytes',
        'data of payment.closed: orderNo: Invalid string: must match pattern /^[0-9A-Z]{20,26}$/',
        'envelope: body: Invalid input: expected object, received null',
        'unknown type payment.unheard',
      ].sort(),
    );
    await nothingLeft();
  });

  it('waits for a version it does not know, then parks', async () => {
    await start();
    await send(body(1, { version: 2 }));
    await until('it is parked', () => parked.length === 1);
    expect(parked[0]!.reason).toBe('still failing after all retries: version 2 is newer than 1');
    expect(seen).toEqual([]);
    await nothingLeft();
  });

  it('B13 finds the poisonous one when a batch throws', async () => {
    handlers.closed = (events) => {
      if (events.some(({ id }) => id === 'payment.closed:13')) return Promise.reject(new Error('boom'));
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    await start();
    await send(...Array.from({ length: 20 }, (_, i) => body(i)));
    await until('the good ones are handled', () => new Set(seen).size === 19);
    await until('the poisonous one is parked', () => parked.length === 1);
    expect(parked[0]).toMatchObject({
      messageId: 'payment.closed:13',
      reason: 'still failing after all retries: Error: boom',
    });
    await nothingLeft();
  });

  it('C2 pauses while the database is away and parks nothing', async () => {
    let calls = 0;
    handlers.closed = (events) => {
      calls += 1;
      if (!healthy) return Promise.reject(new DatabaseAway());
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    await start();
    healthy = false;
    await send(body(1), body(2), body(3));
    await until('it pauses', () => server.paused);
    await until('the messages are back', async () => (await own.checkQueue(inbox.queue.name)).messageCount === 3);
    const before = calls;
    expect((await own.checkQueue(inbox.queue.name)).consumerCount).toBe(0);
    healthy = true;
    await until('all are handled', () => new Set(seen).size === 3);
    expect(before).toBeLessThanOrEqual(3);
    expect(parked).toEqual([]);
    await nothingLeft();
  });

  it('asks the health check when an error does not say what it is', async () => {
    handlers.closed = (events) => {
      if (!healthy) return Promise.reject(new Error('something'));
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    await start();
    healthy = false;
    await send(body(1));
    await until('it pauses', () => server.paused);
    healthy = true;
    await until('it is handled', () => seen.length === 1);
    expect(parked).toEqual([]);
  });

  it('B14 gives a batch back whose handler takes too long', async () => {
    let calls = 0;
    handlers.closed = (events) => {
      calls += 1;
      if (calls === 1) return new Promise(() => undefined);
      seen.push(...events.map(({ id }) => id));
      return Promise.resolve(events.map(() => done));
    };
    await start({ handlerDeadlineMs: 200 });
    await send(body(1));
    await until('it came again', () => seen.length === 1);
    await nothingLeft();
  });

  it('B8 comes back when its queue is deleted', async () => {
    await start();
    await own.deleteQueue(inbox.queue.name);
    await until('it consumes again', async () => (await consumersOf(inbox.queue.name)) === 1);
    own.publish(names.paymentExchange, 'payment.closed', Buffer.from(JSON.stringify(body(1))));
    await until('it is handled', () => seen.length === 1);
    await nothingLeft();
  });

  it('B8 comes back when its queue is deleted and at once declared by someone else', async () => {
    await start({ watchMs: 50 });
    await own.deleteQueue(inbox.queue.name);
    await own.assertQueue(inbox.queue.name, { arguments: inbox.queue.arguments });
    await send(body(1));
    await until('it is handled', () => seen.length === 1);
    await nothingLeft();
  });

  it('acknowledges nothing on a connection that did not deliver it', async () => {
    let finish: () => void = () => undefined;
    handlers.closed = async (events) => {
      seen.push(...events.map(({ id }) => id));
      if (seen.length === 1) await new Promise<void>((resolve) => (finish = resolve));
      return events.map(() => done);
    };
    await start();
    await send(body(1));
    await until('the handler runs', () => seen.length === 1);
    proxy.cut();
    await until('the broker has it back', async () => (await own.checkQueue(inbox.queue.name)).messageCount === 1);
    finish();
    await until('it came again', () => seen.length === 2);
    await send(body(2));
    await until('consumption goes on', () => seen.includes('payment.closed:2'));
    await nothingLeft();
  });

  it('B6 survives connections cut again and again without losing a message', async () => {
    await start();
    const all = Array.from({ length: 500 }, (_, i) => body(i));
    for (let i = 0; i < all.length; i += 100) {
      await send(...all.slice(i, i + 100));
      proxy.cut();
    }
    await until('all are handled', () => new Set(seen).size === 500);
    await until('it consumes', () => server.consuming);
    await nothingLeft();
  });

  it('finishes and acknowledges the running batch when it is closed', async () => {
    let finish: () => void = () => undefined;
    handlers.closed = async (events) => {
      seen.push(...events.map(({ id }) => id));
      await new Promise<void>((resolve) => (finish = resolve));
      return events.map(() => done);
    };
    await start();
    await send(body(1));
    await until('the handler runs', () => seen.length === 1);
    const closed = server.close();
    await until('it takes no more', () => !server.consuming);
    await send(body(2));
    finish();
    await closed;
    expect(seen).toEqual(['payment.closed:1']);
    await until('only the later one waits', async () => (await waiting()) === 1);
  });

  it('hands hints over and acknowledges them whatever comes of it', async () => {
    const got: unknown[] = [];
    handlers.hints = (hints) => {
      got.push(...hints);
      return Promise.reject(new Error('no such order'));
    };
    await start();
    own.sendToQueue(timeoutInbox(names).name, Buffer.from('garbage'));
    own.sendToQueue(timeoutInbox(names).name, Buffer.from(`{"orderNo":"${orderNo(1)}"}`));
    await until('the readable one is handed over', () => got.length === 1);
    await server.close();
    await until('both are gone', async () => (await own.checkQueue(timeoutInbox(names).name)).messageCount === 0);
  });

  it('refuses to start when a type of its inbox has no handler', async () => {
    await start();
    const bare = new RabbitServer({
      connection: consuming,
      publisher,
      topology,
      storeParked: () => Promise.resolve(),
      healthy: () => Promise.resolve(true),
      isInfrastructureTrouble: () => false,
    });
    const answer: unknown[] = [];
    bare.listen((error) => answer.push(error));
    expect(String(answer[0])).toMatch('no handler for payment.succeeded');
  });

  describe('request and response', () => {
    let client: RabbitClient;
    const ask = (options: ConstructorParameters<typeof RabbitClient>[2] = {}) => {
      client = new RabbitClient(publishing, orderRequests(names), options);
      client.start();
      return client.whenReady();
    };
    afterEach(() => client.close());

    it('answers with what the handler answers', async () => {
      await start();
      await ask();
      const answers = await Promise.all([1, 2, 3].map((n) => client.request('echo', { n })));
      expect(answers).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    it('refuses when the handler throws or is unknown, and tells nothing of the reason', async () => {
      handlers.request = () => Promise.reject(new Error('secret'));
      await start();
      await ask();
      const failed = await client.request('echo', {}).catch((error: unknown) => error);
      expect(failed).toMatchObject({ name: 'RequestFailed', reason: 'refused' });
      expect(String(failed)).not.toMatch('secret');
      await expect(client.request('nothing', {})).rejects.toMatchObject({ reason: 'refused' });
      await expect(client.request('payment.closed', {})).rejects.toMatchObject({ reason: 'refused' });
    });

    it('ends after its deadline, and takes no more than it may', async () => {
      let finish: () => void = () => undefined;
      handlers.request = () => new Promise<void>((resolve) => (finish = resolve));
      await start();
      await ask({ deadlineMs: 100, maxInFlight: 1 });
      const first = client.request('echo', {});
      await expect(client.request('echo', {})).rejects.toMatchObject({ reason: 'full' });
      await expect(first).rejects.toMatchObject({ reason: 'timeout' });
      finish(); // An answer nobody waits for any more is dropped.
      handlers.request = (data) => Promise.resolve(data);
      await client.close();
      await ask();
      expect(await client.request('echo', { n: 1 })).toEqual({ n: 1 });
    });

    it('fails at once when the queue or the connection is missing', async () => {
      await start();
      await ask();
      await server.close();
      await own.deleteQueue(orderRequests(names).name);
      await expect(client.request('echo', {})).rejects.toMatchObject({ reason: 'returned' });
      await client.close();
      await expect(client.request('echo', {})).rejects.toMatchObject({ reason: 'closed' });
    });
  });
});
