import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { hardCookie, readCookie } from '#platform';

export class SealSettings {
  /**
   * @param key 32 bytes that only this service knows
   * @param secure the public address is https, so cookies are for https only
   */
  constructor(
    readonly key: Uint8Array,
    readonly secure: boolean,
  ) {}
}

/** One kind of cookie; its name is sealed in, so that one kind never passes for another. */
export interface CookieKind {
  name: string;
  path: string;
  maxAgeSeconds: number;
}

/** What the server remembers of a browser, kept by the browser: encrypted and authenticated (AES-256-GCM), with an end. */
@Injectable()
export class SealedCookies {
  constructor(private readonly settings: SealSettings) {}

  /** The `Set-Cookie` value. */
  async seal({ name, path, maxAgeSeconds }: CookieKind, claims: Record<string, string | boolean>): Promise<string> {
    const value = await new EncryptJWT(claims)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(name)
      .setExpirationTime(Math.floor(Date.now() / 1000) + maxAgeSeconds)
      .encrypt(this.settings.key);
    return hardCookie(name, value, { maxAgeSeconds, path, secure: this.settings.secure });
  }

  /**
   * `Set-Cookie` values that take back the oldest of many cookies that a browser has, so that `kept` remain.
   * @param names finds the names of all of them
   */
  forgetOldest(
    request: Pick<FastifyRequest, 'headers'>,
    names: RegExp,
    kept: number,
    { path }: Pick<CookieKind, 'path'>,
  ): string[] {
    const found = [...(request.headers.cookie ?? '').matchAll(names)].map(([name]) => name);
    const old = found.slice(0, Math.max(0, found.length - kept));
    return old.map((name) => hardCookie(name, '', { maxAgeSeconds: 0, path, secure: this.settings.secure }));
  }

  /** What was sealed, or undefined when there is none, or none of ours, or its time is over. */
  async open(
    { name }: CookieKind,
    request: Pick<FastifyRequest, 'headers'>,
  ): Promise<Record<string, unknown> | undefined> {
    const value = readCookie(request, name);
    if (value === undefined) return undefined;
    try {
      const { payload } = await jwtDecrypt(value, this.settings.key, {
        audience: name,
        requiredClaims: ['exp'],
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
