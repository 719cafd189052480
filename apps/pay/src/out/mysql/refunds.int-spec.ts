import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Payment } from '../../domain/payment.ts';
import { atWechat, RefundWechat } from '../../flow/refunds.testing.ts';
import { RefundMoney } from '../../flow/refund.ts';
import { Watch } from '../../flow/watch.ts';
import { CountsPrometheus } from '../counts.prometheus.ts';
import { MessageNeedsMysql } from './message-needs.mysql.ts';
import { type RefundRow } from './refund.row.ts';
import { RefundListMysql } from './refund-list.mysql.ts';
import { RefundListingsMysql } from './refund-listings.mysql.ts';
import { Till } from './till.testing.ts';

Logger.overrideLogger(false);

const till = Till.forTests('pay_refunds');
let wechat: RefundWechat;
/** Two instances of the service. */
let steps: [RefundMoney, RefundMoney];
let orderNo: string;
let transactionId: string;
let payment: Payment;

beforeEach(async () => {
  wechat = new RefundWechat();
  const step = () => new RefundMoney(till.another().refunds, wechat, new Watch(), new CountsPrometheus());
  steps = [step(), step()];
  await paid(100);
});

/** Another order of 100 fen, for which this much has come. */
async function paid(totalFee: number): Promise<void> {
  orderNo = await till.placed(100);
  payment = till.payment(await till.called(orderNo), { totalFee, source: 'query' });
  ({ transactionId } = payment);
  await till.payments.settle([payment]);
}

const command = (outRefundNo = 'R1', amountFen = 60) => ({
  orderNo,
  transactionId,
  outRefundNo,
  amountFen,
  reason: 'cup',
});
const repayment = (over: object = {}) => ({ orderNo, transactionId, outRefundNo: 'R1', amountFen: 60, ...over });
const shown = (over: object = {}) => atWechat({ transactionId, outTradeNo: orderNo, ...over });
const dueNow = () => till.db.query('UPDATE refund SET next_try_at = UTC_TIMESTAMP(3), locked_until = NULL');
const bothTick = () => Promise.all(steps.map((step) => step.tick()));
const told = async () => {
  const rows = await till.db.query<{ message_id: string }[]>(
    "SELECT message_id FROM outbox WHERE type LIKE 'refund.%'",
  );
  return rows.map(({ message_id }) => message_id).sort();
};
const row = async (outRefundNo = 'R1') => {
  const [found] = await till.db.query<RefundRow[]>('SELECT * FROM refund WHERE out_refund_no = ?', [outRefundNo]);
  return found;
};

describe('a parked message', () => {
  const isNeeded = (type: string, data: { orderNo: string } & Record<string, string>) =>
    new MessageNeedsMysql().isNeeded(till.db.manager, { type, data });

  it('that asks for a refund is needed until the refund is recorded, also of an order that has ended', async () => {
    await till.attempts.recordOrderStatus([{ orderNo, status: 'PAID' }]);
    expect(await isNeeded('refund.requested', { orderNo, outRefundNo: 'R1' })).toBe(true);
    await till.refunds.record(command());
    expect(await isNeeded('refund.requested', { orderNo, outRefundNo: 'R1' })).toBe(false);
  });

  it('that tells of a repayment is needed until it is written down', async () => {
    const needed = () => isNeeded('refund.repaid', { orderNo, outRefundNo: 'R1' });
    expect(await needed()).toBe(true);
    await till.refunds.record(command());
    await till.refunds.conclude('R1', 'ABNORMAL', '50R1', '');
    expect(await needed()).toBe(true);
    expect(await isNeeded('refund.requested', { orderNo, outRefundNo: 'R1' })).toBe(false);
    await till.refunds.repaid(repayment());
    expect(await needed()).toBe(false);
  });

  it('that tells how an order stands is needed until the order has ended', async () => {
    expect(await isNeeded('order.paid', { orderNo })).toBe(true);
    await till.attempts.recordOrderStatus([{ orderNo, status: 'PAID' }]);
    expect(await isNeeded('order.paid', { orderNo })).toBe(false);
    expect(await isNeeded('order.placed', { orderNo: 'NOBODY00000000000000' })).toBe(false);
  });
});

describe('a command', () => {
  it('that comes twice, at once and later, makes one call', async () => {
    const [one, other] = steps;
    const both = await Promise.all([one.record([command()]), other.record([command()])]);
    expect(both.flat().sort()).toEqual(['known', 'recorded']);
    await bothTick();
    await one.record([command()]);
    await bothTick();
    expect(wechat.calls.filter((call) => call === 'refund R1')).toHaveLength(1);
    expect(await row()).toMatchObject({
      state: 'PROCESSING',
      refund_id: '50R1',
      total_fee: '100',
      out_trade_no: orderNo,
    });
  });

  it('is answered again once the refund has ended', async () => {
    await steps[0].record([command()]);
    wechat.known.set('R1', shown());
    await steps[0].tick();
    await dueNow();
    await steps[0].tick();
    await till.db.query('DELETE FROM outbox');
    expect(await steps[0].record([command()])).toEqual(['known']);
    expect(await told()).toEqual(['refund.succeeded:R1']);
  });

  it('for unknown money, or for money of another order, is not taken', async () => {
    const other = { ...command(), transactionId: '4299' };
    const stranger = { ...command(), orderNo: 'NONE0000000000000000' };
    expect(await steps[0].record([other, stranger])).toEqual(['unknown-payment', 'unknown-payment']);
  });

  it('for money of another amount tells WeChat what was paid', async () => {
    await paid(80);
    expect(await steps[0].record([command('R1', 80)])).toEqual(['recorded']);
    expect(await row()).toMatchObject({ total_fee: '80', amount_fen: '80' });
  });
});

