import { describe, expect, it } from '@jest/globals';
import { storyOf, type AnomalyFacts, type AnomalyKind } from './anomaly.ts';

type Refund = AnomalyFacts['refunds'][number];
const refund = (state: Refund['state'], over: Partial<Refund> = {}): Refund => ({
  ...{ outRefundNo: 'R1', amountFen: 100, replaces: null },
  state,
  ...over,
});
const amounts = (totalFee = 120, refundedFen = 0, reservedFen = 0) => ({ totalFee, refundedFen, reservedFen });
const facts = (kind: AnomalyKind, over: Partial<AnomalyFacts> = {}): AnomalyFacts => ({
  anomalyId: '7',
  kind,
  state: 'OPEN',
  note: null,
  orderNo: 'N1',
  outRefundNo: kind.startsWith('RE') ? 'R1' : '',
  order: { status: 'CANCELLED', totalFee: 100 },
  payment: { role: kind === 'LATE' || kind === 'DOUBLE' ? kind : 'AMOUNT', ...amounts() },
  refunds: [],
  ...over,
});
const review = { status: 'REVIEW', totalFee: 100 } as const;

describe('an anomaly', () => {
  it.each<[string, AnomalyFacts, RegExp, RegExp, boolean]>([
    [
      'late money whose refund is under way',
      facts('LATE', { refunds: [refund('REQUESTED')] }),
      /ended/,
      /closes by itself/,
      false,
    ],
    [
      'late money whose refund was refused',
      facts('LATE', { refunds: [refund('REFUSED')] }),
      /ended/,
      /anomalies\/7\/refund/,
      true,
    ],
    ['second money nobody gives back', facts('DOUBLE'), /had money already/, /anomalies\/7\/refund/, true],
    [
      'a refund the account did not take',
      facts('DOUBLE', { refunds: [refund('ABNORMAL')] }),
      /already/,
      /R1\/repaid/,
      false,
    ],
    ['enough money in review', facts('AMOUNT', { order: review }), /120 fen came for an order of 100/, /accept/, false],
    [
      'too little money in review',
      facts('AMOUNT', { order: review, payment: { role: 'AMOUNT', ...amounts(99) } }),
      /99 fen came for an order of 100/,
      /less than the order costs/,
      false,
    ],
    [
      'money in review that was decided about',
      facts('AMOUNT', { refunds: [refund('CLOSED')] }),
      /120 fen/,
      /anew/,
      true,
    ],
    [
      'a refused refund',
      facts('REFUND_REFUSED', { refunds: [refund('REFUSED')] }),
      /refused refund R1 of 100/,
      /anew/,
      true,
    ],
    [
      'a refused refund that is asked for again',
      facts('REFUND_REFUSED', {
        refunds: [refund('REFUSED'), refund('REQUESTED', { outRefundNo: 'R2', replaces: 'R1' })],
      }),
      /refused refund R1/,
      /closes by itself/,
      false,
    ],
    [
      'a refused refund of late money that is asked for as a whole',
      facts('REFUND_REFUSED', {
        payment: { role: 'LATE', ...amounts(100, 0, 100) },
        refunds: [refund('REFUSED'), refund('REQUESTED', { outRefundNo: 'R2' })],
      }),
      /refused refund R1/,
      /closes by itself/,
      false,
    ],
    [
      'a refused refund of an order’s own money beside another refund',
      facts('REFUND_REFUSED', {
        payment: { role: 'MAIN', ...amounts(1_000, 0, 40) },
        refunds: [refund('REFUSED'), refund('REQUESTED', { outRefundNo: 'R2', amountFen: 40 })],
      }),
      /refused refund R1/,
      /anomalies\/7\/refund/,
      true,
    ],
    [
      'a refused refund whose money went back by another',
      facts('REFUND_REFUSED', {
        payment: { role: 'MAIN', ...amounts(120, 50) },
        refunds: [refund('REFUSED'), refund('SUCCESS', { outRefundNo: 'R2', amountFen: 50 })],
      }),
      /refused refund R1/,
      /orders\/N1\/refunds/,
      true,
    ],
    [
      'an abnormal refund whose money went back by another',
      facts('REFUND_ABNORMAL', {
        payment: { role: 'MAIN', ...amounts(120, 120, 100) },
        refunds: [refund('ABNORMAL'), refund('SUCCESS', { outRefundNo: 'R2', amountFen: 120 })],
      }),
      /did not take/,
      /close this/,
      true,
    ],
    ['a closed refund', facts('REFUND_CLOSED', { refunds: [refund('CLOSED')] }), /without paying/, /anew/, true],
    [
      'an abnormal refund',
      facts('REFUND_ABNORMAL', { refunds: [refund('ABNORMAL')] }),
      /did not take/,
      /R1\/repaid/,
      false,
    ],
    [
      'money the buyer has twice',
      facts('REPAID_TWICE', { refunds: [refund('SUCCESS')] }),
      /had been repaid/,
      /close/,
      true,
    ],
  ])('tells %s', (_what, given, happened, whatToDo, closable) => {
    const story = storyOf(given);
    expect(story.happened).toMatch(happened);
    expect(story.whatToDo).toMatch(whatToDo);
    expect(story.open).not.toBe('Nothing.');
    expect(story.holds === undefined).toBe(closable);
  });

  it('that is done has nothing open, and says how it ended', () => {
    const story = storyOf(facts('LATE', { state: 'DONE', note: 'given back by R1', refunds: [refund('SUCCESS')] }));
    expect(story).toMatchObject({ open: 'Nothing.', whatToDo: 'Nothing.', holds: undefined });
    expect(story.done).toContain('R1 of 100 fen is SUCCESS');
    expect(story.done).toContain('given back by R1');
  });
});
