import { describe, expect, it } from '@jest/globals';
import { type Attempt, attemptMachine, type AttemptState, outTradeNoOf, timeExpireOf, usableCode } from './attempt.ts';
import { wechatBody } from './body.ts';
import { machine } from './machine.ts';
import { type OrderStatus, orderStatusMachine, type Payable, type PayableState, prepayRefusal } from './payable.ts';
import { type FailedPayment, isAcknowledged, judge, type Payment } from './payment.ts';
import type { RefundState } from './refund.ts';
import { closeBackOffMs, nextCheckMs } from './schedule.ts';
import { sampleAttempt, samplePayment } from './samples.testing.ts';
import { statusView } from './view.ts';

const now = new Date('2026-11-21T10:00:00Z');
const after = (ms: number): Date => new Date(now.getTime() + ms);

/** With a code on the screen. */
const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  ...sampleAttempt,
  timeExpire: after(1_800_000),
  state: 'NOTPAY',
  prepayId: 'wx201410272009395522657a690389285100',
  codeUrl: 'weixin://wxpay/bizpayurl?pr=NwY5Mz9',
  preparedAt: now,
  ...over,
});

const payable = (over: Partial<Payable> = {}): Payable => ({
  orderNo: 'TEST0000000000000000AA',
  mchId: '1900000109',
  appid: 'wx8888888888888888',
  totalFee: 100,
  title: 'tea',
  expiresAt: after(1_800_000),
  state: 'OPEN',
  orderStatus: 'WAIT_PAY',
  closeReason: null,
  ...over,
});

const payment = (over: Partial<Payment> = {}): Payment => ({ ...samplePayment, ...over });

describe('a machine', () => {
  it('refuses a table with a state that cannot be reached', () => {
    expect(() => machine<'A' | 'B'>('test', 'A', { A: [], B: [] })).toThrow('B cannot be reached from A');
  });
  it('refuses a state that moves to itself', () => {
    expect(() => machine<'A'>('test', 'A', { A: ['A'] })).toThrow('A moves to itself');
  });
});

describe('an attempt', () => {
  const states: AttemptState[] = ['CREATED', 'NOTPAY', 'SUCCESS', 'CLOSED', 'FAILED'];
  it.each([
    ['CREATED', ['NOTPAY', 'SUCCESS', 'CLOSED', 'FAILED']],
    ['NOTPAY', ['SUCCESS', 'CLOSED', 'FAILED']],
    ['CLOSED', ['SUCCESS']],
    ['FAILED', ['SUCCESS']],
    ['SUCCESS', []],
  ] as const)('may go from %s to %p', (from, to) => {
    expect(states.filter((state) => attemptMachine.may(from, state)).toSorted()).toEqual([...to].toSorted());
  });
  it('has the order’s number, later ones with a suffix', () => {
    expect([1, 2, 12].map((seq) => outTradeNoOf('N', seq))).toEqual(['N', 'N-2', 'N-12']);
  });
  it('is told the order’s deadline, but none nearer than WeChat accepts, in whole seconds', () => {
    expect(timeExpireOf(after(600_000), now, 300)).toEqual(after(600_000));
    expect(timeExpireOf(after(10_000), now, 300)).toEqual(after(300_000));
    expect(timeExpireOf(after(600_001), now, 300)).toEqual(after(601_000));
  });
  it('shows its code while it is open and its life is not nearly over', () => {
    expect(usableCode(attempt(), after(3_600_000))).toBe('weixin://wxpay/bizpayurl?pr=NwY5Mz9');
    expect(usableCode(attempt(), after(7_140_000))).toBeUndefined();
    expect(usableCode(attempt({ state: 'CLOSED' }), now)).toBeUndefined();
    expect(usableCode(attempt({ codeUrl: null, preparedAt: null }), now)).toBeUndefined();
  });
});

describe('an order’s status', () => {
  it('never goes back', () => {
    const statuses: OrderStatus[] = ['WAIT_PAY', 'REVIEW', 'PAID', 'CANCELLED', 'PAY_FAILED'];
    for (const end of ['PAID', 'CANCELLED', 'PAY_FAILED'] as const) {
      expect(statuses.filter((status) => orderStatusMachine.may(end, status))).toEqual([]);
    }
  });
});

