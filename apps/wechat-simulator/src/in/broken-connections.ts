/** Faults that show in the connection, whatever is asked. */
import type { FastifyReply } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import type { EndpointFault } from '../domain/faults.ts';
import { BAD_GATEWAY_PAGE } from './wrong-answers.ts';

/** Faults that keep the request from being done; true when one did, and the reply is on its way or never will be. */
export async function undone(
  { cut: isCut, refuse, hangMs }: Pick<EndpointFault, 'cut' | 'refuse' | 'hangMs'>,
  reply: FastifyReply,
): Promise<boolean> {
  if (refuse !== undefined) {
    await reply.code(refuse).type('text/html').send(BAD_GATEWAY_PAGE);
    return true;
  }
  if (hangMs !== undefined) await wait(hangMs, undefined, { ref: false });
  if (hangMs === undefined && !isCut) return false;
  cut(reply);
  return true;
}

/** Ends the connection without an answer. */
export function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
