/** What a careless administrator, or a full machine, does to the servers; each call ends when it is done. */
import { connect, type Channel } from 'amqplib';
import { Redis } from 'ioredis';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { MAX_CONNECTIONS } from '../services/mysql.ts';
import { until } from '../services/until.ts';
import type { Fault } from './plan.ts';
import type { World } from './world.ts';
import { orderInbox, payInbox } from '#contract';

type MysqlHow = Extract<Fault, { kind: 'mysql' }>['how'];
type RabbitHow = Extract<Fault, { kind: 'rabbitmq' }>['how'];

/** The least MariaDB allows. */
const FEW_CONNECTIONS = 10;
const CONNECT_WITHIN_MS = 3_000;
const HEALED_WITHIN_MS = 30_000;

export async function flushRedis({ services }: World): Promise<void> {
  const redis = new Redis(services.urls.redisUrl, { maxRetriesPerRequest: 1, connectTimeout: 2_000 });
  redis.on('error', () => undefined);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** Takes every binding from the inbox of an app. */
export function unbind(world: World, app: 'pay' | 'order'): Promise<void> {
  const inbox = inboxOf(world, app);
  return atBroker(world, async (channel) => {
    for (const key of inbox.keys) await channel.unbindQueue(inbox.queue.name, inbox.exchange, key);
  });
}

/** Puts messages into the inbox of an app that nobody can read. */
export function poison(world: World, app: 'pay' | 'order', messages: number): Promise<void> {
  const inbox = inboxOf(world, app);
  return atBroker(world, async (channel) => {
    for (let index = 0; index < messages; index += 1) {
      const messageId = `poison:${app}:${Date.now()}:${index}`;
      channel.sendToQueue(inbox.queue.name, Buffer.from('{"not": json'), { messageId, persistent: true });
    }
    await Promise.resolve();
  });
}

/** @returns what puts it right again */
export async function tormentMysql(world: World, how: MysqlHow): Promise<() => Promise<void>> {
  const admin = await mysqlAdmin(world);
  try {
    if (how === 'read-only') await admin.query('SET GLOBAL read_only = 1');
    if (how === 'crowded') await admin.query(`SET GLOBAL max_connections = ${FEW_CONNECTIONS}`);
    if (how !== 'read-only') await cutConnections(admin);
  } catch (error) {
    admin.destroy();
    throw error;
  }
  // The same connection heals: in the crowd there may be no room for another.
  return async () => {
    try {
      await setRight(admin);
    } catch {
      await healMysql(world);
    } finally {
      admin.destroy();
    }
  };
}

/** Waits for a free place, and for a server that is only just coming up. */
export function healMysql(world: World): Promise<unknown> {
  return until(
    'MySQL is healed',
    async () => {
      const admin = await mysqlAdmin(world);
      try {
        await setRight(admin);
        return true;
      } finally {
        admin.destroy();
      }
    },
    HEALED_WITHIN_MS,
  );
}

async function setRight(admin: Connection): Promise<void> {
  await admin.query('SET GLOBAL read_only = 0');
  await admin.query(`SET GLOBAL max_connections = ${MAX_CONNECTIONS}`);
}

/** @returns what puts it right again */
export async function tormentRabbitmq({ services }: World, how: RabbitHow): Promise<() => Promise<void>> {
  switch (how) {
    case 'memory-alarm':
      await services.rabbitmqctl('set_vm_memory_high_watermark', '0.00001');
      return () => services.rabbitmqctl('set_vm_memory_high_watermark', '0.4');
    case 'disk-alarm':
      await services.rabbitmqctl('set_disk_free_limit', '100000GB');
      return () => services.rabbitmqctl('set_disk_free_limit', '50MB');
    case 'cut-connections':
      await services.rabbitmqctl('close_all_connections', 'chaos');
      return () => Promise.resolve();
  }
}

/** Kills every connection of the apps at the server; one that has gone by itself meanwhile is none the less gone. */
async function cutConnections(admin: Connection): Promise<void> {
  const [rows] = await admin.query<RowDataPacket[]>(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER IN ('pay', 'order')",
  );
  for (const { id } of rows) await admin.query(`KILL CONNECTION ${Number(id)}`).catch(() => undefined);
}

async function mysqlAdmin({ services }: World): Promise<Connection> {
  const uri = services.urls.adminMysqlUrl ?? '';
  const admin = await createConnection({ uri, connectTimeout: CONNECT_WITHIN_MS });
  admin.on('error', () => undefined);
  return admin;
}

async function atBroker(world: World, work: (channel: Channel) => Promise<void>): Promise<void> {
  const connection = await connect(world.adminAmqpUrl, { timeout: CONNECT_WITHIN_MS });
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    await work(channel);
    await channel.close();
  } finally {
    await connection.close();
  }
}

const inboxOf = ({ names }: World, app: 'pay' | 'order') => (app === 'pay' ? payInbox(names) : orderInbox(names));
