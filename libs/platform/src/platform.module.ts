import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { Health } from './health/health.ts';
import { HealthController } from './health/health.controller.ts';
import { MetricsController } from './metrics/metrics.controller.ts';
import { Shutdown } from './work/shutdown.ts';

/** What every module of an app may inject: {@link Health} and {@link Shutdown}; and the routes of health and metrics. */
@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [Health, Shutdown],
  exports: [Health, Shutdown],
})
export class PlatformModule {
  /** The root of an app: the platform around the app's own module. */
  static around(module: Type | DynamicModule): DynamicModule {
    return { module: AppRoot, imports: [PlatformModule, module] };
  }
}

@Module({})
class AppRoot {}
