import { createConnection, createServer } from 'node:net';
import { until } from './until.ts';

const LOOPBACK = '127.0.0.1';

/**
 * Below the ports that systems take for outgoing connections (from 32768 on Linux): a port from there may be gone before
 * a server listens on it.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
/** What this process has handed out, and may not be listened on yet. */
const given = new Set<number>();

/** A TCP port of the loopback interface that nobody listened on a moment ago, and that was not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port)) return port;
  }
}

/** Several different free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Whether a server could listen on `port` of the loopback interface now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

/** Whether someone accepts connections there. */
export function answers(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host, timeout: 1_000 });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** Waits until someone listens on `port`. @throws Error after `withinMs` */
export const portOpens = (port: number, withinMs: number): Promise<unknown> =>
  until(`port ${port} opens`, () => answers(port), withinMs);
