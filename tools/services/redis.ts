/** A private Redis server that keeps its data, with a password, on the loopback interface. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Supervised } from './supervised.ts';

export interface RedisOptions {
  binary: string;
  dir: string;
  logFile: string;
  port: number;
  password: string;
}

export const redisUrl = (password: string, port: number): string => `redis://:${password}@127.0.0.1:${port}`;

/** Starts the server and waits until it answers. */
export async function startRedis(options: RedisOptions): Promise<Supervised> {
  const { dir, port, password } = options;
  mkdirSync(join(dir, 'data'), { recursive: true });
  const config = join(dir, 'redis.conf');
  // The password stands in a file because arguments are visible to everybody on the machine.
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${join(dir, 'data')}"`,
    `requirepass ${password}`,
    'appendonly yes',
    'save ""',
    // Locks and pending orders must not be thrown away silently; a full Redis answers an error and MySQL takes over.
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
  writeFileSync(config, `${settings.join('\n')}\n`, { mode: 0o600 });
  const server = await Supervised.start({
    name: 'redis',
    command: options.binary,
    args: [config],
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
    dir,
    logFile: options.logFile,
  });
  await server.ready(() => answers(redisUrl(password, port)), 30_000);
  return server;
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } finally {
    redis.disconnect();
  }
}
