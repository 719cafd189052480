import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import { endpointNames, FaultPlan, type EndpointName } from '../domain/fault-plan.ts';
import { refusalXml } from './envelope.ts';
import { Gateway } from './gateway.ts';
import { refusals } from './texts.ts';

const BODY_LIMIT = 64 * 1024;
const RAW = 'application/octet-stream';
const BAD_GATEWAY_PAGE = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

/**
 * The paths of WeChat Pay, in a corner of their own: bodies come as raw bytes whatever their content type says, and
 * every answer is XML with HTTP 200, also to what nobody can read. Faults that concern the connection happen here.
 */
@Injectable()
export class GatewayRoutes implements OnModuleInit {
  readonly #log = new Logger('gateway');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly gateway: Gateway,
    private readonly faults: FaultPlan,
  ) {}

  async onModuleInit(): Promise<void> {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    await fastify.register((corner, _options, done) => {
      corner.removeAllContentTypeParsers();
      corner.addContentTypeParser(RAW, { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, parsed) => {
        parsed(null, body);
      });
      corner.addHook('onRequest', (request, _reply, next) => {
        request.raw.headers['content-type'] = RAW; // also in place of one that Fastify would not accept
        next();
      });
      corner.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
        if ((error.statusCode ?? 500) < 500) return sendXml(reply, refusalXml(refusals.notXml));
        this.#log.error(`No answer: ${error.message}`);
        return reply.code(500).type('text/html').send(BAD_GATEWAY_PAGE);
      });
      for (const endpoint of endpointNames) {
        corner.route({
          method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
          url: `/pay/${endpoint}`,
          handler: (request, reply) => this.#handle(endpoint, request, reply),
        });
      }
      done();
    });
  }

  async #handle(endpoint: EndpointName, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.method !== 'POST') return sendXml(reply, refusalXml(refusals.onlyPost));
    const fault = this.faults.nextRequest(endpoint);
    if (fault.refuse !== undefined) return reply.code(fault.refuse).type('text/html').send(BAD_GATEWAY_PAGE);
    if (fault.hangMs !== undefined) {
      await wait(fault.hangMs, undefined, { ref: false });
      return cut(reply);
    }
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const xml = await this.gateway.answer(endpoint, raw, fault);
    if (fault.answerAfterMs !== undefined) await wait(fault.answerAfterMs, undefined, { ref: false });
    return fault.dropAnswer ? cut(reply) : sendXml(reply, xml);
  }
}

/** The real gateway calls its XML `text/plain`; clients must go by the content. */
const sendXml = (reply: FastifyReply, xml: string): FastifyReply =>
  reply.code(200).type('text/plain; charset=utf-8').send(xml);

/** Ends the connection without an answer. */
function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
