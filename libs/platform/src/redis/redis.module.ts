import { type DynamicModule, Module } from '@nestjs/common';
import { Health } from '../health/health.ts';
import { Shutdown } from '../work/shutdown.ts';
import { openRedis, Redis } from './redis.ts';

/** Gives an app its `Redis` connection, everywhere. Without Redis an app is degraded, not unready. */
@Module({})
export class RedisModule {
  static forRoot({ url }: { url: string }): DynamicModule {
    const provider = {
      provide: Redis,
      inject: [Health, Shutdown],
      useFactory: (health: Health, shutdown: Shutdown): Redis => {
        const redis = openRedis(url);
        health.register('redis', async () => redis.ping(), { required: false });
        shutdown.on('connections', 'redis', () => redis.disconnect());
        return redis;
      },
    };
    return { module: RedisModule, global: true, providers: [provider], exports: [Redis] };
  }
}
