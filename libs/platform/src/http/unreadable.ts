import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node's parser calls the request; everything else is merely malformed. */
const refusals: Readonly<Record<string, { status: number; code: string; detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'REQUEST_TIMEOUT', detail: 'The request did not arrive in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'HEADERS_TOO_LARGE', detail: 'The headers are longer than 16 KiB.' },
};
const malformed = { status: 400, code: 'BAD_REQUEST', detail: 'The request is not HTTP as it should be.' };

/**
 * Answers bytes that never became a request, in the words of every other refusal (RFC 9457), and hangs up. Nothing of
 * what was sent is repeated.
 */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, ...rest } = refusals[error.code ?? ''] ?? malformed;
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, ...rest });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json; charset=utf-8',
    'cache-control: no-store',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy(error);
}
