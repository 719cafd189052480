import { describe, expect, it } from '@jest/globals';
import { type AnomalyFacts, storyOf } from './anomaly.ts';

const facts = (over: Partial<AnomalyFacts> = {}): AnomalyFacts => ({
  ...{ id: '7', kind: 'AMOUNT', state: 'OPEN', note: null, orderNo: 'N1', outTradeNo: 'N1-2', transactionId: 'T1' },
  detail: { outcome: 'amount-mismatch', totalFee: 99, expectedFee: 100 },
  orderStatus: 'REVIEW',
  refunds: [],
  ...over,
});
const refund = (state: AnomalyFacts['refunds'][number]['state'], lastError = '') => ({
  ...{ outRefundNo: 'AT1', amountFen: 99, state, lastError },
});
const unknown = (detail: AnomalyFacts['detail']) =>
  facts({ kind: 'UNKNOWN', orderNo: null, orderStatus: undefined, detail: { totalFee: 99, ...detail } });

describe('an anomaly of pay', () => {
  it('sends the operator to the decision in order, and is not closed before it', () => {
    const story = storyOf(facts());
    expect(story.happened).toBe('WeChat took 99 fen (transaction T1) for N1-2, which asked for 100 fen.');
    expect(story.whatToDo).toContain('POST /operator/orders/N1/review');
    expect(story.holds).toBeDefined();
  });

  it('says why a refund of its money still waits', () => {
    const story = storyOf(facts({ orderStatus: 'CANCELLED', refunds: [refund('REQUESTED', 'NOTENOUGH')] }));
    expect(story.open).toBe('Refund AT1 is under way (last answer: NOTENOUGH).');
    expect(story.holds).toContain('AT1');
  });

  it('can be closed by hand when its refund went wrong', () => {
    const story = storyOf(facts({ orderStatus: 'CANCELLED', refunds: [refund('REFUSED')] }));
    expect(story.whatToDo).toContain('GET /operator/anomalies of order');
    expect(story.holds).toBeUndefined();
  });

  it('says that a buyer whom WeChat could not pay is repaid in order, which closes it', () => {
    const story = storyOf(facts({ orderStatus: 'CANCELLED', refunds: [refund('ABNORMAL')] }));
    expect(story.open).toContain('AT1 could not be paid');
    expect(story.whatToDo).toContain('POST /operator/refunds/AT1/repaid');
    expect(story.holds).toBeUndefined();
  });

  it.each([
    ['unknown-order', {}, /no number of ours/, /No order of ours can give it back/],
    ['second-transaction', { settledTransaction: 'T0' }, /which T0 had paid/, /merchant console/],
    ['transaction-taken', {}, /has paid another order/, /change it/],
    ['wrong-merchant', { mchId: '1900', appid: 'wx1' }, /account 1900 and appid wx1/, /console of that account/],
  ])('of money that is nobody’s (%s) says what can be done', (outcome, detail, happened, whatToDo) => {
    const story = storyOf(unknown({ outcome, ...detail }));
    expect(story.happened).toMatch(happened);
    expect(story.whatToDo).toMatch(whatToDo);
    expect(story.whatToDo).toContain('/operator/anomalies/7/close');
    expect(story.holds).toBeUndefined();
  });

  it('that is done has nothing open', () => {
    expect(storyOf(facts({ state: 'DONE', note: 'given back' }))).toMatchObject({
      open: 'Nothing.',
      whatToDo: 'Nothing.',
    });
  });
});