describe('a prepay is refused', () => {
  it.each([
    ['ORDER_PAID', {}, true],
    ['ORDER_PAID', { orderStatus: 'PAID', state: 'DONE' }, false],
    ['ORDER_IN_REVIEW', { orderStatus: 'REVIEW' }, false],
    ['ORDER_CLOSING', { state: 'CLOSING' }, false],
    ['ORDER_CLOSED', { state: 'DONE', closeReason: 'buyer' }, false],
    ['ORDER_EXPIRED', { state: 'DONE', closeReason: 'timeout' }, false],
    ['ORDER_CLOSED', { orderStatus: 'CANCELLED' }, false],
    ['ORDER_EXPIRED', { expiresAt: now }, false],
    [undefined, {}, false],
  ] as const)('with %s for %p (paid: %p)', (reason, over, paid) => {
    expect(prepayRefusal(payable(over), paid, now)).toBe(reason);
  });
});

describe('judging a result', () => {
  const failure: FailedPayment = { ...payment(), kind: 'failed', tradeState: 'PAYERROR', reason: 'bank' };
  it.each([
    ['settled', payment(), attempt()],
    ['settled', payment(), attempt({ state: 'CREATED' })],
    ['settled', payment(), attempt({ state: 'CLOSED' })],
    ['already-settled', payment(), attempt({ state: 'SUCCESS', transactionId: payment().transactionId })],
    ['second-transaction', payment(), attempt({ state: 'SUCCESS', transactionId: '42' })],
    ['amount-mismatch', payment({ totalFee: 99 }), attempt()],
    ['amount-mismatch', payment({ totalFee: 101 }), attempt()],
    ['unknown-order', payment(), undefined],
    ['wrong-merchant', payment({ mchId: '1900000110' }), attempt()],
    ['wrong-merchant', payment({ appid: 'wx9' }), attempt()],
    ['sign-type-refused', payment({ signType: 'MD5' }), attempt()],
    ['settled', payment({ signType: 'MD5' }), attempt({ signType: 'MD5' })],
    ['failure-stored', failure, attempt()],
    ['failure-too-late', failure, attempt({ state: 'CLOSED' })],
    ['failure-too-late', failure, attempt({ state: 'SUCCESS' })],
  ] as const)('answers %s', (outcome, result, against) => {
    expect(judge(result, against)).toBe(outcome);
  });

  it('acknowledges what is stored, and nothing else', () => {
    const refused = Object.entries(isAcknowledged).filter(([, yes]) => !yes);
    expect(refused.map(([outcome]) => outcome).toSorted()).toEqual([
      'sign-type-refused',
      'transaction-taken',
      'unknown-order',
      'wrong-merchant',
    ]);
  });
});

describe('the next check', () => {
  const facts = {
    state: 'NOTPAY',
    orderStatus: 'WAIT_PAY',
    preparedAt: now,
    expiresAt: after(1_800_000),
    tries: 0,
    mispaid: false,
  } as const;
  it('comes every 5 s right after a code was shown', () => {
    expect(nextCheckMs(facts, after(60_000))).toBe(5_000);
  });
  it('is never slower than 15 s until the order’s deadline', () => {
    for (let at = 0; at <= 1_800_000; at += 10_000) expect(nextCheckMs(facts, after(at))).toBeLessThanOrEqual(15_000);
  });
  it('slows down after it', () => {
    const late = [1_900_000, 2_000_000, 9_000_000].map((at) => nextCheckMs(facts, after(at))!);
    expect(late).toEqual(late.toSorted((a, b) => a - b));
    expect(late.at(-1)).toBe(600_000);
  });
  it('is over for what is closed, and for what is booked', () => {
    expect(nextCheckMs({ ...facts, state: 'CLOSED' }, now)).toBeUndefined();
    expect(nextCheckMs({ ...facts, state: 'SUCCESS', orderStatus: 'PAID' }, now)).toBeUndefined();
  });
  it('asks about money of another amount again while `order` has not decided', () => {
    const mispaid = { ...facts, state: 'FAILED', orderStatus: 'REVIEW', mispaid: true } as const;
    expect([0, 1, 100].map((tries) => nextCheckMs({ ...mispaid, tries }, now))).toEqual([60_000, 120_000, 3_600_000]);
    expect(nextCheckMs({ ...mispaid, mispaid: false }, now)).toBeUndefined();
  });
  it('tells a success again while nobody has booked it, without end', () => {
    const success = { ...facts, state: 'SUCCESS' } as const;
    expect([0, 1, 2, 100].map((tries) => nextCheckMs({ ...success, tries }, now))).toEqual([
      60_000, 120_000, 240_000, 3_600_000,
    ]);
  });
  it('of a late payment is told for half a day', () => {
    const late = { ...facts, state: 'SUCCESS', orderStatus: 'CANCELLED' } as const;
    expect(nextCheckMs({ ...late, tries: 16 }, now)).toBe(3_600_000);
    expect(nextCheckMs({ ...late, tries: 17 }, now)).toBeUndefined();
  });
  it('of a close backs off up to a minute', () => {
    expect([0, 1, 2, 9].map(closeBackOffMs)).toEqual([2_000, 4_000, 8_000, 60_000]);
  });
});

