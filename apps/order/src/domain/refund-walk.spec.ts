import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isFinal, mayMove, type OrderStatus } from './order-states.ts';
import {
  afterRefund,
  FIRST_REFUND_STATE,
  isReserved,
  MAX_REFUNDS,
  mayEnd,
  refundable,
  type RefundEnd,
  refundRefusal,
  type RefundState,
  refundTransitions,
} from './refund.ts';

const RUNS = 3_000;
const LONGEST = 100;
const TOTAL_FEE = 300;

/** Throws like an expectation, at a fraction of the price: it is asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

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

  /** `pay` tells how one ended, perhaps again. Money that is back is a fact: there must be room for it. */
  end(index: number, end: RefundEnd): void {
    const request = this.requests[index % Math.max(1, this.requests.length)];
    if (!request || !mayEnd(request.state, end)) return;
    const { state: from, amountFen } = request;
    // WeChat gives nothing back beyond what was paid, and so does not pay a released amount that was given out again.
    if (end === 'SUCCESS' && !isReserved(from) && amountFen > refundable(this.payment)) return;
    request.state = end;
    this.payment.reservedFen += (isReserved(end) ? amountFen : 0) - (isReserved(from) ? amountFen : 0);
    if (end !== 'SUCCESS') return;
    this.payment.refundedFen += amountFen;
    const to = afterRefund(this.payment.refundedFen, TOTAL_FEE);
    must(to === this.status || mayMove(this.status, to), `${this.status} to ${to}`);
    this.status = to;
  }
}

let steps = 0;

class Step implements fc.Command<object, Kept> {
  constructor(
    private readonly name: string,
    private readonly act: (kept: Kept) => void,
  ) {}

  check = (): boolean => true;

  run(_model: object, kept: Kept): void {
    steps += 1;
    const [before, done] = [kept.status, kept.requests.filter(({ state }) => state === 'SUCCESS').length];
    this.act(kept);
    const { refundedFen, reservedFen, totalFee } = kept.payment;
    const sum = (of: (state: RefundState) => boolean) =>
      kept.requests.filter(({ state }) => of(state)).reduce((total, { amountFen }) => total + amountFen, 0);
    must(refundedFen + reservedFen <= totalFee, `${refundedFen} back and ${reservedFen} set aside of ${totalFee}`);
    must(reservedFen === sum(isReserved), `${reservedFen} are set aside for ${sum(isReserved)}`);
    must(refundedFen === sum((state) => state === 'SUCCESS'), `${refundedFen} are booked as given back`);
    must(kept.requests.filter(({ state }) => state === 'SUCCESS').length >= done, 'a refund was taken back');
    must(!isFinal(before) || kept.status === before, `${before} was left`);
    must((kept.status === 'REFUNDED') === (refundedFen === totalFee), `${kept.status} with ${refundedFen} back`);
    must(kept.requests.filter(({ state }) => state !== 'REFUSED').length <= MAX_REFUNDS, 'too many refunds');
  }

  toString = (): string => this.name;
}

const ends = (Object.keys(refundTransitions) as RefundState[]).filter(
  (state): state is RefundEnd => state !== 'REQUESTED',
);

const steppings = [
  fc.integer({ min: 1, max: 120 }).map((fen) => new Step(`request ${fen}`, (kept) => kept.request(fen))),
  fc
    .tuple(fc.nat(20), fc.constantFrom(...ends))
    .map(([index, end]) => new Step(`end ${index} ${end}`, (kept) => kept.end(index, end))),
];

describe('refunds of a paid order under any sequence of news', () => {
  it('never exceed what was paid, and every fen is free, set aside or back', () => {
    const seen = new Set<OrderStatus>();
    fc.assert(
      fc.property(fc.commands(steppings, { maxCommands: LONGEST, size: 'max' }), (commands) => {
        const kept = new Kept();
        fc.modelRun(() => ({ model: {}, real: kept }), commands);
        seen.add(kept.status);
      }),
      { numRuns: RUNS },
    );
    expect(steps).toBeGreaterThan(100_000);
    expect(seen).toEqual(new Set(['PAID', 'PART_REFUNDED', 'REFUNDED']));
  });
});
