// Takes money back from the merchant: a refund is accepted at once, ends later and only once, and all of an order's
// refunds together never exceed what was paid. Next: notify.ts tells the merchant how it ended.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { newRefundId } from '../domain/identifiers.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { couponParts, refundRefusal, type RefundRefusal } from '../domain/refund-limits.ts';
import type { Refund, RefundAccount, RefundEnd } from '../domain/refund.ts';
import { RuleBook } from '../domain/rules.ts';
import { TimeKeeper } from './keep-time.ts';
import { Notify } from './notify.ts';
import { Entropy } from './ports.ts';
import { Recorder } from './record.ts';

export interface RefundRequest {
  transactionId?: string | undefined;
  outTradeNo?: string | undefined;
  outRefundNo: string;
  totalFee: number;
  refundFee: number;
  account: RefundAccount;
  notifyUrl?: string | undefined;
}

export type RefundAnswer =
  | { kind: 'accepted'; order: Order; refund: Refund }
  | { kind: RefundRefusal | 'unknown-order' | 'other-fee' | 'other-order' };

@Injectable()
export class RefundOrder {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly rules: RuleBook,
    private readonly keeper: TimeKeeper,
    private readonly notify: Notify,
    private readonly recorder: Recorder,
    private readonly entropy: Entropy,
  ) {}

  /** The same number with the same content is the same refund. Resolves when the ledger on disk has it. */
  async accept(request: RefundRequest): Promise<RefundAnswer> {
    const order =
      request.transactionId === undefined
        ? this.book.byNumber(request.outTradeNo ?? '')
        : this.book.byTransaction(request.transactionId);
    if (!order) return { kind: 'unknown-order' };
    const known = this.book.byRefund(request.outRefundNo);
    if (known) return this.#again(known, order, request);
    const refusal = refundRefusal(order, request, this.clock.line());
    if (refusal) return { kind: refusal };
    const { outRefundNo, totalFee, refundFee, account } = request;
    const { refundAfterMs, refundEndsAs, refundNotifyUrl } = this.rules.now;
    const [acceptedAt, acceptedOn] = [this.clock.messageTime(), this.clock.line()];
    const coupons = couponParts(order, refundFee);
    const written = this.recorder.record(
      {
        kind: 'refunded',
        outTradeNo: order.outTradeNo,
        ...{ outRefundNo, totalFee, refundFee, account, acceptedAt, acceptedOn },
        refundId: newRefundId(acceptedAt, (count, alphabet) => this.entropy.text(count, alphabet)),
        notifyUrl: request.notifyUrl ?? (refundNotifyUrl === '' ? undefined : refundNotifyUrl),
        coupons: coupons.length > 0 ? coupons : undefined,
        endsOn: acceptedOn + refundAfterMs,
        endsAs: refundEndsAs,
      },
      true,
    );
    const made = this.book.byRefund(outRefundNo);
    if (made) this.watch(made.order, made.refund);
    await written;
    return made ? { kind: 'accepted', ...made } : { kind: 'unknown-order' };
  }

  /** Ends it now; false when it has ended already. Resolves when the ledger on disk has it. */
  async end(order: Order, refund: Refund, status: RefundEnd): Promise<boolean> {
    if (this.book.byNumber(order.outTradeNo) !== order || refund.status !== 'PROCESSING') return false;
    const { outTradeNo } = order;
    const notice = order.notices.length;
    const [endedAt, endedOn] = [this.clock.messageTime(), this.clock.line()];
    const { outRefundNo } = refund;
    await this.recorder.record({ kind: 'refund-ended', outTradeNo, outRefundNo, status, endedAt, endedOn }, true);
    if (order.notices[notice]) this.notify.start(order, notice);
    return true;
  }

  /** Makes sure that it ends in time. */
  watch(order: Order, refund: Refund): void {
    if (refund.status !== 'PROCESSING') return;
    this.keeper.at(refund.endsOn, async () => {
      await this.end(order, refund, refund.endsAs);
    });
  }

  async #again(
    { order, refund }: { order: Order; refund: Refund },
    asked: Order,
    { totalFee, refundFee }: RefundRequest,
  ): Promise<RefundAnswer> {
    await this.recorder.stored(order.outTradeNo);
    if (order !== asked) return { kind: 'other-order' };
    if (refundFee !== refund.refundFee || totalFee !== order.payment?.totalFee) return { kind: 'other-fee' };
    return { kind: 'accepted', order, refund };
  }
}
