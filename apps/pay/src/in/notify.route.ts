import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { fastifyOf } from '#platform';
import { NOTIFY_SUCCESS, notifyFail } from '#wechat-pay';
import { Notify } from '../flow/notify.ts';
import { clientIp } from './input.ts';

const PATH = '/weixin/pay/notify/url';
const XML = 'text/xml; charset=utf-8';
const MAX_BYTES = 64 * 1024;

/**
 * The address WeChat posts payments to. It stands beside Nest's routes, in a scope of its own: the sign is over the
 * content as it was sent, so the body stays bytes, whatever its content type says; and WeChat understands only its own
 * XML, so every error here is answered in it, with HTTP 200
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_7).
 */
export function addNotifyRoute(app: NestFastifyApplication): void {
  const notify = app.get(Notify);
  const logger = new Logger('notify');
  void fastifyOf(app).register((scope: FastifyInstance, _options, ready) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    // Proxies rewrite it and some senders malform it; the body speaks for itself.
    scope.addHook('onRequest', (request, _reply, next) => {
      request.headers['content-type'] = 'application/octet-stream';
      next();
    });
    scope.setErrorHandler(async (error: { code?: string }, request, reply) => {
      logger.warn({ reason: error.code ?? 'unreadable', ip: clientIp(request) }, 'notification answered FAIL');
      return reply.code(200).type(XML).send(notifyFail('unreadable'));
    });
    scope.post(PATH, async (request, reply) => {
      const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const answer = await notify.receive(raw, clientIp(request));
      return reply
        .code(200)
        .type(XML)
        .send(answer.kind === 'success' ? NOTIFY_SUCCESS : notifyFail(answer.message));
    });
    scope.route({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: PATH,
      handler: async (_request, reply) =>
        reply.code(405).header('allow', 'POST').type(XML).send(notifyFail('POST only')),
    });
    ready();
  });
}
