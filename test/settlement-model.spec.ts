import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { must, Walk } from './support/walk.ts';
import {
  whenBuyerCancels,
  whenClosedAtWechat,
  whenPaymentFailed,
  whenTimeIsUp,
} from '../apps/order/src/domain/closing.ts';
import { FIRST_STATUS, mayMove, type Move, type OrderState } from '../apps/order/src/domain/order-states.ts';
import { decideSettle } from '../apps/order/src/domain/settlement.ts';
import { attemptMachine, isOpen, type Attempt, type AttemptState } from '../apps/pay/src/domain/attempt.ts';
import { judge, type Payment } from '../apps/pay/src/domain/payment.ts';
import { sampleAttempt, samplePayment } from '../apps/pay/src/domain/samples.testing.ts';

/** How an order without refunds ends. */
const ENDS = ['PAID', 'CANCELLED', 'PAY_FAILED'];
const hasEnded = (status: string): boolean => ENDS.includes(status);

const RUNS = 1_500;
const LONGEST = 120;
const NUMBER = 'TEST0000000000000000AA';
const TRANSACTION = '4200000000000000000000000001';
const FEE = 6_800;
const EXPIRES_AT = Date.UTC(2026, 10, 21, 12, 30);

type ToOrder = 'succeeded' | 'failed' | 'closed';
type ToPay = 'close.requested';

/**
 * Both services with their real decisions, WeChat, and messages that may arrive late, out of order and more than once.
 * What is committed together happens together; everything else is a step of its own, so anything may come in between.
 */
class Shop {
  now = EXPIRES_AT - 30_000;
  wechat: 'NOTPAY' | 'PAYERROR' | 'SUCCESS' | 'CLOSED' = 'NOTPAY';
  order: OrderState = {
    orderNo: NUMBER,
    buyerId: 'buyer',
    status: FIRST_STATUS,
    closingReason: null,
    totalFee: FEE,
    expiresAt: new Date(EXPIRES_AT),
  };
  attempt = { state: 'NOTPAY', transactionId: null } as { state: AttemptState; transactionId: string | null };
  closeDue = false;
  /** WeChat's last answer to a query before a close; the world may have moved on since. */
  askedBeforeClose: Shop['wechat'] | undefined;
  readonly toOrder: ToOrder[] = [];
  readonly toPay: ToPay[] = [];
  readonly booked = new Set<string>();
  readonly log: string[] = [];
  paidTimes = 0;
  returnedTimes = 0;

  // WeChat and the buyer.
  buyerPays(): void {
    if (this.wechat === 'NOTPAY' || this.wechat === 'PAYERROR') this.wechat = 'SUCCESS';
  }
  cardIsRefused(): void {
    if (this.wechat === 'NOTPAY') this.wechat = 'PAYERROR';
  }

  // pay.
  learn(answer: Shop['wechat']): void {
    if (answer === 'SUCCESS') this.settle();
    if (answer === 'CLOSED') this.finish('CLOSED');
    if (answer === 'PAYERROR' && isOpen(this.attempt)) this.toOrder.push('failed');
  }
  settle(): void {
    const outcome = judge(payment, { ...attempt, ...this.attempt });
    if (outcome === 'already-settled') return;
    must(outcome === 'settled', outcome);
    must(attemptMachine.sources('SUCCESS').includes(this.attempt.state), this.attempt.state);
    this.attempt = { state: 'SUCCESS', transactionId: TRANSACTION };
    this.toOrder.push('succeeded');
  }
  finish(state: 'CLOSED'): void {
    if (attemptMachine.sources(state).includes(this.attempt.state)) this.attempt = { state, transactionId: null };
  }
  requery(): void {
    if (isOpen(this.attempt)) this.learn(this.wechat);
    else if (this.attempt.state === 'SUCCESS') this.toOrder.push('succeeded');
  }
  closeAsks(): void {
    if (this.closeDue && isOpen(this.attempt)) this.learn((this.askedBeforeClose = this.wechat));
  }
  closeCloses(): void {
    const asked = this.askedBeforeClose;
    this.askedBeforeClose = undefined;
    if (!this.closeDue || (asked !== 'NOTPAY' && asked !== 'PAYERROR')) return;
    if (this.wechat === 'SUCCESS') {
      this.learn('SUCCESS');
      return;
    }
    this.wechat = 'CLOSED';
    this.finish('CLOSED');
  }
  conclude(): void {
    if (!this.closeDue || isOpen(this.attempt)) return;
    this.closeDue = false;
    this.toOrder.push(this.attempt.state === 'SUCCESS' ? 'succeeded' : 'closed');
  }

