// The user pays, or does not: an unpaid order becomes SUCCESS at most once, and the ledger has it before anyone knows.
// Next: notify.ts tells the merchant.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { newTransactionId, PHONE_OPENID } from '../domain/identifiers.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order, TradeState } from '../domain/order.ts';
import { Close } from './close.ts';
import { Notify } from './notify.ts';
import { Entropy } from './ports.ts';
import { Recorder } from './record.ts';

/**
 * `decline` changes nothing at WeChat; `fail` tells the merchant by a signed `result_code=FAIL`; `payerror` is seen by
 * a query only. After all three the order can still be paid.
 */
export type Outcome = 'pay' | 'decline' | 'fail' | 'payerror';

export type ScanResult = { kind: 'order'; order: Order } | { kind: 'unknown-code' } | { kind: 'expired-code' };

export type PayResult =
  | { kind: 'done'; state: TradeState; transactionId: string | null; paidAt: number | null }
  | { kind: 'already-paid' }
  | { kind: 'already-closed' };

@Injectable()
export class Pay {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly close: Close,
    private readonly notify: Notify,
    private readonly recorder: Recorder,
    private readonly entropy: Entropy,
  ) {}

  /** What the camera sees: the order of this code, in whatever state, unless the code is replaced or too old. */
  scan(codeUrl: string): ScanResult {
    const order = this.book.byCode(codeUrl);
    if (!order) return { kind: 'unknown-code' };
    this.close.expireIfDue(order);
    if (this.clock.line() >= order.codeExpiresOn) return { kind: 'expired-code' };
    return { kind: 'order', order };
  }

  /**
   * One atomic step of the order. Resolves when the ledger on disk has it; the notification is on its way then.
   * @param amountFen what is taken instead of the ordered amount, for tests of a merchant's amount check
   */
  async pay(order: Order, outcome: Outcome, amountFen = order.totalFee): Promise<PayResult> {
    this.close.expireIfDue(order);
    if (!this.book.allows(order, 'capture')) {
      const kind = order.state === 'SUCCESS' ? 'already-paid' : 'already-closed';
      await this.recorder.stored(order.outTradeNo);
      return { kind };
    }
    switch (outcome) {
      case 'pay':
        return this.#capture(order, amountFen);
      case 'decline':
        break;
      case 'fail':
      case 'payerror':
        await this.#fail(order, outcome);
    }
    return { kind: 'done', state: order.state, transactionId: null, paidAt: null };
  }

  async #capture(order: Order, totalFee: number): Promise<PayResult> {
    const { outTradeNo, totalFee: orderedFee } = order;
    const paidAt = this.clock.messageTime();
    const transactionId = newTransactionId(paidAt, (count, alphabet) => this.entropy.text(count, alphabet));
    const notice = order.notices.length;
    await this.recorder.record(
      {
        kind: 'captured',
        outTradeNo,
        orderedFee,
        transactionId,
        openid: PHONE_OPENID,
        bankType: 'OTHERS',
        totalFee,
        paidAt,
      },
      true,
    );
    this.notify.start(order, notice);
    return { kind: 'done', state: 'SUCCESS', transactionId, paidAt };
  }

  async #fail(order: Order, outcome: 'fail' | 'payerror'): Promise<void> {
    const notice = order.notices.length;
    await this.recorder.record({ kind: 'attempt-failed', outTradeNo: order.outTradeNo, outcome }, true);
    if (outcome === 'fail') this.notify.start(order, notice);
  }
}
