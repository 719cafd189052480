import { type CallHandler, type ExecutionContext, Injectable, Logger, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Observable, throwError, timeout } from 'rxjs';
import { Problem } from './problem.ts';

/** How long a route, or every route of a controller, may take, in milliseconds, when that is not what its app allows: `@AnswerWithin(14_000)`. */
export const AnswerWithin = Reflector.createDecorator<number>();

/**
 * No request hangs: what takes longer is answered 503. The handler goes on, because what it has begun cannot be taken
 * back; so whoever repeats the request must be able to do so, with the same number or key.
 *
 * Deadlines of single steps (a statement, a call) add up when several come one after the other, or wait for each other.
 */
@Injectable()
export class Deadlines implements NestInterceptor {
  private readonly logger = new Logger('http');

  constructor(
    private readonly reflector: Reflector,
    private readonly withinMs: number,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const places = [context.getHandler(), context.getClass()];
    const ms = this.reflector.getAllAndOverride<number | undefined>(AnswerWithin.KEY, places);
    return next.handle().pipe(
      timeout({
        first: ms ?? this.withinMs,
        with: () => {
          const { method, url } = context.switchToHttp().getRequest<FastifyRequest>();
          this.logger.warn({ event: 'request.late', method, path: url.split('?', 1)[0] });
          return throwError(
            () =>
              new Problem(503, 'UNAVAILABLE', 'This takes too long just now; try again shortly.', {
                retryAfterSeconds: 2,
              }),
          );
        },
      }),
    );
  }
}
