import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Channel } from 'amqplib';
import { createConnection } from 'mysql2/promise';
import { findBinaries } from './binaries.ts';
import { isPortFree } from './ports.ts';
import { PrivateServices } from './private-services.ts';
import { probeMysql, probeRabbitmq, probeRedis } from './probe.ts';
import { until } from './until.ts';
import { LocalEnv } from '../stack/local-env.ts';
import { defaultNames, orderInbox, payInbox, type Inbox } from '#contract';

const START_MS = 120_000;

/** Our processes, found by the folder that stands in their command line. */
const processesOf = (dir: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
      } catch {
        return false;
      }
    });

describe('private services', () => {
  let dir: string;
  let services: PrivateServices;
  let options: Parameters<typeof PrivateServices.open>[0];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'private-services-'));
    const binaries = findBinaries();
    if (!('found' in binaries)) throw new Error(`not installed: ${binaries.missing.join(' ')}`);
    const secrets = await LocalEnv.inMemory().serviceSecrets();
    options = { binaries: binaries.found, dir, logDir: join(dir, 'log'), secrets, names: defaultNames };
    services = await PrivateServices.open(options);
  }, START_MS);

  afterAll(() => services.remove(), START_MS);

  it('answer under the accounts of both apps, and commit to the disk', async () => {
    const { urls } = services;
    expect((await probeMysql(urls.payMysqlUrl)).flushLogAtCommit).toBe(1);
    await probeMysql(urls.orderMysqlUrl);
    expect((await probeRedis(urls.redisUrl)).policy).toBe('noeviction');
    await probeRabbitmq(urls.payAmqpUrl);
    await probeRabbitmq(urls.orderAmqpUrl);
  });

  it('refuse whoever has no password', async () => {
    const without = (url: string) => url.replace(/\/\/[^@]*@/, '//');
    await expect(probeRedis(without(services.urls.redisUrl))).rejects.toThrow();
    await expect(probeRabbitmq(without(services.urls.payAmqpUrl))).rejects.toThrow();
    await expect(probeMysql(without(services.urls.payMysqlUrl))).rejects.toThrow();
  });

  it('keep the database of one app from the other', async () => {
    const pay = await createConnection(services.urls.payMysqlUrl);
    try {
      await pay.query('CREATE TABLE own (id INT PRIMARY KEY)');
      await expect(pay.query('CREATE TABLE paypair_order.foreign_table (id INT)')).rejects.toThrow(/denied/);
      await expect(pay.query('USE paypair_order')).rejects.toThrow(/denied/);
    } finally {
      await pay.end();
    }
  });

  const declareInbox = async (channel: Channel, inbox: Inbox): Promise<void> => {
    await channel.assertExchange(inbox.exchange, 'topic', { durable: true });
    for (const queue of [inbox.parked, inbox.queue, ...inbox.retries]) {
      await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    }
    for (const key of inbox.keys) await channel.bindQueue(inbox.queue.name, inbox.exchange, key);
  };

  const confirmed = async (url: string, exchange: string, key: string): Promise<unknown> => {
    const connection = await connect(url);
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createConfirmChannel();
      const refused = new Promise<unknown>((resolve) => channel.once('error', resolve));
      channel.publish(exchange, key, Buffer.from('{}'), { persistent: true });
      return await Promise.race([
        channel.waitForConfirms().then(
          () => 'confirmed',
          () => refused,
        ),
        refused,
      ]);
    } finally {
      await connection.close().catch(() => undefined);
    }
  };

  it.each(['pay', 'order'] as const)('let %s declare both inboxes at the broker, whoever comes first', async (app) => {
    const connection = await connect(app === 'pay' ? services.urls.payAmqpUrl : services.urls.orderAmqpUrl);
    try {
      const channel = await connection.createChannel();
      await declareInbox(channel, orderInbox(defaultNames));
      await declareInbox(channel, payInbox(defaultNames));
    } finally {
      await connection.close();
    }
  });

  it('let each app write to its own exchange and to queues by name', async () => {
    const { payAmqpUrl, orderAmqpUrl } = services.urls;
    expect(await confirmed(payAmqpUrl, 'payment', 'payment.succeeded')).toBe('confirmed');
    expect(await confirmed(orderAmqpUrl, 'order', 'order.placed')).toBe('confirmed');
    expect(await confirmed(orderAmqpUrl, '', 'order.payments.retry.5000')).toBe('confirmed');
  });

  it('let neither app write to the other one’s exchange', async () => {
    const { payAmqpUrl, orderAmqpUrl } = services.urls;
    expect(String(await confirmed(orderAmqpUrl, 'payment', 'payment.succeeded'))).toMatch(/ACCESS_REFUSED/);
    expect(String(await confirmed(payAmqpUrl, 'order', 'order.placed'))).toMatch(/ACCESS_REFUSED/);
  });

  it(
    'keep data over a crash of the broker and over a stop of all, and leave no process behind',
    async () => {
      await services.kill('rabbitmq');
      await services.start('rabbitmq');
      const port = Number(new URL(services.urls.payMysqlUrl).port);
      await services.stop();
      expect(processesOf(dir)).toEqual([]);
      expect(await isPortFree(port)).toBe(true);

      services = await PrivateServices.open(options);
      const pay = await createConnection(services.urls.payMysqlUrl);
      const [tables] = await pay.query('SHOW TABLES');
      await pay.end();
      expect(tables).toHaveLength(1);
      const broker = await connect(services.urls.orderAmqpUrl);
      const channel = await broker.createChannel();
      // A quorum queue counts again only when its log has been read.
      const waiting = async () => (await channel.checkQueue('order.payments')).messageCount;
      await until('the message is there again', waiting, 30_000);
      await broker.close();
    },
    START_MS,
  );
});
