import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import { CallCounts } from '../domain/call-counts.ts';
import { FaultPlan } from '../domain/fault-plan.ts';
import { endpointNames, type EndpointName } from '../domain/faults.ts';
import { cut, undone } from './broken-connections.ts';
import { ClientCertificate } from './client-certificate.ts';
import { refusalXml } from './envelope.ts';
import { Gateway } from './gateway.ts';
import { ReachableAs } from './local.guard.ts';
import { OwnPort } from './own-port.ts';
import { refusals } from './texts.ts';
import { BAD_GATEWAY_PAGE } from './wrong-answers.ts';

const BODY_LIMIT = 64 * 1024;
const RAW = 'application/octet-stream';
const NO_CERTIFICATE_PAGE =
  '<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n' +
  '<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n' +
  '</body>\r\n</html>\r\n';

/** Which calls are where; those below `/secapi` want the merchant's certificate. */
export const paths: Readonly<Record<EndpointName, string>> = {
  unifiedorder: '/pay/unifiedorder',
  orderquery: '/pay/orderquery',
  closeorder: '/pay/closeorder',
  refund: '/secapi/pay/refund',
  refundquery: '/pay/refundquery',
  downloadbill: '/pay/downloadbill',
  shorturl: '/tools/shorturl',
};

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
    private readonly certificate: ClientCertificate,
    private readonly reachable: ReachableAs,
    private readonly port: OwnPort,
    private readonly calls: CallCounts,
  ) {}

  /** Not awaited: waiting would start the server before Nest has set the error handler that /control needs. */
  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((corner, _options, done) => {
      corner.removeAllContentTypeParsers();
      corner.addContentTypeParser(RAW, { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, parsed) => {
        parsed(null, body);
      });
      corner.addHook('onRequest', (request, _reply, next) => {
        request.raw.headers['content-type'] = RAW; // also in place of one that Fastify would not accept
        next();
      });
      corner.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
        if ((error.statusCode ?? 500) < 500) return sendAnswer(reply, refusalXml(refusals.notXml));
        this.#log.error(`No answer: ${error.message}`);
        return reply.code(500).type('text/html').send(BAD_GATEWAY_PAGE);
      });
      for (const endpoint of endpointNames) {
        corner.route({
          method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
          url: paths[endpoint],
          handler: (request, reply) => this.#handle(endpoint, request, reply),
        });
      }
      done();
    });
  }

  async #handle(endpoint: EndpointName, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (paths[endpoint].startsWith('/secapi/') && !this.certificate.isSentWith(request.raw)) {
      return reply.code(400).type('text/html').send(NO_CERTIFICATE_PAGE);
    }
    if (request.method !== 'POST') return sendAnswer(reply, refusalXml(refusals.onlyPost));
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    reply.raw.once('close', this.calls.begin(endpoint, numberIn(raw)));
    const about = this.faults.knowsOrders ? this.gateway.orderNumberIn(raw) : undefined;
    const fault = this.faults.nextRequest(endpoint, about);
    if (await undone(fault, reply)) return reply;
    const answer = await this.gateway.answer(endpoint, raw, fault, this.#addressOf(request));
    if (fault.answerAfterMs !== undefined) await wait(fault.answerAfterMs, undefined, { ref: false });
    if (fault.dropAnswer) return cut(reply);
    if (fault.status !== undefined) void reply.code(fault.status);
    return fault.answer === 'html' ? reply.type('text/html').send(answer) : sendAnswer(reply, answer);
  }

  /** A host name that only leads here by a trick on the merchant's side is no good for his users' browsers. */
  #addressOf({ protocol, host }: FastifyRequest): string {
    return this.reachable.includes(host) ? `${protocol}://${host}` : (this.reachable.publicUrl ?? this.port.url);
  }
}

/** The number that a request is about, read without a parser: it is for counting only. */
const numberIn = (raw: Buffer): string =>
  /<(?:out_refund_no|out_trade_no|refund_id|transaction_id)>(?:<!\[CDATA\[)?([\w|*@-]{1,64})/.exec(
    raw.toString('latin1'),
  )?.[1] ?? '';

/** The real gateway calls its answers `text/plain`; clients must go by the content. */
const sendAnswer = (reply: FastifyReply, answer: string | Buffer): FastifyReply =>
  reply.type('text/plain; charset=utf-8').send(answer);
