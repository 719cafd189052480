import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { PrepayAnswer, Ready } from '../flow/prepay.ts';
import { problemOf } from './answers.ts';

/** A buyer waits 15 s for a code: WeChat may take 8 of them. */
export const CODE_WITHIN_MS = 14_000;

/** What every way answers beside its own. */
export interface Created {
  out_trade_no: string;
  total_fee: number;
  expires_at: string;
}

const REFUSALS = [
  {
    status: 403,
    description:
      'PAY_LINK_REQUIRED, PAY_LINK_EXPIRED; jsapi: OPENID_REQUIRED, with `authorizeUrl` to send the browser to',
  },
  { status: 404, description: 'ORDER_NOT_FOUND, WAY_NOT_CONFIGURED' },
  {
    status: 409,
    description:
      'ORDER_PAID, ORDER_CLOSED, ORDER_EXPIRED, ORDER_CLOSING, ORDER_IN_REVIEW, TOO_MANY_ATTEMPTS; ATTEMPT_CLOSING, with ' +
      'the `way` that is still open and Retry-After',
  },
  {
    status: 502,
    description: 'WECHAT_REFUSED, with `wechatCode` and `wechatText`; WECHAT_UNREACHABLE, safe to repeat',
  },
  { status: 503, description: 'ORDER_UNREACHABLE, UNAVAILABLE' },
  { status: 504, description: 'WECHAT_UNREACHABLE, safe to repeat' },
] as const;

/** Every refusal of a way to pay, for the API's description. */
export const Refusals = (): MethodDecorator & ClassDecorator =>
  applyDecorators(...REFUSALS.map((refusal) => ApiResponse(refusal)));

/** @throws Problem for what is not ready */
export function made<T extends object>(answer: PrepayAnswer<T>): Ready & T {
  if (answer.kind !== 'ready') throw problemOf(answer);
  return answer;
}

/** In the words of the wire. */
export const created = ({ outTradeNo, totalFee, expiresAt }: Ready): Created => ({
  out_trade_no: outTradeNo,
  total_fee: totalFee,
  expires_at: expiresAt.toISOString(),
});
