// Tells the merchant how his refunds stand, in pages of ten; what the disk does not have is not told.
// It changes nothing.
import { Injectable } from '@nestjs/common';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import type { Refund } from '../domain/refund.ts';
import { Recorder } from './record.ts';

/** So many refunds come back by an order's number. */
const PAGE = 10;

/** By the first that is there. */
export interface RefundKey {
  refundId?: string | undefined;
  outRefundNo?: string | undefined;
  transactionId?: string | undefined;
  outTradeNo?: string | undefined;
  offset?: number | undefined;
}

export type RefundsFound =
  | { kind: 'found'; order: Order; refunds: Refund[]; total: number; paged: boolean }
  | { kind: 'unknown' }
  | { kind: 'beyond' };

@Injectable()
export class QueryRefund {
  constructor(
    private readonly book: OrderBook,
    private readonly recorder: Recorder,
  ) {}

  async find(key: RefundKey): Promise<RefundsFound> {
    const one = key.refundId ?? key.outRefundNo;
    const found = one === undefined ? this.#ofOrder(key) : this.#one(one, key.refundId !== undefined);
    if (found.kind === 'found') await this.recorder.stored(found.order.outTradeNo);
    return found;
  }

  #one(number: string, isWechats: boolean): RefundsFound {
    const found = this.book.byRefund(number);
    if (!found || (found.refund.refundId === number) !== isWechats) return { kind: 'unknown' };
    return { kind: 'found', order: found.order, refunds: [{ ...found.refund }], total: 1, paged: false };
  }

  #ofOrder({ transactionId, outTradeNo, offset = 0 }: RefundKey): RefundsFound {
    const order =
      transactionId === undefined ? this.book.byNumber(outTradeNo ?? '') : this.book.byTransaction(transactionId);
    if (!order || order.refunds.length === 0) return { kind: 'unknown' };
    const total = order.refunds.length;
    if (offset >= total) return { kind: 'beyond' };
    const refunds = order.refunds.slice(offset, offset + PAGE).map((refund) => ({ ...refund }));
    return { kind: 'found', order, refunds, total, paged: offset > 0 || total > PAGE };
  }
}
