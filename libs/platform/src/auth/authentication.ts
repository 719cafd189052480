import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { readCookie } from '../http/cookies.ts';
import { byJwks, bySecret, type Identity, unauthenticated, type VerifyToken } from './tokens.ts';

/** Holds the same JWT as the `Authorization` header; believed in demo mode only. */
export const DEMO_COOKIE = 'paypair_demo';
export const AUTH_OPTIONS = Symbol('AUTH_OPTIONS');

export interface AuthOptions {
  /** HS256; at least 32 bytes. */
  secret?: string | undefined;
  /** RS256 or ES256, when there is no secret. */
  jwksUrl?: string | undefined;
  demo: boolean;
}

/** Says who sends a request. */
@Injectable()
export class Authentication {
  private readonly verify: VerifyToken;

  constructor(@Inject(AUTH_OPTIONS) private readonly options: AuthOptions) {
    if (options.secret !== undefined) this.verify = bySecret(options.secret);
    else if (options.jwksUrl !== undefined) this.verify = byJwks(options.jwksUrl);
    else throw new Error('authentication needs a secret or the address of a key set');
  }

  /** `undefined` when the request shows no token. @throws Problem 401 when it shows a bad one */
  async identify(request: Pick<FastifyRequest, 'headers'>): Promise<Identity | undefined> {
    const header = request.headers.authorization;
    if (header !== undefined) {
      const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*) *$/i.exec(header)?.[1];
      if (token === undefined) throw unauthenticated('The Authorization header holds no bearer token.');
      return this.verify(token);
    }
    const cookie = this.options.demo ? readCookie(request, DEMO_COOKIE) : undefined;
    return cookie === undefined ? undefined : this.verify(cookie);
  }

  /** @throws Problem 401 when the request shows no token or a bad one */
  async require(request: Pick<FastifyRequest, 'headers'>): Promise<Identity> {
    const identity = await this.identify(request);
    if (identity === undefined) throw unauthenticated('A bearer token is required.');
    return identity;
  }
}
