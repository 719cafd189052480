import { Catch, type ExceptionFilter, type INestApplication, type INestMicroservice } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { throwError } from 'rxjs';
import { RabbitServer } from './server.ts';

/** Hands on what a handler threw. Nest's own filter would replace it by "Internal server error". */
@Catch()
class KeepErrors implements ExceptionFilter {
  catch(error: unknown) {
    return throwError(() => error);
  }
}

/**
 * Connects the app's handlers to RabbitMQ; consumption starts with `app.startAllMicroservices()`, which then rejects
 * when an event type of the inbox has no handler. Call once, before that.
 */
export const connectRabbit = (app: INestApplication): void => {
  // The filter has to stand before the handlers are looked up; hence the deferred initialization.
  const microservice = app.connectMicroservice<MicroserviceOptions>(
    { strategy: app.get(RabbitServer) },
    { deferInitialization: true },
  ) as INestMicroservice & { setIsInitHookCalled: (called: boolean) => void };
  // These hooks are the application's; they must not run twice.
  microservice.setIsInitHookCalled(true);
  microservice.useGlobalFilters(new KeepErrors());
};
