import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { must, Walk } from '../../../../test/support/walk.ts';
import { attemptMachine, type AttemptState, isOpen } from './attempt.ts';
import { anomalyOf, isAcknowledged, judge, type SettleOutcome } from './payment.ts';
import { sampleAttempt, samplePayment } from './samples.testing.ts';

const RUNS = 3_000;
const LONGEST = 100;

/** The row of an attempt, changed only from the states its machine names as sources. */
class Kept {
  attempt = sampleAttempt;
  settledTimes = 0;
  readonly outcomes: SettleOutcome[] = [];

  become(state: AttemptState): boolean {
    if (!attemptMachine.sources(state).includes(this.attempt.state)) return false;
    must(attemptMachine.may(this.attempt.state, state), `${this.attempt.state} to ${state}`);
    this.attempt = { ...this.attempt, state };
    return true;
  }

  hear(transactionId: string, totalFee: number, mchId = '1900000109'): void {
    const payment = { ...samplePayment, transactionId, totalFee, mchId };
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

const walk = new Walk<Kept>((kept, act) => {
  const before = kept.attempt;
  act();
  must(before.state !== 'SUCCESS' || kept.attempt === before, 'a success changed');
  must(isOpen(before) || !isOpen(kept.attempt), `${before.state} opened again`);
  must(kept.settledTimes === (kept.attempt.state === 'SUCCESS' ? 1 : 0), `settled ${kept.settledTimes} times`);
});

const steppings = [
  walk.always('prepared', (kept) => kept.become('NOTPAY')),
  walk.always('closed', (kept) => kept.become('CLOSED')),
  walk.always('revoked', (kept) => kept.become('FAILED')),
  fc
    .tuple(fc.constantFrom('t1', 't2'), fc.constantFrom(100, 100, 101), fc.constantFrom('1900000109', '1900000110'))
    .map(([id, fee, mchId]) => walk.to(`hear ${id} ${fee} of ${mchId}`, (kept) => kept.hear(id, fee, mchId))),
];

describe('an attempt under any sequence of news', () => {
  it('settles at most once, by its own amount, never opens again, and keeps all money in sight', () => {
    walk.go(steppings, () => new Kept(), { walks: RUNS, longest: LONGEST });
    expect(walk.stepsTaken).toBeGreaterThan(100_000);
  });
});
