import { Problem } from '#platform';
import type { PrepayAnswer } from '../flow/prepay.ts';
import type { StatusAnswer } from '../flow/status.ts';

const refusals = {
  ORDER_PAID: 'The order is paid.',
  ORDER_CLOSED: 'The order is closed.',
  ORDER_EXPIRED: 'The time to pay the order is over.',
  ORDER_CLOSING: 'The order is being closed.',
  ORDER_IN_REVIEW: 'The payment of the order is being looked into.',
} as const;

/** What a flow's refusal is to an HTTP client. */
export function problemOf(
  answer: Exclude<PrepayAnswer, { kind: 'ready' }> | Exclude<StatusAnswer, { kind: 'status' }>,
): Problem {
  switch (answer.kind) {
    case 'unknown-order':
      return new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
    case 'order-unreachable':
      return new Problem(503, 'ORDER_UNREACHABLE', 'The order cannot be read now; try again shortly.', {
        retryAfterSeconds: 2,
      });
    case 'refused':
      return new Problem(409, answer.reason, refusals[answer.reason]);
    case 'wechat-refused':
      return new Problem(502, 'WECHAT_REFUSED', `WeChat Pay refused the payment: ${answer.code}.`);
    case 'wechat-unreachable':
      return new Problem(
        answer.timedOut ? 504 : 502,
        'WECHAT_UNREACHABLE',
        'WeChat Pay gave no clear answer; asking again is safe.',
        { retryAfterSeconds: 2 },
      );
  }
}