  // order.
  move(move: Move | undefined): void {
    if (!move) return;
    must(mayMove(this.order.status, move.to), `${this.order.status} to ${move.to}`);
    must(!hasEnded(this.order.status), `${this.order.status} was left`);
    this.log.push(move.to);
    const closingReason = 'closingReason' in move ? move.closingReason : this.order.closingReason;
    this.order = { ...this.order, status: move.to, closingReason };
    if (move.to === 'CLOSING') this.toPay.push('close.requested');
    if (move.to === 'PAID') this.paidTimes += 1;
    if (move.to === 'CANCELLED' || move.to === 'PAY_FAILED') this.returnedTimes += 1;
  }
  resend(): void {
    if (this.order.status === 'CLOSING') this.toPay.push('close.requested');
  }
  orderHears(message: ToOrder): void {
    const now = new Date(this.now);
    switch (message) {
      case 'failed':
        this.move(whenPaymentFailed(this.order, now));
        return;
      case 'closed':
        this.move(whenClosedAtWechat(this.order, now));
        return;
      case 'succeeded': {
        const decision = decideSettle(this.order, { totalFee: FEE }, this.booked.has(TRANSACTION) ? NUMBER : undefined);
        if (decision.kind === 'repeat') return;
        // With one attempt there is no surplus: the money always finds its order waiting.
        must(decision.kind === 'book' && decision.role === 'MAIN', JSON.stringify(decision));
        this.booked.add(TRANSACTION);
        this.move({ to: 'PAID', why: 'paid' });
      }
    }
  }
  payHears(): void {
    this.closeDue = true;
  }

  /** Everything heals: what is under way arrives, what is open is asked about, until nothing is left. */
  rest(): void {
    this.now = EXPIRES_AT + 1_000;
    this.move(whenTimeIsUp(this.order, new Date(this.now)));
    for (let round = 0; round < 4; round += 1) {
      this.resend();
      if (this.toPay.splice(0).length > 0) this.payHears();
      this.closeAsks();
      this.closeCloses();
      this.conclude();
      this.requery();
      for (const message of this.toOrder.splice(0)) this.orderHears(message);
    }
  }
}

const attempt: Attempt = { ...sampleAttempt, state: 'NOTPAY', totalFee: FEE };
const payment: Payment = { ...samplePayment, transactionId: TRANSACTION, totalFee: FEE };

const walk = new Walk<Shop>((shop, act) => {
  const before = shop.order.status;
  act();
  must(!hasEnded(before) || shop.order.status === before, `${before} was left`);
  must(shop.returnedTimes === 0 || shop.wechat === 'CLOSED', `stock is back while WeChat says ${shop.wechat}`);
  must(shop.paidTimes + shop.returnedTimes <= 1, 'ended twice');
});

/** Any message that is under way arrives; sometimes it will arrive again. */
const delivery = <T>(name: string, bagOf: (shop: Shop) => T[], hear: (shop: Shop, message: T) => void) =>
  fc.tuple(fc.nat(20), fc.boolean()).map(([which, again]) =>
    walk.to(`${name} ${which}${again ? ' again' : ''}`, (shop) => {
      const bag = bagOf(shop);
      const index = which % Math.max(1, bag.length);
      const [message] = again ? bag.slice(index, index + 1) : bag.splice(index, 1);
      if (message !== undefined) hear(shop, message);
    }),
  );

const steppings = [
  walk.always('time passes', (shop) => (shop.now += 10_000)),
  walk.always('time-out', (shop) => shop.move(whenTimeIsUp(shop.order, new Date(shop.now)))),
  walk.always('cancel', (shop) => shop.move(whenBuyerCancels(shop.order, new Date(shop.now)))),
  walk.always('buyer pays', (shop) => shop.buyerPays()),
  walk.always('card refused', (shop) => shop.cardIsRefused()),
  walk.always('notified', (shop) => (shop.wechat === 'SUCCESS' ? shop.settle() : undefined)),
  walk.always('requery', (shop) => shop.requery()),
  walk.always('close asks', (shop) => shop.closeAsks()),
  walk.always('close closes', (shop) => shop.closeCloses()),
  walk.always('close concludes', (shop) => shop.conclude()),
  walk.always('order resends', (shop) => shop.resend()),
  delivery(
    'order hears',
    (shop) => shop.toOrder,
    (shop, message) => shop.orderHears(message),
  ),
  delivery(
    'pay hears',
    (shop) => shop.toPay,
    (shop) => shop.payHears(),
  ),
];

describe('pay and order together, with messages late, repeated and out of order', () => {
  it('end every order the way WeChat ended it: paid once, or closed there with its stock back once', () => {
    const seen = new Set<string>();
    walk.go(
      steppings,
      () => new Shop(),
      { walks: RUNS, longest: LONGEST },
      (shop) => {
        shop.rest();
        seen.add(shop.order.status);
        expect(ENDS).toContain(shop.order.status);
        expect(shop.order.status === 'PAID').toBe(shop.wechat === 'SUCCESS');
        expect(shop.paidTimes).toBe(shop.wechat === 'SUCCESS' ? 1 : 0);
        expect(shop.returnedTimes).toBe(shop.wechat === 'SUCCESS' ? 0 : 1);
      },
    );
    expect(walk.stepsTaken).toBeGreaterThan(60_000);
    expect(seen).toEqual(new Set(['PAID', 'CANCELLED', 'PAY_FAILED']));
  });
});
