import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.ts';
import { Authentication } from './authentication.ts';
import type { Identity } from './tokens.ts';

export const OPERATOR_ROLE = 'operator';
export const isOperator = (identity: Identity): boolean => identity.roles.includes(OPERATOR_ROLE);

type KnownRequest = FastifyRequest & { identity?: Identity };
const requestOf = (context: ExecutionContext): KnownRequest => context.switchToHttp().getRequest<KnownRequest>();

/** Lets in whoever shows a valid token: a buyer, or an operator. 401 otherwise. */
@Injectable()
export class BuyerGuard implements CanActivate {
  constructor(private readonly authentication: Authentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    request.identity = await this.authentication.require(request);
    return true;
  }
}

/** Lets in holders of the role `operator`. 401 without a token, 403 without the role. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(private readonly authentication: Authentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    request.identity = await this.authentication.require(request);
    if (!isOperator(request.identity)) throw new Problem(403, 'FORBIDDEN', 'This needs the role operator.');
    return true;
  }
}

/** Lets in holders of the role `backend`: servers of the merchant, which say who a buyer is. 401, 403 as above. */
@Injectable()
export class BackendGuard implements CanActivate {
  constructor(private readonly authentication: Authentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { roles } = await this.authentication.require(requestOf(context));
    if (!roles.includes('backend')) throw new Problem(403, 'FORBIDDEN', 'This needs the role backend.');
    return true;
  }
}

/** The {@link Identity} that a guard let in. */
export const CurrentBuyer = createParamDecorator((_: unknown, context: ExecutionContext): Identity => {
  const { identity } = requestOf(context);
  if (identity === undefined) throw new Error('@CurrentBuyer() stands on a route without a guard');
  return identity;
});
