import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Attempt } from '../../domain/attempt.ts';
import type { Payment } from '../../domain/payment.ts';
import { statusView } from '../../domain/view.ts';
import { AnomalyGuideMysql } from './anomaly-guide.mysql.ts';
import { Till } from './till.testing.ts';

Logger.overrideLogger(false);

const till = Till.forTests('pay_mispaid');

/** An order of 100 fen whose code is on the screen. */
const placed = async (): Promise<Attempt> => till.shown(await till.placed(100));
const money = (attempt: Attempt, totalFee: number): Payment => till.payment(attempt, { totalFee, source: 'query' });
const told = async (type: string) =>
  (await till.db.query<{ body: string }[]>('SELECT body FROM outbox WHERE type = ?', [type])).map(
    ({ body }) => (JSON.parse(body) as { data: unknown }).data,
  );
const row = async ({ outTradeNo }: Attempt) => {
  const [found] = await till.db.query<Record<string, unknown>[]>(
    `SELECT a.state, a.open_slot, a.check_tries, a.next_check_at IS NOT NULL AS asked, p.state AS payable,
            p.order_status, p.close_due_at IS NOT NULL AS closing
       FROM attempt a JOIN payable p ON p.order_no = a.order_no WHERE a.out_trade_no = ?`,
    [outTradeNo],
  );
  return found;
};
const anomaly = async () => (await till.db.query<Record<string, unknown>[]>('SELECT * FROM anomaly'))[0];
/** What a requery does with an attempt that is due: asks WeChat, which says the same. */
const asked = async (attempt: Attempt, payment: Payment) => {
  await till.db.query('UPDATE attempt SET next_check_at = UTC_TIMESTAMP(3)');
  expect(await till.checks.claim(10, 0, 60_000)).toHaveLength(1);
  await till.payments.settle([payment]);
  await till.checks.reschedule([attempt.outTradeNo]);
};

