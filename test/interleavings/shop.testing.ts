// Both services with all their steps, wired as their modules wire them, on tables in memory, with a broker that delivers
// at least once and in any order, and WeChat.
import { ReadOrders } from '../../apps/order/src/flow/read.ts';
import { CancelOrder } from '../../apps/order/src/flow/cancel.ts';
import { CloseOrders } from '../../apps/order/src/flow/close.ts';
import { ExpireOrders } from '../../apps/order/src/flow/expire.ts';
import { RefundOrders } from '../../apps/order/src/flow/refund.ts';
import { SettleOrders } from '../../apps/order/src/flow/settle.ts';
import { PaymentsConsumer } from '../../apps/order/src/in/payments.consumer.ts';
import { Ask } from '../../apps/pay/src/flow/ask.ts';
import { CloseAttempt } from '../../apps/pay/src/flow/close-attempt.ts';
import { Close } from '../../apps/pay/src/flow/close.ts';
import { LookUp } from '../../apps/pay/src/flow/look-up.ts';
import { Notify, NotifySettings } from '../../apps/pay/src/flow/notify.ts';
import { PrepareAttempt, PrepaySettings } from '../../apps/pay/src/flow/prepare-attempt.ts';
import { Prepay, WaySettings } from '../../apps/pay/src/flow/prepay.ts';
import { RecordNews } from '../../apps/pay/src/flow/record.ts';
import { RefundNotify } from '../../apps/pay/src/flow/refund-notice.ts';
import { RefundMoney } from '../../apps/pay/src/flow/refund.ts';
import { Requery } from '../../apps/pay/src/flow/requery.ts';
import { SettleNow } from '../../apps/pay/src/flow/settle-now.ts';
import { Settle } from '../../apps/pay/src/flow/settle.ts';
import { Status } from '../../apps/pay/src/flow/status.ts';
import { TakeOver } from '../../apps/pay/src/flow/take-over.ts';
import { Watch } from '../../apps/pay/src/flow/watch.ts';
import { OrderConsumer } from '../../apps/pay/src/in/order.consumer.ts';
import type { Around, Protection } from './around.testing.ts';
import { Broker } from './broker.testing.ts';
import {
  NoAudits,
  NoCounts,
  NoLinks,
  NoListings,
  NoPages,
  NoLock,
  NoOrders,
  NoRedis,
  NoRedisOfOrder,
  ReadsInMemory,
} from './bystanders.testing.ts';
import { OrderBooks, OrderChangesInMemory } from './order-books.testing.ts';
import { OrderRefundsInMemory } from './order-refunds.testing.ts';
import { AttemptsInMemory } from './pay-attempts.testing.ts';
import { PayBooks } from './pay-books.testing.ts';
import { PaymentsInMemory } from './pay-payments.testing.ts';
import { PayRefundsInMemory } from './pay-refunds.testing.ts';
import { ChecksInMemory, ClosingsInMemory } from './pay-schedules.testing.ts';
import type { Turns } from './turns.testing.ts';
import { GatewayToWechat, RefundGatewayToWechat, Wechat } from './wechat.testing.ts';

export const NO = 'TEST0000000000000000AA';
export const BUYER = 'ann';
export const FEE = 100;
export const STOCK = 7;
export const EXPIRES_AT = Date.UTC(2026, 10, 21, 12, 30);

export class Shop implements Around {
  now = EXPIRES_AT - 60_000;
  readonly wechat = new Wechat();
  readonly pay = new PayBooks();
  readonly order = new OrderBooks(this, (orderNo) => this.gaveUp(orderNo));
  readonly broker = new Broker(this);
  /** What was seen to be wrong at the moment it happened. */
  readonly wrong: string[] = [];
  /** Payments that were answered FAIL, or refunds: WeChat comes again. */
  readonly unanswered = { payments: new Set<string>(), refunds: new Set<string>() };
  readonly refundsOfPay: PayRefundsInMemory;
  readonly steps;

  constructor(
    public turns: Turns,
    private readonly without: ReadonlySet<Protection> = new Set(),
  ) {
    this.refundsOfPay = new PayRefundsInMemory(this, this.pay, () => this.tick('refund'));
    this.steps = { ...this.stepsOfPay(), ...this.stepsOfOrder() };
    this.broker.listen(
      new PaymentsConsumer(
        this.steps.settleOrders,
        this.steps.closeOrders,
        this.steps.expire,
        this.steps.read,
        this.steps.refunds,
      ),
      new OrderConsumer(this.steps.record, this.steps.refundMoney),
    );
  }

  has(protection: Protection): boolean {
    return !this.without.has(protection);
  }

  tell(events: Parameters<Around['tell']>[0]): void {
    for (const event of events) this.broker.publish(event);
  }

  fingerprint(): string {
    const { unanswered, wrong, now } = this;
    const rest = [[...unanswered.payments], [...unanswered.refunds], wrong, now];
    const parts = [this.wechat, this.pay, this.order, this.refundsOfPay, this.broker];
    return `${parts.map((part) => part.fingerprint()).join('\n')}\n${JSON.stringify(rest)}`;
  }

  /** An order of one piece, placed and known to both. */
  async place(): Promise<void> {
    const expiresAt = new Date(EXPIRES_AT);
    const facts = { orderNo: NO, totalFee: FEE, title: 'tea', expiresAt };
    this.order.orders.set(NO, { ...facts, buyerId: BUYER, status: 'WAIT_PAY', closingReason: null, closeSentAt: null });
    this.order.log.push({ orderNo: NO, from: null, to: 'WAIT_PAY' });
    this.order.reservations.push({ orderNo: NO, quantity: 1, state: 'RESERVED' });
    this.order.stock = STOCK - 1;
    await this.steps.record.placed([facts]);
  }

