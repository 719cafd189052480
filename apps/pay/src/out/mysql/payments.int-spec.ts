import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { OutboxRow } from '#platform';
import type { AttemptRow } from './attempt.row.ts';
import { code, merchant, Till } from './till.testing.ts';

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

const till = Till.forTests('pay_payments');

describe('settling', () => {
  it('counts a payment once, whoever tells it and however often', async () => {
    const orderNo = await till.placed();
    const paid = till.payment(await till.shown(orderNo));
    const { payments: others } = till.another();
    const tellings = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? till.payments : others).settle([{ ...paid, notice: { raw: Buffer.from('<xml/>'), remoteIp: '::1' } }]),
    );
    const outcomes = (await Promise.all(tellings)).flat().map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual([...Array<string>(19).fill('already-settled'), 'settled']);
    expect(await till.count('outbox')).toBe(1);
    expect(await till.count('notice')).toBe(1);
    expect(await till.count('anomaly')).toBe(0);
    expect(await till.stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: ['SUCCESS'] });
  });

  it('keeps all that is known of the payment', async () => {
    const attempt = await till.shown(await till.placed());
    const paid = till.payment(attempt);
    await till.payments.settle([paid]);
    const [row] = await till.db.query<AttemptRow[]>('SELECT * FROM attempt');
    const { transactionId, openid, bankType, paidAt } = paid;
    const expected = {
      transaction_id: transactionId,
      openid,
      bank_type: bankType,
      paid_at: paidAt,
      settle_source: 'notify',
    };
    expect(row).toMatchObject(expected);
    const [sent] = await till.db.query<OutboxRow[]>('SELECT * FROM outbox');
    expect(JSON.parse(sent!.body)).toMatchObject({
      id: `payment.succeeded:${transactionId}`,
      data: { orderNo: attempt.orderNo, totalFee: 1234, paidAt: '2026-11-21T10:00:00.000Z', source: 'notify' },
    });
  });

  it('gives each result of a batch its own outcome', async () => {
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(async () => till.shown(await till.placed())));
    const before = till.payment(d!);
    await till.payments.settle([before]);
    const results = [
      till.payment(a!),
      till.payment(b!, { totalFee: 1 }),
      till.payment({ outTradeNo: till.newNumber(), totalFee: 5 }),
      till.payment(c!, { signType: 'MD5' }),
      till.payment(d!),
      before,
      till.payment(c!, { mchId: '1900000110' }),
    ];
    expect((await till.payments.settle(results)).map(({ outcome }) => outcome)).toEqual([
      'settled',
      'amount-mismatch',
      'unknown-order',
      'sign-type-refused',
      'second-transaction',
      'already-settled',
      'wrong-merchant',
    ]);
    expect(await till.count('anomaly', "kind = 'AMOUNT'")).toBe(1);
    expect(await till.count('anomaly', "kind = 'UNKNOWN'")).toBe(3);
    expect(await till.count('outbox', "type = 'payment.mismatched'")).toBe(1);
    expect((await till.attempts.find(b!.orderNo))?.payable.orderStatus).toBe('REVIEW');
    expect(await till.stateOf(c!.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
  });

  it('settles the rest of a batch when one transaction belongs to another order', async () => {
    const [a, b, c] = await Promise.all([1, 2, 3].map(async () => till.shown(await till.placed())));
    const first = till.payment(a!);
    await till.payments.settle([first]);
    const stolen = till.payment(b!, { transactionId: first.transactionId });
    const outcomes = await till.payments.settle([stolen, till.payment(c!)]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['transaction-taken', 'settled']);
    expect(await till.stateOf(b!.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
    expect(await till.count('anomaly', `transaction_id = '${first.transactionId}'`)).toBe(1);
  });

  it('takes money before the prepay’s own answer, and then shows no code', async () => {
    const attempt = await till.called(await till.placed());
    const [settled] = await till.payments.settle([till.payment(attempt)]);
    expect(settled?.outcome).toBe('settled');
    expect(await till.attempts.storePrepared(attempt, code)).toBe('over');
  });

  it('takes money for a closed attempt, and has the other one closed', async () => {
    const orderNo = await till.placed();
    const first = await till.shown(orderNo);
    await till.attempts.finish(first.outTradeNo, 'CLOSED');
    await till.shown(orderNo);
    const [settled] = await till.payments.settle([till.payment(first)]);
    expect(settled?.outcome).toBe('settled');
    expect(await till.stateOf(orderNo)).toEqual({ payable: 'CLOSING', attempts: ['SUCCESS', 'NOTPAY'] });
    expect(await till.closings.claim(10, 1_000)).toEqual([orderNo]);
  });

  it('tells a failure on once, and changes nothing else', async () => {
    const attempt = await till.shown(await till.placed());
    const failure = {
      kind: 'failed',
      outTradeNo: attempt.outTradeNo,
      transactionId: undefined,
      ...merchant,
      tradeState: 'PAYERROR',
      reason: 'bank',
      source: 'query',
    } as const;
    await till.payments.settle([failure]);
    const [second] = await till.payments.settle([failure]);
    expect(second?.outcome).toBe('failure-stored');
    expect(await till.count('outbox', "type = 'payment.failed'")).toBe(1);
    expect(await till.stateOf(attempt.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
  });

  it('keeps an unclear notice, makes its attempt due, and marks it when it turns out right', async () => {
    const attempt = await till.shown(await till.placed());
    const paid = till.payment(attempt, { notice: { raw: Buffer.from('<xml>1</xml>'), remoteIp: '127.0.0.1' } });
    await till.payments.keepUnclear(paid);
    expect(await till.count('notice', "outcome = 'unclear'")).toBe(1);
    expect((await till.checks.claim(10, 0, 1_000)).map(({ outTradeNo }) => outTradeNo)).toEqual([attempt.outTradeNo]);
    await till.payments.settle([paid]);
    expect(await till.count('notice', "outcome = 'settled'")).toBe(1);
  });
});
