import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { must, Walk } from '../../../../test/support/walk.ts';
import { whenAmountDiffers, whenBuyerCancels, whenClosedAtWechat, whenPaymentFailed, whenTimeIsUp } from './closing.ts';
import { FIRST_STATUS, isFinal, mayMove, type Move, type OrderState } from './order-states.ts';
import { judgeReview, type Decision } from './review.ts';
import { decideSettle, type PaymentRole } from './settlement.ts';

const RUNS = 3_000;
const LONGEST = 100;
const TOTAL_FEE = 6_800;
const EXPIRES_AT = Date.UTC(2026, 10, 21, 12, 30);

/** An order as its table keeps it, with the books beside it. */
class Kept {
  order: OrderState = {
    orderNo: '2026112112000000000001',
    buyerId: 'buyer',
    status: FIRST_STATUS,
    closingReason: null,
    totalFee: TOTAL_FEE,
    expiresAt: new Date(EXPIRES_AT),
  };
  now = EXPIRES_AT - 1_000;
  paidTimes = 0;
  returnedTimes = 0;
  readonly booked = new Map<string, PaymentRole>();
  /** The money that waits for an operator. */
  amount: { transactionId: string; totalFee: number } | undefined;

  /** What the database does with a decision: only a way the table knows, and never out of an end. */
  move(move: Move | undefined): void {
    if (!move) return;
    must(mayMove(this.order.status, move.to), `${this.order.status} to ${move.to}`);
    must(!isFinal(this.order.status), `${this.order.status} was left`);
    const closingReason = 'closingReason' in move ? move.closingReason : this.order.closingReason;
    this.order = { ...this.order, status: move.to, closingReason };
    if (move.to === 'PAID') this.paidTimes += 1;
    if (move.to === 'CANCELLED' || move.to === 'PAY_FAILED') this.returnedTimes += 1;
  }

  settle(transactionId: string, totalFee: number): void {
    const bookedFor = this.booked.has(transactionId) ? this.order.orderNo : undefined;
    const decision = decideSettle(this.order, { totalFee }, bookedFor);
    if (decision.kind !== 'book') {
      must(decision.kind === 'repeat', decision.kind);
      return;
    }
    this.booked.set(transactionId, decision.role);
    if (decision.role === 'MAIN') this.move({ to: 'PAID', why: 'paid' });
    if (decision.role === 'AMOUNT') {
      this.amount = { transactionId, totalFee };
      this.move({ to: 'REVIEW', why: 'amount differs' });
    }
  }

  decide(decision: Decision): void {
    const money = this.amount && { totalFee: this.amount.totalFee, refundedFen: 0, reservedFen: 0 };
    const verdict = judgeReview(this.order, money, decision);
    if (verdict.kind !== 'ends') return;
    must(
      verdict.to === 'CANCELLED' || (this.amount?.totalFee ?? 0) - verdict.giveBackFen === TOTAL_FEE,
      'sold cheaply',
    );
    if (verdict.to === 'PAID' && this.amount) this.booked.set(this.amount.transactionId, 'MAIN');
    this.move({ to: verdict.to, why: decision });
  }
}

const walk = new Walk<Kept>((kept, act) => {
  const before = kept.order.status;
  act();
  must(!isFinal(before) || kept.order.status === before, `${before} was left`);
  must(kept.paidTimes + kept.returnedTimes <= 1, 'ended twice');
  const mains = [...kept.booked.values()].filter((role) => role === 'MAIN').length;
  must(mains === (kept.order.status === 'PAID' ? 1 : 0), `${kept.order.status} with ${mains} main payments`);
});

const now = (kept: Kept) => new Date(kept.now);

const steppings = [
  walk.always('time passes', (kept) => (kept.now += 700)),
  walk.always('time-out', (kept) => kept.move(whenTimeIsUp(kept.order, now(kept)))),
  walk.always('cancel', (kept) => kept.move(whenBuyerCancels(kept.order, now(kept)))),
  walk.always('failed', (kept) => kept.move(whenPaymentFailed(kept.order, now(kept)))),
  walk.always('mismatched', (kept) => kept.move(whenAmountDiffers(kept.order, now(kept)))),
  walk.always('accept', (kept) => kept.decide('accept')),
  walk.always('give back', (kept) => kept.decide('refund')),
  walk.always('closed', (kept) => kept.move(whenClosedAtWechat(kept.order, now(kept)))),
  fc
    .tuple(
      fc.constantFrom('t1', 't2', 't3'),
      fc.constantFrom(TOTAL_FEE, TOTAL_FEE, TOTAL_FEE, TOTAL_FEE - 1, TOTAL_FEE + 1),
    )
    .map(([id, fee]) => walk.to(`settle ${id} ${fee}`, (kept) => kept.settle(id, fee))),
];

describe('an order under any sequence of news', () => {
  it('is paid at most once, returns its stock at most once, and never leaves its end', () => {
    walk.go(steppings, () => new Kept(), { walks: RUNS, longest: LONGEST });
    expect(walk.stepsTaken).toBeGreaterThan(100_000);
  });
});
