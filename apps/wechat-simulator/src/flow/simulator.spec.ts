import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallCounts } from '../domain/call-counts.ts';
import { SettableClock } from '../domain/clock.ts';
import { FaultPlan } from '../domain/fault-plan.ts';
import { noFaults, noNotifyFaults, type NotifyFaults } from '../domain/faults.ts';
import type { LedgerEntry } from '../domain/ledger-entry.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { RepeatSchedules } from '../domain/repeat-schedule.ts';
import { RuleBook } from '../domain/rules.ts';
import { TimerQueue } from '../domain/timer-queue.ts';
import { Close } from './close.ts';
import { TimeKeeper } from './keep-time.ts';
import { Notify } from './notify.ts';
import { Pay } from './pay.ts';
import { Alarm, Entropy, Ledger, Notifier, type NoticeMessage, type NoticeReply } from './ports.ts';
import { Query } from './query.ts';
import { QueryRefund } from './query-refund.ts';
import { Recorder } from './record.ts';
import { RefundOrder, type RefundRequest } from './refund.ts';
import { Reset } from './reset.ts';
import { Restore } from './restore.ts';
import { UnifiedOrder, type OrderRequest } from './unified-order.ts';

const SCHEDULE = [15, 15, 30, 180];
const START = Date.UTC(2026, 10, 21, 4);

