import http from 'node:http';
import https from 'node:https';
import { MAX_XML_BYTES } from './protocol/index.ts';

/** How long one call may take; a caller's own `deadlineMs` replaces `totalMs`. */
export interface Timeouts {
  readonly connectMs: number;
  readonly totalMs: number;
}

/** What a caller may say about one call: give up when `signal` aborts, or `deadlineMs` milliseconds from now. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

/** What came over the wire: an answer, or why there is none. */
export type Exchange =
  | { readonly kind: 'answer'; readonly body: Buffer }
  | { readonly kind: 'none'; readonly reason: string; readonly retryable: boolean };

// An idle connection is given up before usual servers (5 s) close it: a request sent into a closing connection would
// be one more unknown outcome.
const IDLE_MS = 4_000;

// Timers above this fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Posts XML to one host over connections that are kept alive. Never throws for what the wire does. The connection is
 * given its own deadline; answers above 64 KiB, redirects and any status but 200 are no answers: WeChat Pay decides
 * with HTTP 200 and content only (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=4_1).
 */
export class Transport {
  private readonly baseUrl: URL;
  private readonly timeouts: Timeouts;
  private readonly agent: http.Agent;

  constructor(baseUrl: URL, timeouts: Timeouts) {
    this.baseUrl = baseUrl;
    this.timeouts = timeouts;
    const options = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 };
    this.agent = baseUrl.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }

  /** Posts one message; see Exchange for what may come back. */
  post(path: string, xml: string, { signal, deadlineMs = this.timeouts.totalMs }: CallOptions): Promise<Exchange> {
    if (signal?.aborted === true) return Promise.resolve(none('aborted'));
    if (!(deadlineMs > 0)) return Promise.resolve(none('deadline'));
    return new Promise((resolve) => {
      const request = this.open(path, xml);
      const finish = (exchange: Exchange) => {
        clearTimeout(total);
        signal?.removeEventListener('abort', onAbort);
        resolve(exchange);
        if (exchange.kind === 'none') request.destroy();
      };
      const onAbort = () => finish(none('aborted'));
      const total = setTimeout(() => finish(none('deadline')), Math.min(deadlineMs, LONGEST_TIMER_MS));
      signal?.addEventListener('abort', onAbort, { once: true });
      request.on('error', (error) => finish(none(describe(error))));
      request.on('socket', (socket) => this.limitConnecting(socket, () => finish(none('connect deadline'))));
      request.on('response', (response) => read(response, finish));
      request.end(xml);
    });
  }

  /** Closes the idle connections. */
  close(): void {
    this.agent.destroy();
  }

  private open(path: string, xml: string): http.ClientRequest {
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

  private limitConnecting(socket: NodeJS.Socket & { connecting?: boolean }, onLate: () => void): void {
    if (socket.connecting !== true) return;
    const timer = setTimeout(onLate, this.timeouts.connectMs);
    const stop = () => clearTimeout(timer);
    socket.once(this.baseUrl.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
    socket.once('close', stop);
  }
}

function read(response: http.IncomingMessage, finish: (exchange: Exchange) => void): void {
  response.on('error', (error) => finish(none(describe(error))));
  const status = response.statusCode ?? 0;
  if (status !== 200) {
    const retryable = status >= 500 || status === 408 || status === 429;
    finish(none(`HTTP ${status}`, retryable));
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_XML_BYTES) finish(none('answer above 64 KiB'));
    else chunks.push(chunk);
  });
  response.on('end', () => finish({ kind: 'answer', body: Buffer.concat(chunks) }));
}

function none(reason: string, retryable = true): Exchange {
  return { kind: 'none', reason, retryable };
}

/** The error's code only: its message would repeat addresses. */
function describe(error: NodeJS.ErrnoException): string {
  return `connection: ${error.code ?? 'failed'}`;
}
