import { Problem } from '#platform';
import type { PrepayRefused } from '../flow/prepare-attempt.ts';
import type { StatusAnswer } from '../flow/status.ts';

const refusals = {
  ORDER_PAID: 'The order is paid.',
  ORDER_CLOSED: 'The order is closed.',
  ORDER_EXPIRED: 'The time to pay the order is over.',
  ORDER_CLOSING: 'The order is being closed.',
  ORDER_IN_REVIEW: 'The payment of the order is being looked into.',
  TOO_MANY_ATTEMPTS: 'The way to pay was changed too often; pay in the way that is open, or order again.',
} as const;

/** A way to pay as routes name it: `/weixin/pay/create/<way>`. */
const wayNames = { NATIVE: 'native', JSAPI: 'jsapi', MWEB: 'h5', APP: 'app' } as const;

/** What a flow's refusal is to an HTTP client. */
export function problemOf(answer: PrepayRefused | Exclude<StatusAnswer, { kind: 'status' }>): Problem {
  switch (answer.kind) {
    case 'unknown-order':
      return new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
    case 'order-unreachable':
      return new Problem(503, 'ORDER_UNREACHABLE', 'The order cannot be read now; try again shortly.', {
        retryAfterSeconds: 2,
      });
    case 'refused':
      return new Problem(409, answer.reason, refusals[answer.reason]);
    case 'closing':
      return new Problem(
        409,
        'ATTEMPT_CLOSING',
        'WeChat Pay does not yet let go of the way to pay that is open; pay in that way, or try again later.',
        { retryAfterSeconds: answer.retryAfterMs / 1000, members: { way: wayNames[answer.tradeType] } },
      );
    case 'other-way':
      return new Problem(409, 'OTHER_WAY_OPEN', 'The order is being paid in another way.', {
        members: { way: wayNames[answer.tradeType] },
      });
    case 'way-not-configured':
      return wayNotConfigured(answer.setting);
    case 'wechat-refused':
      return new Problem(502, 'WECHAT_REFUSED', `WeChat Pay refused the payment: ${answer.code}.`, {
        members: { wechatCode: answer.code, wechatText: answer.text },
      });
    case 'wechat-unreachable':
      return new Problem(
        answer.timedOut ? 504 : 502,
        'WECHAT_UNREACHABLE',
        'WeChat Pay gave no clear answer; asking again is safe.',
        { retryAfterSeconds: 2 },
      );
  }
}

/** @param setting the one that is missing */
export const wayNotConfigured = (setting: string): Problem =>
  new Problem(404, 'WAY_NOT_CONFIGURED', `This shop does not take payments in this way: ${setting} is not set.`);
