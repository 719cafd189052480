/**
 * What an integration test gets from the private services that `npm test` started: a schema of its own, a Redis
 * database of its own and names of its own at the broker, so that files can run side by side and in any order.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import {
  defaultNames,
  orderInbox,
  orderRequests,
  payInbox,
  timeoutDelay,
  timeoutInbox,
  type TopologyNames,
} from '#contract';

const REDIS_DATABASES = 16;

function required(name: 'TEST_MYSQL_URL' | 'TEST_AMQP_URL' | 'TEST_REDIS_URL'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with "npm run test:int", which starts the services`);
  return value;
}

const suffix = (): string => randomBytes(5).toString('hex');

/** Runs statements as the database's administrator. */
async function asAdmin(...statements: string[]): Promise<void> {
  const connection = await createConnection(required('TEST_MYSQL_URL'));
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/**
 * An empty schema `<prefix>_<random>` and the URL that opens it with all rights.
 * `drop()` removes it; call it in `afterAll`, after every connection to it is closed.
 */
export async function freshSchema(
  prefix: string,
  characters: 'utf8mb4' | 'latin1' = 'utf8mb4',
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `${prefix}_${suffix()}`;
  await asAdmin(`CREATE DATABASE \`${name}\` CHARACTER SET ${characters}`);
  const url = new URL(required('TEST_MYSQL_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(`DROP DATABASE IF EXISTS \`${name}\``) };
}

/** The broker's URL. What is declared there should use {@link uniqueNames}. */
export function amqpUrl(): string {
  return required('TEST_AMQP_URL');
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * URL of a Redis database that only this Jest worker uses, flushed by this call.
 * Which worker holds which database is written in database 0 with its process id; one of a dead process is taken over.
 * @throws Error when all of them are in use
 */
export async function redisUrl(): Promise<string> {
  const url = new URL(required('TEST_REDIS_URL'));
  url.pathname = '/0';
  const redis = new Redis(url.href, { maxRetriesPerRequest: 1 });
  try {
    for (let index = 1; index < REDIS_DATABASES; index += 1) {
      const key = `paypair:test-database:${index}`;
      const claimed = await redis.set(key, process.pid, 'EX', 3600, 'NX');
      if (!claimed) {
        const owner = Number(await redis.get(key));
        if (owner !== process.pid && isAlive(owner)) continue;
        await redis.set(key, process.pid, 'EX', 3600);
      }
      await redis.select(index);
      await redis.flushdb();
      url.pathname = `/${index}`;
      return url.href;
    }
  } finally {
    redis.disconnect();
  }
  throw new Error(`all ${REDIS_DATABASES - 1} Redis databases are in use by other test processes`);
}

/** Exchange and queue names that no other test uses. */
export function uniqueNames(): TopologyNames {
  const end = suffix();
  return {
    paymentExchange: `${defaultNames.paymentExchange}-${end}`,
    orderExchange: `${defaultNames.orderExchange}-${end}`,
    orderQueue: `${defaultNames.orderQueue}-${end}`,
    payQueue: `${defaultNames.payQueue}-${end}`,
  };
}

/** Removes what was declared under `names`, with the delay queues of `delaysMs`; what is not there is no error. */
export async function removeTopology(names: TopologyNames, delaysMs: readonly number[] = []): Promise<void> {
  const connection = await connect(amqpUrl());
  try {
    const channel = await connection.createChannel();
    for (const inbox of [orderInbox(names), payInbox(names)]) {
      for (const queue of [inbox.queue, inbox.parked, ...inbox.retries]) await channel.deleteQueue(queue.name);
    }
    const others = [
      orderRequests(names),
      timeoutInbox(names),
      ...delaysMs.map((delayMs) => timeoutDelay(names, delayMs)),
    ];
    for (const queue of others) await channel.deleteQueue(queue.name);
    await channel.deleteExchange(names.paymentExchange);
    await channel.deleteExchange(names.orderExchange);
  } finally {
    await connection.close();
  }
}