describe('money of another amount', () => {
  it('ends its attempt, puts the order into review, and is told with when it was paid', async () => {
    const attempt = await placed();
    const payment = money(attempt, 99);
    const [settled] = await till.payments.settle([payment]);
    expect(settled?.outcome).toBe('amount-mismatch');
    expect(await row(attempt)).toMatchObject({
      state: 'FAILED',
      open_slot: null,
      payable: 'DONE',
      order_status: 'REVIEW',
    });
    expect(await told('payment.mismatched')).toMatchObject([
      { transactionId: payment.transactionId, totalFee: 99, paidAt: '2026-11-21T10:00:00.000Z', source: 'query' },
    ]);
  });

  it('has what else is open closed at WeChat, and never ends the order as unpaid', async () => {
    const first = await placed();
    await till.attempts.finish(first.outTradeNo, 'CLOSED');
    const second = await till.shown(first.orderNo);
    await till.payments.settle([money(first, 101)]);
    expect(await row(first)).toMatchObject({ state: 'CLOSED', payable: 'CLOSING', closing: expect.anything() });
    expect(await till.closings.claim(10, 1_000)).toEqual([first.orderNo]);
    expect(await till.closings.conclude(first.orderNo)).toBe('later');
    await till.attempts.finish(second.outTradeNo, 'CLOSED');
    expect(await till.closings.conclude(first.orderNo)).toBe('later');
    expect(await row(second)).toMatchObject({ payable: 'DONE', order_status: 'REVIEW' });
    expect(await told('payment.closed')).toEqual([]);
  });

  it('is told also when the order had ended: it has to go back', async () => {
    const attempt = await placed();
    await till.attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'CANCELLED' }]);
    await till.payments.settle([money(attempt, 99)]);
    expect(await told('payment.mismatched')).toHaveLength(1);
    expect(await row(attempt)).toMatchObject({ state: 'FAILED', order_status: 'CANCELLED' });
  });

  it('is asked about and told again, ever more slowly, until order has it given back', async () => {
    const attempt = await placed();
    const payment = money(attempt, 99);
    await till.payments.settle([payment]);
    for (const tries of [1, 2]) {
      await till.db.query('DELETE FROM outbox');
      await asked(attempt, payment);
      expect(await told('payment.mismatched')).toHaveLength(1);
      expect(await row(attempt)).toMatchObject({ check_tries: tries });
    }
    const { transactionId } = payment;
    const command = { orderNo: attempt.orderNo, transactionId, outRefundNo: 'A1', amountFen: 99, reason: 'back' };
    expect(await till.refunds.record(command)).toBe('recorded');
    await asked(attempt, payment);
    expect(Number((await row(attempt))?.['asked'])).toBe(0);
  });

  describe('that order has accepted', () => {
    const accepted = async (totalFee: number) => {
      const attempt = await placed();
      const payment = money(attempt, totalFee);
      await till.payments.settle([payment]);
      const { orderNo } = attempt;
      await till.attempts.recordOrderStatus([{ orderNo, status: 'PAID', transactionId: payment.transactionId }]);
      return { attempt, payment };
    };

    it('is settled: its attempt has succeeded by it, and nothing is asked any more', async () => {
      const { attempt, payment } = await accepted(130);
      expect(await anomaly()).toMatchObject({ state: 'DONE', note: 'accepted: it paid its order' });
      const { payable, attempts: all = [], now } = (await till.attempts.find(attempt.orderNo)) ?? {};
      const view = payable && statusView(payable, all, null, now ?? new Date());
      expect(view).toMatchObject({ orderStatus: 'PAID', tradeState: 'SUCCESS', phase: 'paid' });
      expect(view?.paidAt).toBe(payment.paidAt.toISOString());
      await asked(attempt, payment);
      expect(Number((await row(attempt))?.['asked'])).toBe(0);
    });

    it('is not told again: only its own amount would be true', async () => {
      const { attempt, payment } = await accepted(130);
      await till.db.query('DELETE FROM outbox');
      expect(await till.payments.settle([payment])).toMatchObject([{ outcome: 'already-settled' }]);
      await till.payments.tellAgain([attempt.outTradeNo]);
      expect(await till.db.query('SELECT type FROM outbox')).toEqual([]);
    });

    it('is given back as what it was', async () => {
      const { attempt, payment } = await accepted(130);
      const { transactionId } = payment;
      const command = { orderNo: attempt.orderNo, transactionId, outRefundNo: 'A1', amountFen: 30, reason: 'surplus' };
      expect(await till.refunds.record(command)).toBe('recorded');
      expect(await till.refunds.find('A1')).toMatchObject({
        totalFee: 130,
        amountFen: 30,
        outTradeNo: attempt.outTradeNo,
      });
    });

    it('before processes wrote down when it was paid was paid when it was told', async () => {
      const attempt = await placed();
      const payment = money(attempt, 130);
      await till.payments.settle([payment]);
      await till.db.query("UPDATE anomaly SET detail = JSON_REMOVE(detail, '$.paidAt')");
      const { transactionId } = payment;
      await till.attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'PAID', transactionId }]);
      const [paid] = (await till.attempts.find(attempt.orderNo))?.attempts ?? [];
      expect(paid).toMatchObject({ state: 'SUCCESS', paidAt: (await anomaly())?.['created_at'] });
    });
  });

  it('stays open when other money paid the order', async () => {
    const attempt = await placed();
    await till.payments.settle([money(attempt, 130)]);
    await till.attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'PAID', transactionId: '4299' }]);
    expect(await anomaly()).toMatchObject({ state: 'OPEN' });
  });

  it('is settled when WeChat has given all of it back', async () => {
    const attempt = await placed();
    const payment = money(attempt, 130);
    await till.payments.settle([payment]);
    const refund = { orderNo: attempt.orderNo, transactionId: payment.transactionId, reason: 'back' };
    await till.refunds.record({ ...refund, outRefundNo: 'A1', amountFen: 30 });
    await till.refunds.record({ ...refund, outRefundNo: 'A2', amountFen: 100 });
    await till.refunds.conclude('A1', 'SUCCESS', '50', '');
    expect(await anomaly()).toMatchObject({ state: 'OPEN' });
    await till.refunds.conclude('A2', 'SUCCESS', '51', '');
    expect(await anomaly()).toMatchObject({ state: 'DONE', note: 'given back', closed_by: null });
  });

  it('is told to an operator with its order and its refunds', async () => {
    const attempt = await placed();
    const payment = money(attempt, 130);
    await till.payments.settle([payment, money({ ...attempt, outTradeNo: 'NOBODY00000000000000' }, 5)]);
    const { orderNo } = attempt;
    const rows = await till.db.query<Record<string, unknown>[]>('SELECT * FROM anomaly ORDER BY id');
    const [amount, unknown] = await new AnomalyGuideMysql().tell(till.db.manager, rows);
    expect(amount?.whatToDo).toContain(`POST /operator/orders/${orderNo}/review`);
    expect(unknown?.happened).toContain('no number of ours');
  });

  it('that was right after all settles the attempt', async () => {
    const attempt = await placed();
    await till.payments.settle([money(attempt, 99)]);
    const [settled] = await till.payments.settle([money(attempt, 100)]);
    expect(settled?.outcome).toBe('settled');
    expect(await row(attempt)).toMatchObject({ state: 'SUCCESS' });
  });
});