class LedgerInMemory extends Ledger {
  constructor(readonly entries: LedgerEntry[] = []) {
    super();
  }
  append(entry: LedgerEntry): Promise<void> {
    this.entries.push(JSON.parse(JSON.stringify(entry)) as LedgerEntry);
    return Promise.resolve();
  }
  async *recover(): AsyncGenerator<LedgerEntry> {
    yield* await Promise.resolve([...this.entries]);
  }
  async *linesSinceReset(): AsyncGenerator<string> {
    yield* await Promise.resolve(this.entries.map((entry) => JSON.stringify(entry)));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Time passes only when a test moves the clock. */
class NoAlarm extends Alarm {
  set(): void {
    // rings never
  }
  clear(): void {
    // was never set
  }
}

class Merchant extends Notifier {
  readonly heard: { at: number; message: NoticeMessage }[] = [];
  accepts = false;
  constructor(readonly clock: SettableClock) {
    super();
  }
  deliver(message: NoticeMessage): Promise<NoticeReply> {
    this.heard.push({ at: this.clock.line(), message });
    return Promise.resolve({ status: 200, replied: this.accepts ? 'SUCCESS' : 'FAIL', accepted: this.accepts });
  }
}

class Counting extends Entropy {
  #next = 0;
  text(count: number): string {
    return String((this.#next += 1)).padStart(count, '0');
  }
}

function simulator(entries?: LedgerEntry[], wall = START) {
  const clock = new SettableClock(() => wall);
  const [book, queue, faults, ledger] = [
    new OrderBook(),
    new TimerQueue(),
    new FaultPlan(),
    new LedgerInMemory(entries),
  ];
  const rules = new RuleBook({
    ...{ minExpireMs: 60_000, closeAfterMs: 0, notifySchedule: 'current', refundAfterMs: 10_000 },
    ...{ refundEndsAs: 'SUCCESS', refundNotifyUrl: 'http://127.0.0.1/refunds', scanUrl: '', oauthOpenid: '' },
  });
  const recorder = new Recorder(book, ledger, clock, rules);
  const keeper = new TimeKeeper(clock, queue, new NoAlarm(), recorder);
  const close = new Close(book, clock, rules, keeper, recorder);
  const merchant = new Merchant(clock);
  const schedules = new RepeatSchedules({ current: SCHEDULE, legacy: [60] });
  const notify = new Notify(book, clock, faults, schedules, rules, keeper, merchant, recorder);
  const entropy = new Counting();
  const refund = new RefundOrder(book, clock, rules, keeper, notify, recorder, entropy);
  return {
    ...{ clock, book, faults, ledger, keeper, close, merchant, rules, refund },
    queryRefund: new QueryRefund(book, recorder),
    unifiedOrder: new UnifiedOrder(book, clock, close, recorder, entropy, rules),
    query: new Query(book, close, recorder),
    pay: new Pay(book, clock, close, notify, recorder, entropy),
    restore: new Restore(book, ledger, recorder, close, notify, refund),
    reset: new Reset(faults, rules, keeper, recorder, new CallCounts()),
  };
}

const paymentOf = (message: NoticeMessage) => (message.about === 'payment' ? message.payment : undefined);

const request = (outTradeNo: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  outTradeNo,
  appid: 'wx',
  mchId: '19',
  tradeType: 'NATIVE',
  body: 'tea',
  totalFee: 88,
  notifyUrl: 'http://127.0.0.1/notify',
  content: 'tea for 88',
  signType: 'HMAC-SHA256',
  gatewayUrl: 'http://127.0.0.1',
  ...change,
});

describe('the steps of the simulator', () => {
  let sim: ReturnType<typeof simulator>;
  const order = async (outTradeNo: string, change: Partial<OrderRequest> = {}): Promise<Order> => {
    expect(await sim.unifiedOrder.order(request(outTradeNo, change))).toMatchObject({ kind: 'ordered' });
    return sim.book.byNumber(outTradeNo)!;
  };
  const faults = (notify: Partial<NotifyFaults>): void =>
    sim.faults.set({ ...noFaults, notify: { ...noNotifyFaults, ...notify } });
  const seconds = (): number[] => sim.merchant.heard.map(({ at }) => (at - START) / 1_000);
  const state = async (outTradeNo: string): Promise<string | undefined> =>
    (await sim.query.find({ outTradeNo }))?.state;

  beforeEach(() => {
    sim = simulator();
  });

  describe('unified order', () => {
    it('gives a fresh code for the same content and refuses other content', async () => {
      const first = await order('A');
      const oldCode = first.codeUrl;
      await order('A');
      expect(first.codeUrl).not.toBe(oldCode);
      expect(sim.pay.scan(oldCode)).toEqual({ kind: 'unknown-code' });
      expect(await sim.unifiedOrder.order(request('A', { content: 'coffee' }))).toEqual({ kind: 'other-content' });
    });

    it('says whether a used number is paid or closed', async () => {
      await sim.pay.pay(await order('A'), 'pay');
      await order('B');
      await sim.close.byMerchant('B');
      expect(await sim.unifiedOrder.order(request('A'))).toEqual({ kind: 'paid' });
      expect(await sim.unifiedOrder.order(request('B', { content: 'coffee' }))).toEqual({ kind: 'closed' });
    });

    it('wants time_expire to be far enough away', async () => {
      const answer = (ms: number) => sim.unifiedOrder.order(request(`T${ms}`, { timeExpire: START + ms }));
      expect(await answer(59_999)).toEqual({ kind: 'expires-too-soon' });
      expect(await answer(60_000)).toMatchObject({ kind: 'ordered' });
    });

    it('lets a code be scanned for two hours', async () => {
      const { codeUrl } = await order('A');
      await sim.keeper.move({ advanceMs: 2 * 3_600_000 - 1 });
      expect(sim.pay.scan(codeUrl)).toMatchObject({ kind: 'order' });
      await sim.keeper.move({ advanceMs: 1 });
      expect(sim.pay.scan(codeUrl)).toEqual({ kind: 'expired-code' });
    });
  });

  describe('expiry', () => {
    it('closes at time_expire, not a millisecond before', async () => {
      const made = await order('A', { timeExpire: START + 300_000 });
      await sim.keeper.move({ advanceMs: 299_999 });
      expect(await state('A')).toBe('NOTPAY');
      await sim.keeper.move({ advanceMs: 1 });
      expect(await state('A')).toBe('CLOSED');
      expect(await sim.pay.pay(made, 'pay')).toEqual({ kind: 'already-closed' });
    });

    it('gives an order made after the clock was moved its whole time', async () => {
      await sim.keeper.move({ advanceMs: 86_400_000 });
      await order('A', { timeExpire: START + 300_000 });
      await sim.keeper.move({ advanceMs: 299_999 });
      expect(await state('A')).toBe('NOTPAY');
    });

    it('closes after 7 days without time_expire', async () => {
      await order('A');
      await sim.keeper.move({ advanceMs: 7 * 86_400_000 });
      expect(await state('A')).toBe('CLOSED');
    });
  });

  describe('pay', () => {
    it('takes the money of one order once, whoever comes at the same time', async () => {
      const made = await order('A');
      const results = await Promise.all([
        sim.pay.pay(made, 'pay'),
        sim.pay.pay(made, 'pay'),
        sim.close.byMerchant('A'),
      ]);
      expect(results).toEqual([expect.objectContaining({ kind: 'done' }), { kind: 'already-paid' }, 'paid']);
      expect(sim.ledger.entries.filter(({ kind }) => kind === 'captured')).toHaveLength(1);
    });

    it('leaves the order payable when the user declines or the bank refuses', async () => {
      const made = await order('A');
      expect(await sim.pay.pay(made, 'decline')).toMatchObject({ state: 'NOTPAY', transactionId: null });
      expect(await sim.pay.pay(made, 'payerror')).toMatchObject({ state: 'PAYERROR' });
      expect(await state('A')).toBe('PAYERROR');
      expect(await sim.pay.pay(made, 'pay')).toMatchObject({ state: 'SUCCESS' });
    });
  });

  describe('money that was on its way when its order was closed', () => {
    it('is taken when a test says so, and told like any other', async () => {
      const made = await order('A');
      expect(await sim.close.byWechat(made)).toBe(true);
      expect(await state('A')).toBe('CLOSED');
      expect(await sim.pay.pay(made, 'pay')).toEqual({ kind: 'already-closed' });
      expect(await sim.pay.pay(made, 'decline', { althoughClosed: true })).toEqual({ kind: 'already-closed' });
      expect(await sim.pay.pay(made, 'pay', { althoughClosed: true })).toMatchObject({
        kind: 'done',
        state: 'SUCCESS',
      });
      expect(await state('A')).toBe('SUCCESS');
      expect(await sim.close.byWechat(made)).toBe(false);
      expect(await sim.pay.pay(made, 'pay', { althoughClosed: true })).toEqual({ kind: 'already-paid' });
      expect(sim.merchant.heard).toHaveLength(1);
      const again = simulator(sim.ledger.entries);
      await again.restore.run();
      expect(again.book.byNumber('A')).toMatchObject({ state: 'SUCCESS', payment: { totalFee: 88 } });
    });

    it('stands in the ledger as what it is, and only then', async () => {
      await sim.pay.pay(await order('A'), 'pay', { althoughClosed: true });
      const [captured] = sim.ledger.entries.filter(({ kind }) => kind === 'captured');
      expect(captured).not.toHaveProperty('althoughClosed');
    });
  });

  describe('notify', () => {
    it('repeats on the schedule, each pause counted from the end of the try before, and then gives up', async () => {
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ advanceMs: 86_640_000 });
      expect(seconds()).toEqual([0, 15, 30, 60, 240]);
      expect(new Set(sim.merchant.heard.map(({ message }) => paymentOf(message)?.transactionId)).size).toBe(1);
    });

    it('repeats on the old schedule when told to', async () => {
      sim.rules.change({ notifySchedule: 'legacy' });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ advanceMs: 86_640_000 });
      expect(seconds()).toEqual([0, 60]);
    });

    it('lets a forged message go ahead, which ends nothing even if the merchant believes it', async () => {
      sim.merchant.accepts = true;
      faults({ forgeRate: 1, forgery: 'amount', dropRate: 1 });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.idle();
      expect(sim.merchant.heard.map(({ message }) => message.form.forgery)).toEqual(['amount']);
      expect(sim.ledger.entries.find(({ kind }) => kind === 'forged')).toMatchObject({
        forgery: 'amount',
        accepted: true,
      });
      sim.faults.clear();
      await sim.keeper.move({ advanceMs: 15_000 });
      expect(sim.merchant.heard).toHaveLength(2);
    });

    it('stops when the merchant accepts', async () => {
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ advanceMs: 14_999 });
      sim.merchant.accepts = true;
      await sim.keeper.move({ advanceMs: 3_600_000 });
      expect(seconds()).toEqual([0, 15]);
    });

