import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { must, Walk } from '../../../../test/support/walk.ts';
import { isFinal, mayMove, type OrderStatus } from './order-states.ts';
import {
  afterRefund,
  bookingOf,
  FIRST_REFUND_STATE,
  isReserved,
  MAX_REFUNDS,
  mayEnd,
  refundable,
  type RefundEnd,
  refundRefusal,
  refundStates,
  type RefundState,
  refundTransitions,
} from './refund.ts';

const RUNS = 3_000;
const LONGEST = 100;
const TOTAL_FEE = 300;

const isBack = (state: RefundState): boolean => state === 'SUCCESS' || state === 'REPAID';

interface Request {
  amountFen: number;
  state: RefundState;
}

/** A paid order with its payment and the requests to give it back, as their tables keep them. */
class Kept {
  status: OrderStatus = 'PAID';
  readonly payment = { totalFee: TOTAL_FEE, refundedFen: 0, reservedFen: 0 };
  readonly requests: Request[] = [];

  request(amountFen: number): void {
    const count = this.requests.filter(({ state }) => state !== 'REFUSED').length;
    const refusal = refundRefusal(this.status, this.payment, count, amountFen);
    must((refusal === 'exceeds-paid') === amountFen > refundable(this.payment), refusal ?? 'taken');
    if (refusal !== undefined) return;
    this.requests.push({ amountFen, state: FIRST_REFUND_STATE });
    this.payment.reservedFen += amountFen;
  }

  /** `pay` tells how one ended, perhaps again, or an operator that the buyer was repaid by other means. */
  end(index: number, end: RefundEnd | 'REPAID'): void {
    const request = this.requests[index % Math.max(1, this.requests.length)];
    if (!request || !(refundTransitions[request.state] as readonly RefundState[]).includes(end)) return;
    const { state: from, amountFen } = request;
    if (end !== 'REPAID') must(mayEnd(from, end), `${from} does not end as ${end}`);
    const { reservedFen, refundedFen } = bookingOf(from, end, amountFen);
    // WeChat gives nothing back beyond what was paid, so neither an amount that was released and given out again.
    if (reservedFen + refundedFen > refundable(this.payment)) return;
    request.state = end;
    this.payment.reservedFen += reservedFen;
    this.payment.refundedFen += refundedFen;
    const to = refundedFen > 0 ? afterRefund(this.payment.refundedFen, TOTAL_FEE) : undefined;
    if (to === undefined || to === this.status) return;
    must(mayMove(this.status, to), `${this.status} to ${to}`);
    this.status = to;
  }
}

const walk = new Walk<Kept>((kept, act) => {
  const [before, done] = [kept.status, kept.requests.filter(({ state }) => isBack(state)).length];
  act();
  const { refundedFen, reservedFen, totalFee } = kept.payment;
  const sum = (of: (state: RefundState) => boolean) =>
    kept.requests.filter(({ state }) => of(state)).reduce((total, { amountFen }) => total + amountFen, 0);
  must(refundedFen + reservedFen <= totalFee, `${refundedFen} back and ${reservedFen} set aside of ${totalFee}`);
  must(reservedFen === sum(isReserved), `${reservedFen} are set aside for ${sum(isReserved)}`);
  must(refundedFen === sum(isBack), `${refundedFen} are booked as given back`);
  must(kept.requests.filter(({ state }) => isBack(state)).length >= done, 'a refund was taken back');
  must(!isFinal(before) || kept.status === before, `${before} was left`);
  must((kept.status === 'REFUNDED') === (refundedFen === totalFee), `${kept.status} with ${refundedFen} back`);
  must(kept.requests.filter(({ state }) => state !== 'REFUSED').length <= MAX_REFUNDS, 'too many refunds');
});

const ends = refundStates.filter((state) => state !== 'REQUESTED');

const steppings = [
  fc.integer({ min: 1, max: 120 }).map((fen) => walk.to(`request ${fen}`, (kept) => kept.request(fen))),
  fc
    .tuple(fc.nat(20), fc.constantFrom(...ends))
    .map(([index, end]) => walk.to(`end ${index} ${end}`, (kept) => kept.end(index, end))),
];

describe('refunds of a paid order under any sequence of news', () => {
  it('never exceed what was paid, and every fen is free, set aside or back', () => {
    const seen = new Set<OrderStatus>();
    walk.go(
      steppings,
      () => new Kept(),
      { walks: RUNS, longest: LONGEST },
      ({ status }) => void seen.add(status),
    );
    expect(walk.stepsTaken).toBeGreaterThan(100_000);
    expect(seen).toEqual(new Set(['PAID', 'PART_REFUNDED', 'REFUNDED']));
  });
});
