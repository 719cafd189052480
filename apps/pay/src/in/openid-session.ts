import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type CookieKind, SealedCookies } from './sealed-cookie.ts';

export class OpenidSettings {
  /** @param appid of the account; an openid means something to it alone */
  constructor(readonly appid: string) {}
}

const OPENID: CookieKind = { name: 'paypair_openid', path: '/', maxAgeSeconds: 12 * 3600 };

/** Who WeChat says is using this browser. It comes from the OAuth step alone, never from anything a page sends. */
@Injectable()
export class OpenidSession {
  constructor(
    private readonly cookies: SealedCookies,
    private readonly settings: OpenidSettings,
  ) {}

  /** Undefined before the OAuth step, when it was too long ago, or was for another appid. */
  async openidOf(request: Pick<FastifyRequest, 'headers'>): Promise<string | undefined> {
    const known = await this.cookies.open(OPENID, request);
    if (known?.['appid'] !== this.settings.appid) return undefined;
    return typeof known['openid'] === 'string' ? known['openid'] : undefined;
  }

  /** The `Set-Cookie` value that keeps an openid of the account's appid. */
  remember(openid: string): Promise<string> {
    return this.cookies.seal(OPENID, { openid, appid: this.settings.appid });
  }
}
