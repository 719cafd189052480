import { type CallResult } from '../wire/call-result.ts';
import { InvalidRequest } from '../invalid-request.ts';
import { isOutTradeNo } from '../protocol/index.ts';
import { type Judgement } from '../wire/judge.ts';

export interface CloseOrderRequest {
  readonly outTradeNo: string;
}

/** The order can never be paid any more. */
export interface ClosedOrder {
  readonly outTradeNo: string;
}

/**
 * The fields of a close.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_3.
 * @throws InvalidRequest naming the field.
 */
export function closeOrderFields({ outTradeNo }: CloseOrderRequest): Record<string, string> {
  if (!isOutTradeNo(outTradeNo)) throw new InvalidRequest('out_trade_no', 'is not an order number');
  return { out_trade_no: outTradeNo };
}

/**
 * Reads the judged answer: success, or a signed ORDERCLOSED, which says the same of an order closed before. Any other
 * refusal stays one, above all ORDERPAID: money arrived while it was being closed.
 */
export function closedOrder(judgement: Judgement, { outTradeNo }: CloseOrderRequest): CallResult<ClosedOrder> {
  const closed = judgement.kind === 'ok' || (judgement.kind === 'refused' && judgement.code === 'ORDERCLOSED');
  return closed ? { kind: 'ok', value: { outTradeNo } } : judgement;
}
