import { type CallResult, type Refused, type Unknown, unknown } from '../wire/call-result.ts';
import { type OrderRefundsRequest, type RefundedOrder, type RefundState } from './refund-query.ts';

/** The list of an order's refunds broke off: what was given so far is not all. `result` says why. */
export class RefundsIncomplete extends Error {
  override readonly name = 'RefundsIncomplete';
  readonly result: Refused | Unknown;

  constructor(result: Refused | Unknown) {
    super(`the refunds could not be listed: ${result.kind === 'refused' ? result.code : result.reason}`);
    this.result = result;
  }
}

/**
 * Gives all refunds of an order, page by page, each refund once even when another one is made meanwhile.
 * @throws RefundsIncomplete: an iteration that merely ended would pass for a whole list.
 */
export async function* allRefunds(
  request: OrderRefundsRequest,
  ask: (request: OrderRefundsRequest) => Promise<CallResult<RefundedOrder>>,
): AsyncGenerator<RefundState, void, undefined> {
  const given = new Set<string>();
  let offset = request.offset ?? 0;
  let total = 0;
  for (;;) {
    // The first page is asked for plainly, as for an order with few refunds.
    const answer = await ask(offset === 0 ? { ...request, offset: undefined } : { ...request, offset });
    if (answer.kind !== 'ok') throw new RefundsIncomplete(answer);
    const { refunds, totalRefundCount } = answer.value;
    for (const refund of refunds) {
      if (given.has(refund.refundId)) continue;
      given.add(refund.refundId);
      yield refund;
    }
    offset += refunds.length;
    total = Math.max(total, totalRefundCount);
    if (offset >= total) return;
    if (refunds.length === 0) throw new RefundsIncomplete(unknown('answer with fewer refunds than it says'));
  }
}