describe('the status view', () => {
  const phase = (
    state: PayableState,
    orderStatus: OrderStatus,
    attemptState?: AttemptState,
    over: Partial<Payable> = {},
    refund: RefundState | null = null,
  ) =>
    statusView(
      payable({ state, orderStatus, ...over }),
      attemptState ? [attempt({ state: attemptState })] : [],
      refund,
      now,
    ).phase;
  it.each([
    ['waiting', 'OPEN', 'WAIT_PAY', undefined],
    ['waiting', 'OPEN', 'WAIT_PAY', 'NOTPAY'],
    ['confirming', 'DONE', 'WAIT_PAY', 'SUCCESS'],
    ['paid', 'DONE', 'PAID', 'SUCCESS'],
    ['closing', 'CLOSING', 'WAIT_PAY', 'NOTPAY'],
    ['closing', 'DONE', 'WAIT_PAY', 'CLOSED'],
    ['closed', 'DONE', 'CANCELLED', 'CLOSED'],
    ['failed', 'DONE', 'PAY_FAILED', 'CLOSED'],
    ['review', 'OPEN', 'REVIEW', 'NOTPAY'],
  ] as const)('is %s for %s, %s, %s', (expected, state, orderStatus, attemptState) => {
    expect(phase(state, orderStatus, attemptState)).toBe(expected);
  });
  it.each([
    ['refunding', 'CANCELLED', null],
    ['refunding', 'CANCELLED', 'REQUESTED'],
    ['refunding', 'PAY_FAILED', 'ABNORMAL'],
    ['refunded', 'CANCELLED', 'SUCCESS'],
    ['refunded', 'CANCELLED', 'REPAID'],
    ['paid', 'PAID', 'SUCCESS'],
  ] as const)(
    'of money that is there is %s for an order that is %s with a refund that is %s',
    (expected, status, refund) => {
      expect(phase('DONE', status, 'SUCCESS', {}, refund)).toBe(expected);
    },
  );
  it('is expired when time is up, before and after the close', () => {
    expect(phase('OPEN', 'WAIT_PAY', 'NOTPAY', { expiresAt: now })).toBe('expired');
    expect(phase('DONE', 'CANCELLED', 'CLOSED', { closeReason: 'timeout' })).toBe('expired');
  });
  it('speaks for the paid attempt, else the open one, else the newest', () => {
    const closed = attempt({ state: 'CLOSED' });
    const second = attempt({ seq: 2, outTradeNo: 'N-2' });
    const leading = (...all: Attempt[]) => statusView(payable(), all, null, now).outTradeNo;
    expect(leading(closed, second)).toBe('N-2');
    expect(leading(attempt({ state: 'SUCCESS' }), second)).toBe('TEST0000000000000000AA');
    expect(leading(closed, { ...second, state: 'CLOSED' })).toBe('N-2');
    expect(leading()).toBeNull();
  });
});

describe('the body WeChat shows', () => {
  it.each([
    ['龙泉青瓷杯', '龙泉青瓷杯'],
    ['T-shirt 👕 ×2', 'T-shirt ? ×2'],
    ['a\nb\u0000c', 'a?b?c'],
    ['   ', '-'],
    ['', '-'],
    ['\ud800', '?'],
  ])('of %j is %j', (title, body) => {
    expect(wechatBody(title)).toBe(body);
  });
  it('is cut to 127 bytes on a character border', () => {
    expect(Buffer.byteLength(wechatBody('茶'.repeat(100)))).toBe(126);
    expect(wechatBody('a'.repeat(200))).toHaveLength(127);
    expect(wechatBody(`${'a'.repeat(126)}é`)).toBe('a'.repeat(126));
  });
});
