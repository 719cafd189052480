import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { orderNo as orderNoSchema } from '#contract';
import { Authentication, hardCookie, isOperator, openPayLink, Problem, readCookie } from '#platform';
import { Attempts } from '../flow/ports.ts';

export class PayAccessSettings {
  /** @param secure the public address is https, so cookies are for https only */
  constructor(
    readonly payLinkSecret: string,
    readonly secure: boolean,
  ) {}
}

const COOKIE = 'paypair_order_';
const COOKIE_SECONDS = 8 * 24 * 3600;
/** A request's header is bounded: of more open orders than this the oldest cookies go. */
const MAX_COOKIES = 30;

/** Decides who may see and pay an order: whoever holds its pay link, or an operator. */
@Injectable()
export class PayAccess {
  constructor(
    private readonly attempts: Attempts,
    private readonly authentication: Authentication,
    private readonly settings: PayAccessSettings,
  ) {}

  /**
   * The order behind a number, for a request that may see it.
   *
   * @throws Problem 403 PAY_LINK_REQUIRED or PAY_LINK_EXPIRED, alike for orders that exist and that do not
   */
  async orderOf(request: FastifyRequest, number: string): Promise<string> {
    const orderNo = await this.orderNo(number);
    const link = this.check(orderNo, tokenOf(request, orderNo));
    if (link === 'valid') return orderNo;
    if (request.headers.authorization !== undefined) {
      const identity = await this.authentication.identify(request);
      if (identity && isOperator(identity)) return orderNo;
    }
    throw link === 'expired'
      ? new Problem(403, 'PAY_LINK_EXPIRED', 'The pay link of this order has expired.')
      : new Problem(403, 'PAY_LINK_REQUIRED', 'Open the pay link of this order first.');
  }

  check(orderNo: string, token: string | undefined): 'valid' | 'expired' | 'invalid' {
    return token === undefined ? 'invalid' : openPayLink(this.settings.payLinkSecret, token, orderNo, new Date());
  }

  /** The same for a request that names a token in its address: the way back has none. */
  cookiesFor(request: FastifyRequest, orderNo: string): string[] {
    const { t } = request.query as { t?: unknown };
    return typeof t === 'string' && this.check(orderNo, t) === 'valid' ? this.cookies(request, orderNo, t) : [];
  }

  /** `Set-Cookie` values that let this browser see the order; the oldest of too many others are taken back. */
  cookies(request: FastifyRequest, orderNo: string, token: string): string[] {
    const { secure } = this.settings;
    const name = COOKIE + orderNo;
    const others = [...(request.headers.cookie ?? '').matchAll(/paypair_order_[0-9A-Z]{20,26}(?==)/g)]
      .map(([found]) => found)
      .filter((found) => found !== name);
    const old = others.slice(0, Math.max(0, others.length - MAX_COOKIES + 1));
    return [
      ...old.map((one) => hardCookie(one, '', { maxAgeSeconds: 0, path: '/', secure })),
      hardCookie(name, token, { maxAgeSeconds: COOKIE_SECONDS, path: '/', secure }),
    ];
  }

  /** An attempt's number is looked up, never parsed. */
  private async orderNo(number: string): Promise<string> {
    if (orderNoSchema.safeParse(number).success) return number;
    return (await this.attempts.find(number))?.payable.orderNo ?? number;
  }
}

function tokenOf(request: FastifyRequest, orderNo: string): string | undefined {
  const header = request.headers['x-pay-token'];
  if (typeof header === 'string') return header;
  const { t } = request.query as { t?: unknown };
  return typeof t === 'string' ? t : readCookie(request, COOKIE + orderNo);
}
