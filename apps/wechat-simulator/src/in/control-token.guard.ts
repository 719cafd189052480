import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '#platform';

/** The secret that whoever controls the simulator must know. */
export class ControlToken {
  constructor(readonly value: string) {}
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Asks for `X-Control-Token`; compared in constant time. */
@Injectable()
export class ControlTokenGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(token: ControlToken) {
    this.#expected = digest(token.value);
  }

  canActivate(context: ExecutionContext): boolean {
    const given = context.switchToHttp().getRequest<FastifyRequest>().headers['x-control-token'];
    if (typeof given === 'string' && timingSafeEqual(digest(given), this.#expected)) return true;
    throw new Problem(401, 'CONTROL_TOKEN_REQUIRED', 'Send the header X-Control-Token with SIMULATOR_CONTROL_TOKEN.');
  }
}
