import { Refuses } from '#platform';
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

/** Every refusal of a way to pay, for the API's description. */
export const Refusals = (): MethodDecorator & ClassDecorator =>
  Refuses({
    403: 'PAY_LINK_REQUIRED, PAY_LINK_EXPIRED; jsapi: OPENID_REQUIRED, with `authorizeUrl` to send the browser to',
    404: 'ORDER_NOT_FOUND, WAY_NOT_CONFIGURED',
    409:
      'ORDER_PAID, ORDER_CLOSED, ORDER_EXPIRED, ORDER_CLOSING, ORDER_IN_REVIEW, TOO_MANY_ATTEMPTS; ATTEMPT_CLOSING, with ' +
      'the `way` that is still open and Retry-After',
    502: 'WECHAT_REFUSED, with `wechatCode` and `wechatText`; WECHAT_UNREACHABLE, safe to repeat',
    503: 'ORDER_UNREACHABLE, UNAVAILABLE',
    504: 'WECHAT_UNREACHABLE, safe to repeat',
  });

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