describe('carrying out', () => {
  it('repeats an unknown outcome with the same number', async () => {
    await steps[0].record([command()]);
    wechat.onRefund = () => ({ kind: 'unknown', reason: 'timeout' });
    await bothTick();
    expect(await row()).toMatchObject({ state: 'REQUESTED', last_error: 'timeout', tries: 1 });
    wechat.known.set('R1', shown({ state: 'PROCESSING' }));
    await dueNow();
    await bothTick();
    expect(wechat.calls).toEqual(['refund R1', 'query R1']);
    expect((await row())?.state).toBe('PROCESSING');
  });

  it('gives no number up while a call before may still be on its way, by the database’s clock', async () => {
    await steps[0].record([command()]);
    wechat.onRefund = () => ({ kind: 'unknown', reason: 'timeout' });
    await bothTick();
    wechat.onRefund = () => ({ kind: 'refused', code: 'TRADE_OVERDUE', text: 'no' });
    await dueNow();
    await bothTick();
    expect([await row(), await told()]).toMatchObject([{ state: 'REQUESTED', last_error: 'TRADE_OVERDUE' }, []]);
    await till.db.query('UPDATE refund SET called_at = called_at - INTERVAL 2 MINUTE');
    await dueNow();
    await bothTick();
    expect(await told()).toEqual(['refund.failed:R1']);
  });

  it('keeps two refunds of one payment a minute apart (J2)', async () => {
    await steps[0].record([command('R1', 10), command('R2', 10)]);
    await bothTick();
    expect(wechat.calls.filter((call) => call.startsWith('refund'))).toHaveLength(1);
    const waiting = wechat.calls.includes('refund R1') ? 'R2' : 'R1';
    expect((await row(waiting))?.next_try_at?.getTime()).toBeGreaterThan(Date.now() + 30_000);
    await till.db.query('UPDATE refund SET called_at = called_at - INTERVAL 2 MINUTE');
    await dueNow();
    for (const no of ['R1', 'R2'])
      if (no !== waiting) wechat.known.set(no, shown({ outRefundNo: no, refundId: `50${no}`, amountFen: 10 }));
    await bothTick();
    expect(wechat.calls.filter((call) => call === `refund ${waiting}`)).toHaveLength(1);
  });

  it('ends a refund once, whoever learns of it', async () => {
    await steps[0].record([command()]);
    await steps[0].tick();
    const ends = await Promise.all([1, 2, 3].map(() => till.refunds.conclude('R1', 'SUCCESS', '50R1', '')));
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await told()).toEqual(['refund.succeeded:R1']);
    expect(await row()).toMatchObject({ state: 'SUCCESS', next_try_at: null });
  });

  it.each([
    ['REFUSED', 'refund.failed:R1'],
    ['CLOSED', 'refund.failed:R1'],
    ['ABNORMAL', 'refund.abnormal:R1'],
  ] as const)('tells %s', async (end, id) => {
    await steps[0].record([command()]);
    expect(await till.refunds.conclude('R1', end, undefined, 'ERROR no')).toBe(true);
    expect(await told()).toEqual([id]);
  });
});

