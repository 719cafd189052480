// Tells the merchant of a payment or refund until he accepts it or the schedule ends; each try and its reply is in the
// ledger. The merchant's part follows in his own notify step; if he never accepts, only his query helps.
import { Injectable } from '@nestjs/common';
import { FaultPlan, type NoticeFate } from '../domain/fault-plan.ts';
import type { Shown } from '../domain/faults.ts';
import { phoneOpenid } from '../domain/identifiers.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { RepeatSchedules } from '../domain/repeat-schedule.ts';
import { RuleBook } from '../domain/rules.ts';
import { SettableClock } from '../domain/clock.ts';
import { TimeKeeper } from './keep-time.ts';
import { Notifier, type NoticeForm, type NoticeMessage, type NoticeReply } from './ports.ts';
import { Recorder } from './record.ts';

@Injectable()
export class Notify {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly faults: FaultPlan,
    private readonly schedules: RepeatSchedules,
    private readonly rules: RuleBook,
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
    const delayMs = this.schedules.delayAfter(attempt, this.rules.now.notifySchedule);
    if (delayMs === undefined) return;
    this.keeper.at(endedOn + delayMs, () => this.#try(order, notice, attempt + 1));
  }

  async #try(order: Order, notice: number, attempt: number): Promise<void> {
    if (this.#isOver(order, notice)) return;
    const fate = this.faults.nextNotice(order.outTradeNo);
    if (fate.delayMs === 0) return this.#send(order, notice, attempt, fate);
    this.keeper.after(fate.delayMs, () => this.#send(order, notice, attempt, fate));
  }

  async #send(order: Order, notice: number, attempt: number, fate: NoticeFate): Promise<void> {
    const message = messageOf(order, notice, fate);
    if (!message) return;
    if (fate.forgery) await this.#forge(message, fate.forgery);
    const copies = fate.twice ? [false, true] : [false];
    await Promise.all(
      copies.map(async (duplicate) => {
        const reply: NoticeReply = fate.lost
          ? { status: null, replied: fate.lost, accepted: false }
          : await this.notifier.deliver(message);
        if (this.book.byNumber(order.outTradeNo) !== order) return; // reset in between
        const transactionId = message.about === 'failure' ? null : message.payment.transactionId;
        const outRefundNo = message.about === 'refund' ? message.refund.outRefundNo : undefined;
        const endedOn = this.clock.line();
        const { outTradeNo } = order;
        await this.recorder.record(
          { kind: 'notified', outTradeNo, transactionId, outRefundNo, notice, attempt, duplicate, ...reply, endedOn },
          reply.accepted,
        );
      }),
    );
    if (!this.#isOver(order, notice)) this.#repeat(order, notice, attempt, this.clock.line());
  }

  /** Somebody else sends the merchant a message of his own, just before the real one. */
  async #forge(message: NoticeMessage, forgery: NonNullable<NoticeForm['forgery']>): Promise<void> {
    const reply = await this.notifier.deliver({ ...message, form: { ...message.form, forgery } });
    const { order } = message;
    if (this.book.byNumber(order.outTradeNo) !== order) return;
    await this.recorder.record({ kind: 'forged', outTradeNo: order.outTradeNo, forgery, ...reply });
  }

  #isOver(order: Order, notice: number): boolean {
    return this.book.byNumber(order.outTradeNo) !== order || order.notices[notice]?.accepted !== false;
  }
}

function messageOf(order: Order, index: number, fate: NoticeFate): NoticeMessage | undefined {
  const notice = order.notices[index];
  if (!notice) return undefined;
  const refund = order.refunds.find(({ outRefundNo }) => outRefundNo === notice.outRefundNo);
  const form = formOf(order, fate);
  if (notice.result === 'FAIL') {
    return { about: 'failure', url: order.notifyUrl, form, order, openid: order.openid ?? phoneOpenid(order.appid) };
  }
  if (!order.payment) return undefined;
  const payment = { ...order.payment, totalFee: order.payment.totalFee + fate.amountDelta };
  if (!refund) return { about: 'payment', url: order.notifyUrl, form, order, payment };
  const told = { ...refund, refundFee: refund.refundFee + fate.amountDelta };
  return { about: 'refund', url: refund.notifyUrl ?? '', form, order, payment: order.payment, refund: told };
}

/** As usual: one message in ten has it, always the same ones, told by the last digit of the order's payment. */
function formOf(order: Order, { signType, unknownFields, emptyFields, slowMs }: NoticeFate): NoticeForm {
  const digit = order.payment?.transactionId.at(-1);
  const has = (shown: Shown, usual: string): boolean => shown === 'always' || (shown === 'usual' && digit === usual);
  return {
    signType: order.signType,
    namesSignType: has(signType, '7'),
    unknownFields: has(unknownFields, '3'),
    emptyFields: has(emptyFields, '5'),
    slowMs,
    forgery: undefined,
  };
}
