import http from 'node:http';
import https from 'node:https';
import { type SecureContext } from 'node:tls';
import { MAX_XML_BYTES } from '../protocol/index.ts';
import { type Deadline } from './deadline.ts';

/** Why nothing usable came over the wire. */
export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: string;
  /** Whether the same call can help later. */
  readonly retryable: boolean;
  /** Whether anything of the request may have reached the other side. */
  readonly sent: boolean;
}

/** A whole answer, or why there is none. */
export type Exchange = { readonly kind: 'answer'; readonly body: Buffer } | NoAnswer;

/** An answer that has begun, HTTP 200, to be read by the taker. */
export type Opened = { readonly kind: 'response'; readonly response: http.IncomingMessage } | NoAnswer;

// An idle connection is given up before usual servers (5 s) close it: a request sent into a closing connection would
// be one more unknown outcome.
const IDLE_MS = 4_000;
const ERROR_PAGE_BYTES = 4_096;

type Finish<T> = (result: T | Omit<NoAnswer, 'sent'>) => void;

/**
 * One base URL that XML is posted to, over connections that are kept alive. Never throws for what the wire does.
 * Connecting has its own deadline; answers above 64 KiB, redirects and any status but 200 are no answers: WeChat Pay
 * decides with HTTP 200 and content only (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_1).
 */
export class Host {
  private readonly baseUrl: URL;
  private readonly connectMs: number;
  private readonly agent: http.Agent;

  /** @param secureContext roots and, for calls that need one, the merchant's certificate; without it Node's roots. */
  constructor(baseUrl: URL, connectMs: number, secureContext?: SecureContext) {
    this.baseUrl = baseUrl;
    this.connectMs = connectMs;
    const options = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 };
    this.agent =
      baseUrl.protocol === 'https:' ? new https.Agent({ ...options, secureContext }) : new http.Agent(options);
  }

  /** Posts one message and reads the whole answer. */
  post(path: string, xml: string, deadline: Deadline, connectMs?: number): Promise<Exchange> {
    return this.request<Extract<Exchange, { kind: 'answer' }>>(path, xml, deadline, readAll, connectMs);
  }

  /** Posts one message and hands out the answer as soon as it begins; the taker reads or destroys it. */
  open(path: string, xml: string, deadline: Deadline, connectMs?: number): Promise<Opened> {
    const hand = (response: http.IncomingMessage, finish: Finish<Extract<Opened, { kind: 'response' }>>) =>
      finish({ kind: 'response', response });
    return this.request<Extract<Opened, { kind: 'response' }>>(path, xml, deadline, hand, connectMs);
  }

  /** Closes the idle connections. */
  close(): void {
    this.agent.destroy();
  }

  private request<T extends { kind: string }>(
    path: string,
    xml: string,
    deadline: Deadline,
    take: (response: http.IncomingMessage, finish: Finish<T>) => void,
    connectMs = this.connectMs,
  ): Promise<T | NoAnswer> {
    const over = deadline.over();
    if (over !== undefined) return Promise.resolve({ ...none(over), sent: false });
    return new Promise((resolve) => {
      let sent = false;
      const request = this.start(path, xml);
      const finish = (result: T | Omit<NoAnswer, 'sent'>) => {
        stop();
        resolve(isNone(result) ? { ...result, sent } : result);
        if (isNone(result)) request.destroy();
      };
      const stop = deadline.onOver((why) => finish(none(why)));
      request.on('error', (error) => finish(none(describe(error))));
      request.on('socket', (socket) => {
        // Node sends nothing before the connection stands, so until then another host may be asked instead.
        sent = request.reusedSocket;
        if (!sent)
          this.watchConnecting(
            socket,
            connectMs,
            () => (sent = true),
            () => finish(none('connect deadline')),
          );
      });
      request.on('response', (response) => {
        response.on('error', (error) => finish(none(describe(error))));
        if (response.statusCode === 200) take(response, finish);
        else refuseStatus(response, finish);
      });
      request.end(xml);
    });
  }

  private start(path: string, xml: string): http.ClientRequest {
    const url = new URL(this.baseUrl.pathname.replace(/\/$/, '') + path, this.baseUrl);
    const client = url.protocol === 'https:' ? https : http;
    return client.request(url, {
      method: 'POST',
      agent: this.agent,
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        'content-length': Buffer.byteLength(xml),
        'user-agent': 'paypair',
        accept: '*/*',
      },
    });
  }

  private watchConnecting(socket: NodeJS.Socket, connectMs: number, onReady: () => void, onLate: () => void): void {
    const timer = setTimeout(onLate, connectMs);
    const stop = () => clearTimeout(timer);
    socket.once(this.baseUrl.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      stop();
      onReady();
    });
    socket.once('close', stop);
  }
}

function isNone(result: { kind: string }): result is Omit<NoAnswer, 'sent'> {
  return result.kind === 'none';
}

function readAll(response: http.IncomingMessage, finish: Finish<Extract<Exchange, { kind: 'answer' }>>): void {
  collect(response, MAX_XML_BYTES, (body) =>
    finish(body === undefined ? none('answer above 64 KiB') : { kind: 'answer', body }),
  );
}

function refuseStatus(response: http.IncomingMessage, finish: Finish<never>): void {
  const status = response.statusCode ?? 0;
  if (status !== 400) {
    finish(none(`HTTP ${status}`, status >= 500 || status === 408 || status === 429));
    return;
  }
  // The gateway refuses a missing or foreign merchant certificate with this status and a page of HTML.
  collect(response, ERROR_PAGE_BYTES, (body) => {
    const certificate = body !== undefined && /SSL certificate/i.test(body.toString('latin1'));
    finish(certificate ? none('CERT_ERROR') : none('HTTP 400', false));
  });
}

/** Gathers a body; hands out nothing when it is larger than allowed. */
function collect(response: http.IncomingMessage, maxBytes: number, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) done(undefined);
    else chunks.push(chunk);
  });
  response.on('end', () => done(Buffer.concat(chunks)));
}

function none(reason: string, retryable = true): Omit<NoAnswer, 'sent'> {
  return { kind: 'none', reason, retryable };
}

const CERTIFICATE_ALERT = /^ERR_SSL_.*ALERT.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/;

/** The error's code only: its message would repeat addresses. */
function describe(error: NodeJS.ErrnoException): string {
  const code = error.code ?? 'failed';
  return CERTIFICATE_ALERT.test(code) ? 'CERT_ERROR' : `connection: ${code}`;
}
