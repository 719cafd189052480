import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#platform';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The host names under which phone and control may be reached. */
export class ReachableAs {
  readonly #hosts: ReadonlySet<string>;

  /**
   * @param hosts besides those of this machine
   * @param publicUrl where browsers reach us, if merchants use another address
   */
  constructor(
    readonly hosts: readonly string[],
    readonly publicUrl?: string,
  ) {
    const named = publicUrl === undefined ? hosts : [...hosts, new URL(publicUrl).hostname];
    this.#hosts = new Set([...LOOPBACK, ...named.map((host) => host.toLowerCase())]);
  }

  /** @param host as in the Host header, with or without a port */
  includes(host: string): boolean {
    return URL.canParse(`http://${host}`) && this.#hosts.has(new URL(`http://${host}`).hostname);
  }
}

/**
 * Phone and control are for people and tests on this machine: the Host header must be a loopback name or a configured
 * one (a foreign name that resolves to us would make a foreign page our own), and a browser may change things only
 * from our own pages.
 */
@Injectable()
export class LocalGuard implements CanActivate {
  constructor(private readonly reachable: ReachableAs) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { host = '', origin, 'sec-fetch-site': site } = request.headers;
    if (!this.reachable.includes(host)) {
      throw new Problem(
        403,
        'FOREIGN_HOST',
        'This host name is not served. Repair: use 127.0.0.1, or set SIMULATOR_HOSTS.',
      );
    }
    if (request.method === 'GET' || request.method === 'HEAD') return true;
    const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
    const foreignOrigin = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
    if (foreignSite || foreignOrigin) {
      throw new Problem(403, 'FOREIGN_ORIGIN', 'Pages of other sites may not use this.');
    }
    return true;
  }
}