  /** The buyer pays an attempt, if WeChat still takes money for it; then WeChat notifies `copies` times at once. */
  async buyerPays(outTradeNo: string, copies: number): Promise<void> {
    const taken = await this.turns.take(`the buyer pays ${outTradeNo}`, () => this.wechat.capture(outTradeNo));
    for (let copy = 1; taken && copy <= copies; copy++) {
      this.turns.start(`notification ${copy} of ${outTradeNo}`, () => this.notify(outTradeNo));
    }
  }

  async notify(outTradeNo: string): Promise<void> {
    const reply = await this.steps.notify.receive(Buffer.from(outTradeNo), '10.0.0.1');
    if (reply.kind === 'fail') this.unanswered.payments.add(outTradeNo);
    else this.unanswered.payments.delete(outTradeNo);
    const kept = this.pay.notices.get(outTradeNo);
    if (reply.kind === 'success' && (!kept || kept.outcome === 'unclear')) this.wrong.push('I6 SUCCESS without a row');
  }

  async notifyRefund(outRefundNo: string): Promise<void> {
    const reply = await this.steps.refundNotify.receive(Buffer.from(outRefundNo), '10.0.0.1');
    if (reply.kind === 'fail') this.unanswered.refunds.add(outRefundNo);
    else this.unanswered.refunds.delete(outRefundNo);
  }

  /** A schedule of `pay` that has something to do. */
  private tick(what: 'close' | 'refund'): void {
    const step = { close: () => this.steps.close.tick(), refund: () => this.steps.refundMoney.tick() };
    this.turns.start(`a tick: ${what}`, step[what]);
  }

  /** WeChat carries out what it has taken on, and says so. */
  private refundTaken(outRefundNo: string): void {
    this.turns.start(`refund ${outRefundNo} at WeChat`, async () => {
      await this.turns.take(`WeChat gives ${outRefundNo} back`, () => this.wechat.giveBack(outRefundNo));
      await this.notifyRefund(outRefundNo);
    });
  }

  private gaveUp(orderNo: string): void {
    for (const { outTradeNo, state, transactionId } of this.wechat.trades.values()) {
      const ofOrder = this.pay.attempts.get(outTradeNo)?.orderNo === orderNo;
      const after = this.wechat.takenAfterClose.has(transactionId);
      if (ofOrder && state !== 'CLOSED' && !after) {
        this.wrong.push(`I8 ${orderNo} was given up while ${outTradeNo} was ${state} at WeChat`);
      }
    }
  }

  private stepsOfPay() {
    const attempts = new AttemptsInMemory(this, this.pay);
    const payments = new PaymentsInMemory(this, this.pay);
    const closings = new ClosingsInMemory(this, this.pay, () => this.tick('close'));
    const checks = new ChecksInMemory(this, this.pay);
    const gateway = new GatewayToWechat(this, this.wechat);
    const refunds = this.refundsOfPay;
    const refundGateway = new RefundGatewayToWechat(this, this.wechat, (outRefundNo) => this.refundTaken(outRefundNo));
    const [redis, counts, watch] = [new NoRedis(), new NoCounts(), new Watch()];
    const settings = new NotifySettings('always', 4_000);
    const prepaySettings = new PrepaySettings('HMAC-SHA256', 'https://pay.example.test/n', 300);
    const settle = new Settle(payments, redis, watch, counts);
    const takeOver = new TakeOver(refunds, refundGateway, new NoListings());
    const ask = new Ask(gateway, attempts, settle, takeOver);
    const closeAttempt = new CloseAttempt(attempts, gateway, ask);
    const prepare = new PrepareAttempt(
      attempts,
      gateway,
      ask,
      closeAttempt,
      redis,
      watch,
      new NoPages(),
      prepaySettings,
    );
    const ways = new WaySettings({ wapUrl: 'https://pay.example.test', wapName: 'tea shop' }, {});
    const lookUp = new LookUp(attempts, new NoOrders());
    const status = new Status(lookUp, ask, checks, redis, refunds);
    const refundMoney = new RefundMoney(refunds, refundGateway, watch, counts);
    return {
      ...{ status, refundMoney },
      prepay: new Prepay(lookUp, prepare, gateway, new NoLock(), counts, ways),
      notify: new Notify(gateway, attempts, payments, settle, takeOver, counts, settings),
      requery: new Requery(checks, redis, ask, payments),
      close: new Close(closings, attempts, closeAttempt, redis, watch),
      settleNow: new SettleNow(attempts, payments, ask, status, new NoAudits()),
      refundNotify: new RefundNotify(refundGateway, refunds, refundMoney, takeOver, counts, settings),
      record: new RecordNews(attempts, closings, watch),
    };
  }

  private stepsOfOrder() {
    const changes = new OrderChangesInMemory(this, this.order);
    const reads = new ReadsInMemory(this, this.order);
    const redis = new NoRedisOfOrder();
    return {
      settleOrders: new SettleOrders(changes, redis),
      closeOrders: new CloseOrders(changes, redis),
      cancel: new CancelOrder(changes, reads, redis),
      expire: new ExpireOrders(changes, redis),
      refunds: new RefundOrders(new OrderRefundsInMemory(this, this.order)),
      read: new ReadOrders(reads, new NoLinks()),
    };
  }
}
