// The user pays, or does not: an unpaid order becomes SUCCESS at most once, and the ledger has it before anyone knows.
// Next: notify.ts tells the merchant.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { couponSum, type Coupon } from '../domain/coupon.ts';
import { newCouponId, newTransactionId, phoneOpenid } from '../domain/identifiers.ts';
import type { FailedOutcome } from '../domain/ledger-entry.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order, TradeState } from '../domain/order.ts';
import { Close } from './close.ts';
import { Notify } from './notify.ts';
import { Entropy } from './ports.ts';
import { Recorder } from './record.ts';

/**
 * `decline` and `notenough` (the user's balance is too small) change nothing at WeChat; `leave` (the password is never
 * entered: USERPAYING) and `payerror` are seen by a query only; `fail` tells the merchant by a signed
 * `result_code=FAIL`. After all of them the order can still be paid.
 */
export type Outcome = 'pay' | 'decline' | FailedOutcome;

/** What is taken, if not simply the ordered amount. Coupons are part of the amount. */
export interface Taken {
  amountFen?: number | undefined;
  coupons?: readonly { type: Coupon['type']; feeFen: number }[] | undefined;
  /** Who pays; absent: the owner of the phone, or for JSAPI the user the order is for. */
  openid?: string | undefined;
  /**
   * The money was on its way when the order was closed, and arrives all the same: what WeChat Pay does not promise
   * never to do, for tests of a merchant who has given the order up.
   */
  althoughClosed?: boolean | undefined;
}

export type ScanResult = { kind: 'order'; order: Order } | { kind: 'unknown-code' } | { kind: 'expired-code' };

export type PayResult =
  | { kind: 'done'; state: TradeState; transactionId: string | null; paidAt: number | null }
  | { kind: 'already-paid' }
  | { kind: 'coupons-too-high' }
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
   * @param taken another amount than the ordered one is for tests of a merchant's amount check
   */
  async pay(order: Order, outcome: Outcome, taken: Taken = {}): Promise<PayResult> {
    this.close.expireIfDue(order);
    const overtaken = outcome === 'pay' && taken.althoughClosed === true && order.state === 'CLOSED';
    if (!overtaken && !this.book.allows(order, 'capture')) {
      const kind = order.payment ? 'already-paid' : 'already-closed';
      await this.recorder.stored(order.outTradeNo);
      return { kind };
    }
    switch (outcome) {
      case 'pay':
        return this.#capture(order, taken);
      case 'decline':
        break;
      case 'fail':
      case 'payerror':
      case 'notenough':
      case 'leave':
        await this.#fail(order, outcome);
    }
    return { kind: 'done', state: order.state, transactionId: null, paidAt: null };
  }

  async #capture(order: Order, { amountFen, coupons: used, openid }: Taken): Promise<PayResult> {
    const { outTradeNo, totalFee: orderedFee } = order;
    const totalFee = amountFen ?? orderedFee;
    const random = (count: number, alphabet: string): string => this.entropy.text(count, alphabet);
    const coupons = used?.map((coupon) => ({ id: newCouponId(random), ...coupon }));
    if (couponSum(coupons) >= totalFee) return { kind: 'coupons-too-high' };
    const paidAt = this.clock.messageTime();
    const transactionId = newTransactionId(paidAt, random);
    const notice = order.notices.length;
    await this.recorder.record(
      {
        kind: 'captured',
        ...{ outTradeNo, orderedFee, transactionId, totalFee, coupons, paidAt },
        openid: openid ?? order.openid ?? phoneOpenid(order.appid),
        bankType: 'OTHERS',
        paidOn: this.clock.line(),
        ...(order.state === 'CLOSED' && { althoughClosed: true }),
      },
      true,
    );
    this.notify.start(order, notice);
    return { kind: 'done', state: 'SUCCESS', transactionId, paidAt };
  }

  async #fail(order: Order, outcome: FailedOutcome): Promise<void> {
    const notice = order.notices.length;
    await this.recorder.record({ kind: 'attempt-failed', outTradeNo: order.outTradeNo, outcome }, true);
    if (outcome === 'fail') this.notify.start(order, notice);
  }
}
