import { isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { orderNo, outTradeNo } from '#contract';

/** `outtradeno` of a route: an order number, or the number of one of its attempts. */
export const numberInput = z.union([orderNo, outTradeNo], 'is not an order number');
export const orderNoInput = orderNo;

/** The client's address as WeChat takes it: IPv4 that came through an IPv6 socket is written as IPv4. */
export function clientIp({ ip }: Pick<FastifyRequest, 'ip'>): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(ip)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : ip;
}
