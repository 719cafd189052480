import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { failPoint, fastifyOf, protection } from '#platform';
import { NOTIFY_SUCCESS, notifyFail } from '#wechat-pay';
import { Notify, type NotifyReply } from '../flow/notify.ts';
import { RefundNotify } from '../flow/refund-notice.ts';
import { Scan } from '../flow/scan.ts';
import { clientIp } from './input.ts';

type Receive = (raw: Buffer, remoteIp: string) => Promise<NotifyReply>;
const XML = 'text/xml; charset=utf-8';
const MAX_BYTES = 64 * 1024;
const answersAfterCommit = protection('success-after-commit');

/**
 * The addresses WeChat posts payments and refunds to. They stand beside Nest's routes, in a scope of their own: the sign is over the
 * content as it was sent, so the body stays bytes, whatever its content type says; and WeChat understands only its own
 * XML, so every error here is answered in it, with HTTP 200
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_7).
 */
export function addNotifyRoutes(app: NestFastifyApplication): void {
  const [payments, refunds] = [app.get(Notify), app.get(RefundNotify)];
  const routes: Record<string, Receive> = {
    '/weixin/pay/notify/url': (raw, ip) => payments.receive(raw, ip),
    '/weixin/pay/notify/refund': (raw, ip) => refunds.receive(raw, ip),
  };
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
    scope.addHook('onResponse', (request, _reply, next) => {
      failPoint('notify.answered', request.body);
      next();
    });
    scope.setErrorHandler(async (error: { code?: string }, request, reply) => {
      logger.warn({ reason: error.code ?? 'unreadable', ip: clientIp(request) }, 'notification answered FAIL');
      return reply.code(200).type(XML).send(notifyFail('unreadable'));
    });
    for (const [path, receive] of Object.entries(routes)) addRoute(scope, path, receive);
    addScanRoute(scope, app.get(Scan));
    ready();
  });
}

function addRoute(scope: FastifyInstance, path: string, receive: Receive): void {
  scope.post(path, async (request, reply) => {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const receiving = receive(raw, clientIp(request));
    const answer = answersAfterCommit ? await receiving : { kind: 'success' as const };
    if (answer.kind === 'success') failPoint('notify.before-answer', raw);
    return reply
      .code(200)
      .type(XML)
      .send(answer.kind === 'success' ? NOTIFY_SUCCESS : notifyFail(answer.message));
  });
  refuseOtherMethods(scope, path);
}

/** WeChat asks for the order of a scanned product code and waits for it (mode 1); see flow/scan.ts. */
function addScanRoute(scope: FastifyInstance, scan: Scan): void {
  const path = '/weixin/pay/native/callback';
  scope.post(path, async (request, reply) => {
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const answer = await scan.receive(raw, clientIp(request));
    return reply
      .code(200)
      .type(XML)
      .send(answer.kind === 'signed' ? answer.xml : notifyFail(answer.message));
  });
  refuseOtherMethods(scope, path);
}

function refuseOtherMethods(scope: FastifyInstance, path: string): void {
  scope.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: path,
    handler: async (_request, reply) => reply.code(405).header('allow', 'POST').type(XML).send(notifyFail('POST only')),
  });
}
