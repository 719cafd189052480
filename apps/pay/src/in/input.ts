import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { orderNo, outTradeNo } from '#contract';

/** `outtradeno` of a route: an order number, or the number of one of its attempts. */
export const numberInput = z.union([orderNo, outTradeNo], 'is not an order number');
export const orderNoInput = orderNo;

/**
 * The client's address as WeChat takes it, which refuses an order that names anything else: without the port that some
 * proxies write, IPv4 that came through an IPv6 socket as IPv4, and the connection's own where a proxy named no address.
 */
export function clientIp({ ip, socket }: Pick<FastifyRequest, 'ip'> & { socket: { remoteAddress?: string } }): string {
  return addressIn(ip) ?? addressIn(socket.remoteAddress ?? '') ?? '0.0.0.0';
}

/** The address in what a proxy or a device names, as WeChat takes it; undefined when there is none. */
export function addressIn(text: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|([0-9.]+):\d+)$/.exec(text) ?? [];
  const address = (bracketed ?? withPort ?? text).replace(/^::ffff:(?=[0-9.]+$)/i, '');
  return isIP(address) === 0 ? undefined : address;
}
