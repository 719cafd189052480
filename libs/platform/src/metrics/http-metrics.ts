import type { FastifyInstance } from 'fastify';
import { histogram } from './metrics.ts';

/**
 * Times every request by the pattern of its route, never by its address: order numbers and scanners must not make
 * new series.
 */
export function measureRequests(fastify: FastifyInstance): void {
  const durations = histogram('http_request_duration_seconds', 'Duration of HTTP requests in seconds.', [
    'method',
    'route',
    'status',
  ]);
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}
