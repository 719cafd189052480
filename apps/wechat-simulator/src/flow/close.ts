// Closes an unpaid order, for the merchant or because its time is up; a closed order is never paid again.
// The end of the story: the merchant learns of it by his own query.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { isUnpaid, OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { RuleBook } from '../domain/rules.ts';
import { TimeKeeper } from './keep-time.ts';
import { Recorder } from './record.ts';

export type CloseAnswer = 'closed' | 'paid' | 'unknown' | 'too-early';

@Injectable()
export class Close {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly rules: RuleBook,
    private readonly keeper: TimeKeeper,
    private readonly recorder: Recorder,
  ) {}

  /**
   * What `closeorder` does; closing a closed order is a success (documented as re-entrant for API v3). Resolves when
   * the ledger on disk has it.
   */
  async byMerchant(outTradeNo: string): Promise<CloseAnswer> {
    const order = this.book.byNumber(outTradeNo);
    if (!order) return 'unknown';
    this.expireIfDue(order);
    if (this.book.allows(order, 'close')) {
      if (this.clock.line() - order.createdOn < this.rules.now.closeAfterMs) return 'too-early';
      await this.recorder.record({ kind: 'closed', outTradeNo, by: 'merchant' }, true);
      return 'closed';
    }
    const answer = order.payment ? 'paid' : 'closed';
    await this.recorder.stored(outTradeNo);
    return answer;
  }

  /** WeChat Pay closes it before its time, or the merchant by other means: he learns of it by his query. */
  async byWechat(order: Order): Promise<boolean> {
    this.expireIfDue(order);
    const closes = this.book.allows(order, 'close');
    if (closes) await this.recorder.record({ kind: 'closed', outTradeNo: order.outTradeNo, by: 'wechat' }, true);
    else await this.recorder.stored(order.outTradeNo);
    return closes;
  }

  /** Closes it if its time is up. Every step asks this before it looks at the state, so no millisecond is given away. */
  expireIfDue(order: Order): void {
    if (!isUnpaid(order) || this.clock.line() < order.expiresOn) return;
    // Whoever reports the state waits for the ledger; a failed write is his to meet.
    void this.recorder
      .record({ kind: 'closed', outTradeNo: order.outTradeNo, by: 'expiry' }, true)
      .catch(() => undefined);
  }

  /** Makes sure that it is closed in time. */
  watch(order: Order): void {
    this.keeper.at(order.expiresOn, () => {
      if (this.book.byNumber(order.outTradeNo) === order) this.expireIfDue(order);
    });
  }
}
