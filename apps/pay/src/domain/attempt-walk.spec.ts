import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Attempt, attemptMachine, type AttemptState, isOpen } from './attempt.ts';
import { anomalyOf, isAcknowledged, judge, type Payment, type SettleOutcome } from './payment.ts';

const RUNS = 3_000;
const LONGEST = 100;
const now = new Date('2026-11-21T10:00:00Z');

/** Throws like an expectation, at a fraction of the price: it is asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The row of an attempt, changed only from the states its machine names as sources. */
class Kept {
  attempt: Attempt = {
    orderNo: 'TEST0000000000000000AA',
    seq: 1,
    outTradeNo: 'TEST0000000000000000AA',
    mchId: '1900000109',
    appid: 'wx8888888888888888',
    tradeType: 'NATIVE',
    signType: 'HMAC-SHA256',
    totalFee: 100,
    body: 'tea',
    productId: 'TEST0000000000000000AA',
    notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
    spbillCreateIp: '127.0.0.1',
    timeStart: now,
    timeExpire: now,
    prepaySeq: 1,
    state: 'CREATED',
    calledAt: now,
    callingUntil: null,
    payerOpenid: null,
    scene: null,
    prepayId: null,
    codeUrl: null,
    mwebUrl: null,
    preparedAt: null,
    transactionId: null,
    paidAt: null,
    openid: null,
    settleSource: null,
    nextCheckAt: now,
    checkTries: 0,
    createdAt: now,
  };
  settledTimes = 0;
  readonly outcomes: SettleOutcome[] = [];

  become(state: AttemptState): boolean {
    if (!attemptMachine.sources(state).includes(this.attempt.state)) return false;
    must(attemptMachine.may(this.attempt.state, state), `${this.attempt.state} to ${state}`);
    this.attempt = { ...this.attempt, state };
    return true;
  }

  hear(transactionId: string, totalFee: number, mchId = '1900000109'): void {
    const payment: Payment = {
      kind: 'paid',
      outTradeNo: this.attempt.outTradeNo,
      transactionId,
      totalFee,
      mchId,
      appid: this.attempt.appid,
      tradeType: 'NATIVE',
      openid: undefined,
      bankType: undefined,
      paidAt: now,
      source: 'query',
    };
    const outcome = judge(payment, this.attempt);
    this.outcomes.push(outcome);
    // Money is never dropped: it settles, it is known, or an anomaly keeps it; and what is not kept is asked for again.
    must(outcome === 'settled' || outcome === 'already-settled' || anomalyOf[outcome] !== undefined, outcome);
    if (outcome !== 'settled') return;
    must(totalFee === this.attempt.totalFee, `settled by ${totalFee}`);
    must(isAcknowledged[outcome], 'settled and asked for again');
    must(this.become('SUCCESS'), `not settled from ${this.attempt.state}`);
    this.attempt = { ...this.attempt, transactionId };
    this.settledTimes += 1;
  }
}

let steps = 0;

class Step implements fc.Command<object, Kept> {
  constructor(
    private readonly name: string,
    private readonly act: (kept: Kept) => unknown,
  ) {}

  check = (): boolean => true;

  run(_model: object, kept: Kept): void {
    steps += 1;
    const before = kept.attempt;
    this.act(kept);
    must(before.state !== 'SUCCESS' || kept.attempt === before, 'a success changed');
    must(isOpen(before) || !isOpen(kept.attempt), `${before.state} opened again`);
    must(kept.settledTimes === (kept.attempt.state === 'SUCCESS' ? 1 : 0), `settled ${kept.settledTimes} times`);
  }

  toString = (): string => this.name;
}

const always = (name: string, act: (kept: Kept) => unknown) => fc.constant(new Step(name, act));

const steppings = [
  always('prepared', (kept) => kept.become('NOTPAY')),
  always('closed', (kept) => kept.become('CLOSED')),
  always('revoked', (kept) => kept.become('FAILED')),
  fc
    .tuple(fc.constantFrom('t1', 't2'), fc.constantFrom(100, 100, 101), fc.constantFrom('1900000109', '1900000110'))
    .map(([id, fee, mchId]) => new Step(`hear ${id} ${fee} of ${mchId}`, (kept) => kept.hear(id, fee, mchId))),
];

describe('an attempt under any sequence of news', () => {
  it('settles at most once, by its own amount, never opens again, and keeps all money in sight', () => {
    fc.assert(
      fc.property(fc.commands(steppings, { maxCommands: LONGEST, size: 'max' }), (commands) => {
        fc.modelRun(() => ({ model: {}, real: new Kept() }), commands);
      }),
      { numRuns: RUNS },
    );
    expect(steps).toBeGreaterThan(100_000);
  });
});
