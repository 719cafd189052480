import { Logger, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { redisUrl } from '../../../../test/support/services.ts';
import { startApp } from '../http/start-app.ts';
import { createLogger } from '../log/logger.ts';
import { RedisModule } from './redis.module.ts';
import { openRedis, Redis, tryRedis } from './redis.ts';

const warnings: string[] = [];
beforeAll(() => {
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (_error: unknown, { event }: { event: string }) => void warnings.push(event),
  });
});
afterAll(() => {
  Logger.overrideLogger(false);
});

describe('tryRedis', () => {
  it('answers what Redis answers', async () => {
    const redis = openRedis(await redisUrl());
    await new Promise((resolve) => redis.once('ready', resolve));
    expect(await tryRedis(redis, (r) => r.set('key', 'value'))).toBe('OK');
    expect(await tryRedis(redis, (r) => r.get('key'))).toBe('value');
    expect(await tryRedis(redis, (r) => r.get('nothing'))).toBeNull();
    redis.disconnect();
  });

  it('D1 answers undefined when nobody listens, and logs the outage once', async () => {
    warnings.length = 0;
    const redis = openRedis('redis://127.0.0.1:1');
    await new Promise((resolve) => redis.once('close', resolve));
    expect(await tryRedis(redis, (r) => r.get('key'))).toBeUndefined();
    expect(await tryRedis(redis, (r) => r.get('key'))).toBeUndefined();
    expect(warnings).toEqual(['redis.away']);
    redis.disconnect();
  });

  it('logs the next outage too when the connection has stood through the one before, as when a replica takes over', async () => {
    warnings.length = 0;
    const redis = openRedis(await redisUrl());
    await new Promise((resolve) => redis.once('ready', resolve));
    const refuse = () => tryRedis(redis, (r) => r.call('NO_SUCH_COMMAND'));
    const clock = jest.spyOn(performance, 'now');
    try {
      for (const at of [0, 10_000, 65_000, 120_000, 200_000]) {
        clock.mockReturnValue(1_000_000 + at);
        expect(await refuse()).toBeUndefined();
      }
    } finally {
      clock.mockRestore();
    }
    // The last one came more than a minute after the one before it.
    expect(warnings).toEqual(['redis.away', 'redis.away']);
    redis.disconnect();
  });

  it('D4 answers undefined when the server accepts and says nothing', async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => {
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const redis = openRedis(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await new Promise((resolve) => redis.once('connect', resolve));
    expect(await tryRedis(redis, (r) => r.get('key'))).toBeUndefined();
    // Several may follow each other in one request.
    expect(redis.options.commandTimeout).toBeLessThanOrEqual(500);
    redis.disconnect();
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => silent.close(resolve));
  });
});

it('an app without Redis is degraded, with it ready', async () => {
  for (const [redis, expected] of [
    ['redis://127.0.0.1:1', { status: 'degraded', checks: { redis: 'down' } }],
    [await redisUrl(), { status: 'ready', checks: { redis: 'up' } }],
  ] as const) {
    @Module({ imports: [RedisModule.forRoot({ url: redis })] })
    class AppModule {}
    const logger = createLogger('test', 'silent');
    const { app, url, close } = await startApp(AppModule, {
      name: 'app',
      port: 0,
      logger,
      openapi: false,
      signals: false,
    });
    const client = app.get(Redis);
    if (expected.status === 'ready' && client.status !== 'ready')
      await new Promise((resolve) => client.once('ready', resolve));
    const response = await fetch(`${url}/health/ready`);
    expect([response.status, await response.json()]).toEqual([200, expected]);
    await close();
  }
});