describe('a refund that WeChat cannot pay out', () => {
  const anomaly = async () => {
    const [found] = await till.db.query<{ state: string; note: string | null }[]>('SELECT * FROM anomaly');
    return found;
  };
  const getsStuck = async (amountFen = 60) => {
    await steps[0].record([command('R1', amountFen)]);
    await till.refunds.conclude('R1', 'ABNORMAL', '50R1', '');
  };

  it('is told again until order has said that the buyer was repaid', async () => {
    await getsStuck();
    expect((await row())?.next_try_at?.getTime()).toBeGreaterThan(Date.now());
    await till.db.query('DELETE FROM outbox');
    await dueNow();
    await bothTick();
    expect([await told(), wechat.calls]).toEqual([['refund.abnormal:R1'], []]);
    expect((await row())?.next_try_at?.getTime()).toBeGreaterThan(Date.now());
    const both = await Promise.all(steps.map((step) => step.repaid([repayment()])));
    expect(both.flat().sort()).toEqual(['known', 'recorded']);
    expect(await row()).toMatchObject({ state: 'REPAID', next_try_at: null, locked_until: null });
    await till.db.query('DELETE FROM outbox');
    await till.refunds.later('R1', 0, '');
    await till.refunds.tellAgain('R1');
    expect(await steps[0].record([command()])).toEqual(['known']);
    await bothTick();
    expect([await told(), await till.refunds.stateOf(orderNo)]).toEqual([[], 'REPAID']);
  });

  it('closes the anomaly of its payment once all of it is repaid or back', async () => {
    await paid(80);
    await getsStuck();
    await till.refunds.repaid(repayment());
    expect(await anomaly()).toMatchObject({ state: 'OPEN' });
    await steps[0].record([command('R2', 20)]);
    await till.refunds.conclude('R2', 'SUCCESS', '50R2', '');
    expect(await anomaly()).toMatchObject({ state: 'DONE', note: 'given back' });
  });

  it('closes the anomaly of its payment by itself when it was all of it', async () => {
    await paid(80);
    await getsStuck(80);
    expect(await anomaly()).toMatchObject({ state: 'OPEN' });
    expect(await till.refunds.repaid(repayment({ amountFen: 80 }))).toBe('recorded');
    expect(await anomaly()).toMatchObject({ state: 'DONE', note: 'given back' });
  });

  it('and that WeChat pays although it was repaid is told to order, once', async () => {
    await getsStuck();
    await till.refunds.repaid(repayment());
    await till.db.query('DELETE FROM outbox');
    const ends = await Promise.all([1, 2].map(() => till.refunds.conclude('R1', 'SUCCESS', '50R1', '')));
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await told()).toEqual(['refund.succeeded:R1']);
    expect(await till.refunds.repaid(repayment())).toBe('known');
    expect(await row()).toMatchObject({ state: 'SUCCESS' });
  });

  it('is told from others: unknown, not ABNORMAL, of another amount or payment', async () => {
    expect(await till.refunds.repaid(repayment())).toBe('unknown-refund');
    await steps[0].record([command()]);
    expect(await till.refunds.repaid(repayment())).toBe('known');
    await till.refunds.conclude('R1', 'ABNORMAL', '50R1', '');
    expect(await till.refunds.repaid(repayment({ amountFen: 59 }))).toBe('other');
    expect(await till.refunds.repaid(repayment({ transactionId: '4299' }))).toBe('other');
    expect(await row()).toMatchObject({ state: 'ABNORMAL' });
  });
});

describe('refunds made in the merchant console', () => {
  it('are taken over once, asked about, and told some time', async () => {
    const console = shown({ outRefundNo: '50C', refundId: '50C' });
    expect(await Promise.all([till.refunds.takeOver(console), till.refunds.takeOver(console)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    wechat.known.set('50C', console);
    await bothTick();
    expect(await told()).toEqual(['refund.succeeded:50C']);
    await till.db.query('DELETE FROM outbox');
    await dueNow();
    await bothTick();
    expect(await told()).toEqual(['refund.succeeded:50C']);
    expect(wechat.calls).toEqual(['query 50C']);
  });

  it('are listed after a crash too: the settlement has written that there are some', async () => {
    await till.db.query('DELETE FROM refund_listing');
    await till.payments.settle([{ ...payment, refunded: true }]);
    await till.payments.settle([{ ...payment, refunded: true }]);
    const listings = [new RefundListingsMysql(till.db), new RefundListingsMysql(till.db)] as const;
    expect(await listings[0].claim(10, 60_000)).toEqual([]);
    await till.db.query('UPDATE refund_listing SET due_at = UTC_TIMESTAMP(3)');
    const claims = await Promise.all(listings.map((one) => one.claim(10, 60_000)));
    expect(claims.flat()).toEqual([{ transactionId, tries: 0 }]);
    await listings[0].later(transactionId, 0);
    expect(await listings[1].claim(10, 60_000)).toEqual([{ transactionId, tries: 1 }]);
    await listings[1].done(transactionId);
    await listings[1].later(transactionId, 0);
    expect(await listings[0].claim(10, 60_000)).toEqual([]);
  });

  it('of money that is not ours are left alone', async () => {
    expect(await till.refunds.takeOver(shown({ transactionId: '4299' }))).toBe('unknown-payment');
  });
});

describe('the list of refunds', () => {
  it('is newest first, by state and page by page, with what keeps each', async () => {
    for (const no of ['R1', 'R2', 'R3']) await steps[0].record([command(no, 10)]);
    await till.refunds.later('R2', 60_000, 'NOTENOUGH');
    await till.refunds.conclude('R3', 'REFUSED', undefined, 'TRADE_OVERDUE');
    const list = new RefundListMysql(till.db);
    const all = await list.page({ limit: 10 });
    expect(all.map(({ outRefundNo }) => outRefundNo).toSorted()).toEqual(['R1', 'R2', 'R3']);
    const after = await list.page({ before: all[0]?.outRefundNo ?? '', limit: 1 });
    expect(after).toEqual([all[1]]);
    expect(await list.page({ state: 'REFUSED', limit: 10 })).toMatchObject([{ lastError: 'TRADE_OVERDUE' }]);
    expect(all.find(({ outRefundNo }) => outRefundNo === 'R2')).toMatchObject({
      lastError: 'NOTENOUGH',
      amountFen: 10,
    });
  });
});
