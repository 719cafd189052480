import type { IncomingMessage } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

const PLACE = '/-/bad-address';
/** Status of the refusal, of requests whose address the router cannot read. */
const refused = new WeakMap<IncomingMessage, number>();

/**
 * Fastify's `frameworkErrors`: an address with malformed percent-encoding or with a part that is too long is seen by no
 * hook and no filter. It is routed once more, to a place of its own, so that its refusal is like every other one: with
 * the security headers, and a page for people.
 */
export function routeBadAddress(error: FastifyError, { raw, server }: FastifyRequest, reply: FastifyReply): void {
  refused.set(raw, error.statusCode ?? 400);
  Object.assign(raw, { originalUrl: raw.url, url: PLACE });
  server.routing(raw, reply.raw);
}

/** Makes the place that {@link routeBadAddress} leads to; for everybody else there is nothing. */
export function addBadAddress(fastify: FastifyInstance): void {
  const refuse = ({ raw }: FastifyRequest): never => {
    const status = refused.get(raw);
    if (status === undefined) throw new Problem(404, 'NOT_FOUND', 'Not Found.');
    throw new Problem(status, 'BAD_URL', 'The address is malformed.');
  };
  // Before a body is read.
  fastify.all(PLACE, { onRequest: (request) => Promise.resolve(request).then(refuse) }, refuse);
}
