// Tells the merchant of a payment until he accepts it or the schedule ends; each try and its reply is in the ledger.
// The merchant's part follows in his own notify step; if he never accepts, only his query helps.
import { Injectable } from '@nestjs/common';
import { FaultPlan, type NoticeFate } from '../domain/fault-plan.ts';
import { PHONE_OPENID } from '../domain/identifiers.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { RepeatSchedule } from '../domain/repeat-schedule.ts';
import { SettableClock } from '../domain/clock.ts';
import { TimeKeeper } from './keep-time.ts';
import { Notifier, type NoticeMessage, type NoticeReply } from './ports.ts';
import { Recorder } from './record.ts';

@Injectable()
export class Notify {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly faults: FaultPlan,
    private readonly schedule: RepeatSchedule,
    private readonly keeper: TimeKeeper,
    private readonly notifier: Notifier,
    private readonly recorder: Recorder,
  ) {}

  /** Sends the order's notice with this index for the first time, at once, and repeats it as long as it must be. */
  start(order: Order, notice: number): void {
    this.keeper.start(() => this.#try(order, notice, 1));
  }

  /** Goes on after a restart with every notice that is not accepted yet, where its schedule stood. */
  resume(order: Order): void {
    for (const [index, notice] of order.notices.entries()) {
      const tries = notice.tries.filter((t) => !t.duplicate);
      const last = tries.at(-1);
      if (notice.accepted) continue;
      if (!last) this.keeper.at(this.clock.line(), () => this.#try(order, index, 1));
      else this.#repeat(order, index, last.attempt, last.endedOn);
    }
  }

  #repeat(order: Order, notice: number, attempt: number, endedOn: number): void {
    const delayMs = this.schedule.delayAfter(attempt);
    if (delayMs === undefined) return;
    this.keeper.at(endedOn + delayMs, () => this.#try(order, notice, attempt + 1));
  }

  async #try(order: Order, notice: number, attempt: number): Promise<void> {
    if (this.#isOver(order, notice)) return;
    const fate = this.faults.nextNotice();
    if (fate.delayMs === 0) return this.#send(order, notice, attempt, fate);
    this.keeper.after(fate.delayMs, () => this.#send(order, notice, attempt, fate));
  }

  async #send(order: Order, notice: number, attempt: number, fate: NoticeFate): Promise<void> {
    const message = this.#message(order, notice, fate.amountDelta);
    const copies = fate.twice ? [false, true] : [false];
    await Promise.all(
      copies.map(async (duplicate) => {
        const reply: NoticeReply = fate.lost
          ? { status: null, replied: fate.lost, accepted: false }
          : await this.notifier.deliver(message);
        if (this.book.byNumber(order.outTradeNo) !== order) return; // reset in between
        const transactionId = message.payment?.transactionId ?? null;
        const endedOn = this.clock.line();
        const { outTradeNo } = order;
        await this.recorder.record(
          { kind: 'notified', outTradeNo, transactionId, notice, attempt, duplicate, ...reply, endedOn },
          reply.accepted,
        );
      }),
    );
    if (!this.#isOver(order, notice)) this.#repeat(order, notice, attempt, this.clock.line());
  }

  #isOver(order: Order, notice: number): boolean {
    return this.book.byNumber(order.outTradeNo) !== order || order.notices[notice]?.accepted !== false;
  }

  #message(order: Order, notice: number, amountDelta: number): NoticeMessage {
    const paid = order.notices[notice]?.result === 'SUCCESS' ? order.payment : undefined;
    return {
      order,
      signType: order.signType,
      // One in ten names its algorithm, always the same ones.
      namesSignType: paid?.transactionId.endsWith('7') ?? false,
      payment: paid && { ...paid, totalFee: paid.totalFee + amountDelta },
      openid: paid?.openid ?? PHONE_OPENID,
    };
  }
}
