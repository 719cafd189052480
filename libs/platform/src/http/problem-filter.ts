import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { isInfrastructureTrouble } from '../mysql/trouble.ts';
import { Problem } from './problem.ts';

/** Codes of refusals that the server makes before a controller is reached. */
const codeByStatus: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};
const jsonErrors = /^FST_ERR_CTP_(INVALID_JSON_BODY|EMPTY_JSON_BODY|INVALID_CONTENT_LENGTH)$/;

/** The problem that an error is to a client. Whatever is not made for a client's eyes becomes a bare 500 or 503. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isInfrastructureTrouble(error)) {
    return new Problem(503, 'UNAVAILABLE', 'A service this one needs does not answer; try again shortly.', {
      retryAfterSeconds: 2,
    });
  }
  const source = error instanceof HttpException ? (error.cause ?? error) : error;
  const { code, name } = (source ?? {}) as { code?: unknown; name?: unknown };
  if ((typeof code === 'string' && jsonErrors.test(code)) || (name === 'SyntaxError' && statusOf(error) === 400)) {
    return new Problem(400, 'INVALID_JSON', 'The body is not JSON.');
  }
  const status = statusOf(error);
  const title = STATUS_CODES[status] ?? 'Error';
  return new Problem(status, codeByStatus[status] ?? (status < 500 ? 'REFUSED' : 'INTERNAL'), `${title}.`);
}

/** The client has hung up before its body was here: nothing was begun, and nobody reads the answer. */
const hasLeft = ({ raw }: FastifyRequest): boolean => raw.destroyed && !raw.complete;

const statusOf = (error: unknown): number => {
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
};

/** Writes a problem as RFC 9457 says. */
export function sendProblem(reply: FastifyReply, problem: Problem, instance?: string): void {
  const { errors, members } = problem.extra;
  addHeaders(reply, problem);
  const body = {
    ...members,
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    ...(errors !== undefined && { errors }),
    ...(instance !== undefined && { instance }),
  };
  void reply
    .code(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(body);
}

function addHeaders(reply: FastifyReply, { extra: { retryAfterSeconds, headers } }: Problem): void {
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterSeconds)));
  if (headers !== undefined) void reply.headers(headers);
  void reply.header('cache-control', 'no-store');
}

function sendPage(reply: FastifyReply, problem: Problem, page: string): void {
  addHeaders(reply, problem);
  void reply.code(problem.status).type('text/html; charset=utf-8').send(page);
}

/** What a person sees instead of problem+json: a whole HTML document. */
export type ProblemPage = (problem: Problem, request: FastifyRequest, reply: FastifyReply) => string;

/** A browser that goes somewhere asks for HTML by name; programs and scripts of pages do not. */
const wantsPage = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && /\btext\/html\b/i.test(headers.accept ?? '');

/** Answers everything thrown on the way to and in a controller. 5xx are logged with their cause, which stays inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly page?: ProblemPage) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = hasLeft(request) ? new Problem(400, 'BODY_INCOMPLETE', 'The body ended early.') : toProblem(error);
    const path = request.originalUrl.split('?', 1)[0] ?? '/';
    if (problem.status >= 500 && !(error instanceof Problem)) {
      this.logger.error(error, { event: 'request.failed', method: request.method, path, status: problem.status });
    }
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (this.page && wantsPage(request)) sendPage(reply, problem, this.page(problem, request, reply));
    else sendProblem(reply, problem, path);
  }
}