    it('counts a lost message as a failed try and writes down why', async () => {
      faults({ off: true });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.idle();
      sim.faults.clear();
      sim.merchant.accepts = true;
      await sim.keeper.move({ advanceMs: 15_000 });
      const tries = sim.ledger.entries.filter((entry) => entry.kind === 'notified');
      expect(tries).toMatchObject([
        { attempt: 1, status: null, replied: 'off', accepted: false },
        { attempt: 2, status: 200, accepted: true },
      ]);
    });

    it('sends a duplicate at the same time, which starts no schedule of its own', async () => {
      faults({ duplicateRate: 1 });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ advanceMs: 15_000 });
      expect(seconds()).toEqual([0, 0, 15, 15]);
    });

    it('waits before each try when told to', async () => {
      faults({ delayMs: 2_000 });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ advanceMs: 60_000 });
      expect(seconds()).toEqual([2, 19, 36]);
    });

    it('can tell another amount than was taken', async () => {
      faults({ amountDelta: -87 });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.idle();
      expect(paymentOf(sim.merchant.heard[0]!.message)?.totalFee).toBe(1);
      expect((await sim.query.find({ outTradeNo: 'A' }))?.payment?.totalFee).toBe(88);
    });

    it('tells of a failed attempt without a payment in it', async () => {
      await sim.pay.pay(await order('A'), 'fail');
      await sim.keeper.idle();
      expect(sim.merchant.heard[0]?.message.about).toBe('failure');
      expect(await state('A')).toBe('NOTPAY');
    });
  });

  describe('refund', () => {
    const MINUTE = 60_000;
    const ask = (outRefundNo: string, refundFee: number, change: Partial<RefundRequest> = {}) =>
      sim.refund.accept({
        ...{ outTradeNo: 'A', outRefundNo, totalFee: 88, refundFee, account: 'REFUND_SOURCE_UNSETTLED_FUNDS' },
        ...change,
      });
    const paid = async (): Promise<void> => {
      sim.merchant.accepts = true;
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.idle();
      sim.merchant.heard.length = 0;
    };
    const told = () =>
      sim.merchant.heard.map(({ message }) => (message.about === 'refund' ? message.refund.status : message.about));

    it('is PROCESSING first, ends in time, and then the merchant is told', async () => {
      await paid();
      expect(await ask('R1', 40)).toMatchObject({ kind: 'accepted', refund: { status: 'PROCESSING' } });
      expect(await state('A')).toBe('REFUND');
      await sim.keeper.move({ advanceMs: 9_999 });
      expect(told()).toEqual([]);
      await sim.keeper.move({ advanceMs: 1 });
      expect(told()).toEqual(['SUCCESS']);
      expect(sim.book.byRefund('R1')?.refund).toMatchObject({ status: 'SUCCESS' });
    });

    it('is the same refund when it is asked for again, and never one with another amount', async () => {
      await paid();
      const [first, again] = await Promise.all([ask('R1', 40), ask('R1', 40)]);
      expect(again).toEqual(first);
      expect(await ask('R1', 41)).toEqual({ kind: 'other-fee' });
      expect(await ask('R1', 40, { totalFee: 89 })).toEqual({ kind: 'other-fee' });
      await sim.pay.pay(await order('B'), 'pay');
      expect(await ask('R1', 40, { outTradeNo: 'B' })).toEqual({ kind: 'other-order' });
      expect(sim.ledger.entries.filter(({ kind }) => kind === 'refunded')).toHaveLength(1);
    });

    it('keeps its limits: what was paid, a minute apart, fifty parts, one year', async () => {
      await order('A');
      expect(await ask('R0', 1)).toEqual({ kind: 'not-paid' });
      expect(await ask('R0', 1, { outTradeNo: 'NOBODY' })).toEqual({ kind: 'unknown-order' });
      await paid();
      expect(await ask('R1', 1, { totalFee: 87 })).toEqual({ kind: 'other-total' });
      expect(await ask('R1', 89)).toEqual({ kind: 'too-much' });
      for (let part = 1; part <= 50; part += 1) {
        expect(await ask(`R${part}`, 1)).toMatchObject({ kind: 'accepted' });
        expect(await ask('SOON', 1)).toEqual({ kind: part === 50 ? 'too-many' : 'too-soon' });
        await sim.keeper.move({ advanceMs: MINUTE });
      }
      await sim.keeper.move({ advanceMs: 366 * 86_400_000 });
      expect(await ask('R51', 1)).toEqual({ kind: 'overdue' });
    });

    it('gives the amount free again when it was closed, and only then', async () => {
      await paid();
      sim.rules.change({ refundEndsAs: 'REFUNDCLOSE' });
      await ask('R1', 88);
      await sim.keeper.move({ advanceMs: MINUTE });
      sim.rules.change({ refundEndsAs: 'CHANGE' });
      expect(await ask('R2', 88)).toMatchObject({ kind: 'accepted' });
      await sim.keeper.move({ advanceMs: MINUTE });
      expect(await ask('R3', 1)).toEqual({ kind: 'all-refunded' });
      expect(told()).toEqual(['REFUNDCLOSE', 'CHANGE']);
    });

    it('ends once, also by hand', async () => {
      await paid();
      await ask('R1', 88);
      const { order: refunded, refund } = sim.book.byRefund('R1')!;
      const ends = await Promise.all(
        ['CHANGE', 'SUCCESS'].map((end) => sim.refund.end(refunded, refund, end as 'CHANGE')),
      );
      expect(ends).toEqual([true, false]);
      await sim.keeper.move({ advanceMs: MINUTE });
      expect(refund.status).toBe('CHANGE');
      expect(told()).toEqual(['CHANGE']);
    });

    it('is found by its numbers, by the order in pages of ten', async () => {
      await paid();
      for (let part = 0; part < 12; part += 1) {
        await ask(`R${part}`, 1);
        await sim.keeper.move({ advanceMs: MINUTE });
      }
      const { refund } = sim.book.byRefund('R3')!;
      const find = (key: object) => sim.queryRefund.find(key);
      expect(await find({ refundId: refund.refundId, outRefundNo: 'R5' })).toMatchObject({
        refunds: [{ outRefundNo: 'R3' }],
      });
      expect(await find({ outRefundNo: refund.refundId })).toEqual({ kind: 'unknown' });
      expect(await find({ outTradeNo: 'A' })).toMatchObject({ total: 12, refunds: { length: 10 } });
      expect(await find({ outTradeNo: 'A', offset: 10 })).toMatchObject({ refunds: [{ outRefundNo: 'R10' }, {}] });
      expect(await find({ outTradeNo: 'A', offset: 12 })).toEqual({ kind: 'beyond' });
    });

    it('goes on after a restart', async () => {
      await paid();
      await ask('R1', 40);
      sim = simulator(sim.ledger.entries);
      await sim.restore.run();
      sim.merchant.accepts = true;
      await sim.keeper.move({ advanceMs: 10_000 });
      expect(told()).toEqual(['SUCCESS']);
      await sim.keeper.move({ advanceMs: 86_400_000 });
      expect(told()).toEqual(['SUCCESS']);
    });
  });

  describe('restart and reset', () => {
    it('goes on where the ledger ends: orders, expiry, repeats, moved clock', async () => {
      await sim.pay.pay(await order('A'), 'pay');
      await order('B', { timeExpire: START + 300_000 });
      await sim.keeper.move({ advanceMs: 20_000 });
      expect(seconds()).toEqual([0, 15]);

      sim = simulator(sim.ledger.entries);
      await sim.restore.run();
      expect([await state('A'), await state('B')]).toEqual(['SUCCESS', 'NOTPAY']);
      await sim.keeper.move({ advanceMs: 10_000 });
      expect(seconds()).toEqual([30]);
      await sim.keeper.move({ advanceMs: 270_000 });
      expect(await state('B')).toBe('CLOSED');
      const numbers = sim.ledger.entries.map(({ seq }) => seq);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    });

    it('sends a first notification that a crash prevented', async () => {
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.idle();
      sim = simulator(sim.ledger.entries.filter(({ kind }) => kind !== 'notified'));
      await sim.restore.run();
      await sim.keeper.move({ advanceMs: 0 });
      expect(seconds()).toEqual([0]);
    });

    it('forgets orders, timers, faults and the moved clock', async () => {
      faults({ off: true });
      await sim.pay.pay(await order('A'), 'pay');
      await sim.keeper.move({ freezeAt: START + 5_000 });
      await sim.reset.run();
      await sim.keeper.move({ advanceMs: 3_600_000 });
      expect(sim.merchant.heard).toEqual([]);
      expect(await state('A')).toBeUndefined();
      expect(sim.clock.frozen).toBe(false);
      expect(sim.faults.current().notify.off).toBe(false);
    });
  });
});
