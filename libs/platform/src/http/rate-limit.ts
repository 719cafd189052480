import rateLimit from '@fastify/rate-limit';
import { type NestFastifyApplication, RouteConfig } from '@nestjs/platform-fastify';
import { Problem } from './problem.ts';

/**
 * Limits one route per client address: `@RateLimit({ max: 30, perMs: 60_000 })`. Counted in this process, so it holds
 * without Redis and never stops the route because of it; behind n instances a client gets n times as much.
 */
export const RateLimit = ({ max, perMs }: { max: number; perMs: number }): MethodDecorator & ClassDecorator =>
  RouteConfig({ rateLimit: { max, timeWindow: perMs } });

/** Makes {@link RateLimit} work; routes without it are not limited. */
export async function addRateLimit(app: NestFastifyApplication): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) =>
      new Problem(429, 'RATE_LIMITED', 'Too many requests from this address.', {
        retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)),
      }),
  });
}
