import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Decision } from '../../domain/review.ts';
import { type ReviewPlacement } from '../../flow/ports.ts';
import { Shop } from './shop.testing.ts';

jest.setTimeout(60_000);
let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open('paypair_reviews');
});
afterAll(() => shop.close());

const wish = (
  orderNo: string,
  decision: Decision,
  more: { key?: string; fingerprint?: string; note?: string } = {},
) => ({
  ...{ orderNo, decision, note: more.note ?? 'called the buyer', operator: 'olga' },
  key: more.key ?? `review-${shop.newNumber()}`,
  fingerprint: (more.fingerprint ?? 'a').repeat(64),
});
const decide = (...args: Parameters<typeof wish>): Promise<ReviewPlacement> =>
  shop.reviews[0].decide(wish(...args), JSON.stringify);
const status = async (orderNo: string) => (await shop.reads.order(orderNo))?.status;

describe('money of another amount', () => {
  it('is booked by the transaction that moves its order to REVIEW, however often it is told', async () => {
    const orderNo = await shop.placed();
    const money = {
      orderNo,
      outTradeNo: orderNo,
      transactionId: `42${orderNo.slice(-8)}`,
      totalFee: 99,
      source: 'query',
    };
    const told = { ...money, paidAt: new Date(), differs: true };
    const settled = await Promise.all([shop.changes.settle([told]), shop.changes.settle([told, told])]);
    expect(
      settled
        .flat()
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['booked', 'repeat', 'repeat']);
    expect([await status(orderNo), await shop.payment(told.transactionId)]).toEqual([
      'REVIEW',
      { role: 'AMOUNT', refunded: 0, reserved: 0 },
    ]);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'OPEN' }]);
  });

  it('goes back by itself when its order had ended, or had money', async () => {
    const paid = await shop.placed();
    await shop.pay(paid);
    const second = await shop.pay(paid, 120, true);
    expect([await shop.payment(second), await status(paid)]).toEqual([
      { role: 'DOUBLE', refunded: 0, reserved: 120 },
      'PAID',
    ]);
    const { orderNo } = await shop.inReview(99);
    await decide(orderNo, 'refund');
    expect(await shop.payment(await shop.pay(orderNo, 120, true))).toEqual({
      role: 'LATE',
      refunded: 0,
      reserved: 120,
    });
  });
});

describe('accepting', () => {
  it('makes the order PAID once, with points, and gives the surplus back without touching the order', async () => {
    const { orderNo, transactionId } = await shop.inReview(130);
    const decided = await decide(orderNo, 'accept');
    const refund = { outRefundNo: `A${transactionId}`, amountFen: 30 };
    expect(decided).toEqual({
      kind: 'decided',
      body: JSON.stringify({ orderNo, status: 'PAID', transactionId, refund }),
    });
    expect(await shop.reads.order(orderNo)).toMatchObject({
      ...{ status: 'PAID', points: 1, paidAt: new Date('2026-11-21T10:00:00Z') },
      refunds: [{ outRefundNo: `A${transactionId}`, amountFen: 30, origin: 'REVIEW', status: 'REQUESTED' }],
    });
    expect(await shop.payment(transactionId)).toEqual({ role: 'MAIN', refunded: 0, reserved: 30 });
    expect(await shop.events(`order.paid:${orderNo}`, `refund.requested:A${transactionId}`)).toHaveLength(2);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'DONE', closed_by: 'olga' }]);
    expect(await shop.deeds(orderNo)).toMatchObject([
      {
        ...{ actor: 'olga', action: 'order.review.accept', before: { status: 'REVIEW', payment: { totalFee: 130 } } },
        after: { status: 'PAID', refund: { amountFen: 30 }, note: 'called the buyer' },
      },
    ]);
    await shop.end({ orderNo, transactionId }, `A${transactionId}`, 30);
    expect([await status(orderNo), (await shop.payment(transactionId)).refunded]).toEqual(['PAID', 30]);
    await shop.end({ orderNo, transactionId }, '5000CONSOLE1', 100);
    expect([await status(orderNo), (await shop.payment(transactionId)).refunded]).toEqual(['REFUNDED', 130]);
  });

  it('tells by which money the order was paid, also when it is told again', async () => {
    const { orderNo, transactionId } = await shop.inReview(100);
    await decide(orderNo, 'accept');
    const told = async () => {
      const [row] = await shop.db.query<{ body: string }[]>('SELECT body FROM outbox WHERE message_id = ?', [
        `order.paid:${orderNo}`,
      ]);
      return JSON.parse(row?.body ?? '{}') as unknown;
    };
    expect(await told()).toMatchObject({ data: { orderNo, transactionId } });
    await shop.db.query('DELETE FROM outbox');
    await shop.changes.tellEnds([orderNo]);
    expect(await told()).toMatchObject({ data: { orderNo, transactionId } });
  });

  it('is refused for less than the order costs, and writes nothing', async () => {
    const { orderNo, transactionId } = await shop.inReview(99);
    expect(await decide(orderNo, 'accept', { key: 'small' })).toEqual({ kind: 'too-little' });
    expect([await status(orderNo), (await shop.payment(transactionId)).role]).toEqual(['REVIEW', 'AMOUNT']);
    expect(await shop.deeds(orderNo)).toEqual([]);
    expect(await decide(orderNo, 'refund', { key: 'small' })).toMatchObject({ kind: 'decided' });
  });
});

describe('giving it back', () => {
  it('ends the order, with its stock back once, and closes the anomaly when the buyer has the money', async () => {
    const before = await shop.stock();
    const { orderNo, transactionId } = await shop.inReview(99);
    expect(await shop.stock()).toBe(before - 1);
    expect(await decide(orderNo, 'refund')).toMatchObject({ kind: 'decided' });
    expect([await status(orderNo), await shop.stock()]).toEqual(['CANCELLED', before]);
    expect(await shop.payment(transactionId)).toEqual({ role: 'AMOUNT', refunded: 0, reserved: 99 });
    expect(await shop.events(`order.cancelled:${orderNo}`, `refund.requested:A${transactionId}`)).toHaveLength(2);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'OPEN' }]);
    await shop.end({ orderNo, transactionId }, `A${transactionId}`, 99);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'DONE' }]);
    expect(await shop.payment(transactionId)).toEqual({ role: 'AMOUNT', refunded: 99, reserved: 0 });
    expect([await status(orderNo), await shop.stock()]).toEqual(['CANCELLED', before]);
  });

  it('asks for nothing when the merchant console has given it back already', async () => {
    const { orderNo, transactionId } = await shop.inReview(99);
    await shop.end({ orderNo, transactionId }, '5000CONSOLE2', 99);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'DONE' }]);
    expect(await decide(orderNo, 'accept')).toEqual({ kind: 'too-little' });
    const decided = await decide(orderNo, 'refund');
    expect(decided).toMatchObject({ kind: 'decided', body: expect.stringContaining('"refund":null') });
    expect(await status(orderNo)).toBe('CANCELLED');
  });

  it('keeps the anomaly open while only some of it is back', async () => {
    const { orderNo, transactionId } = await shop.inReview(99);
    await shop.end({ orderNo, transactionId }, '5000CONSOLE3', 9);
    expect(await shop.anomalies(orderNo)).toMatchObject([{ kind: 'AMOUNT', state: 'OPEN' }]);
    await decide(orderNo, 'refund');
    expect(await shop.payment(transactionId)).toEqual({ role: 'AMOUNT', refunded: 9, reserved: 90 });
  });
});

describe('a decision', () => {
  it('is one of all that are made at the same moment, beside new money', async () => {
    const before = await shop.stock();
    const { orderNo, transactionId } = await shop.inReview(130);
    const [one, other] = shop.reviews;
    const [accept, refund] = await Promise.all([
      one.decide(wish(orderNo, 'accept'), JSON.stringify),
      other.decide(wish(orderNo, 'refund'), JSON.stringify),
      shop.pay(orderNo),
    ]);
    expect([accept.kind, refund.kind].sort()).toEqual(['decided', 'not-in-review']);
    const accepted = accept.kind === 'decided';
    expect(await status(orderNo)).toBe(accepted ? 'PAID' : 'CANCELLED');
    expect(await shop.stock()).toBe(accepted ? before - 1 : before);
    expect(await shop.payment(transactionId)).toEqual(
      accepted ? { role: 'MAIN', refunded: 0, reserved: 30 } : { role: 'AMOUNT', refunded: 0, reserved: 130 },
    );
    const booked = await shop.number(
      "SELECT COUNT(*) FROM order_payment WHERE order_no = ? AND role IN ('DOUBLE', 'LATE') AND reserved_fen = 100",
      orderNo,
    );
    expect(booked).toBe(1);
    expect(await shop.deeds(orderNo)).toHaveLength(1);
  });

  it('made twice under one key is one, and another one under it is refused', async () => {
    const { orderNo } = await shop.inReview(130);
    const same = wish(orderNo, 'accept', { key: 'twice' });
    const both = await Promise.all(shop.reviews.map((one) => one.decide(same, JSON.stringify)));
    expect(both.map(({ kind }) => kind).sort()).toEqual(['decided', 'replayed']);
    expect(new Set(both.map((one) => 'body' in one && one.body)).size).toBe(1);
    expect(await decide(orderNo, 'refund', { key: 'twice', fingerprint: 'b' })).toEqual({ kind: 'key-reused' });
    expect(await decide(orderNo, 'accept')).toEqual({ kind: 'not-in-review' });
  });

  it('is there for orders that wait for one only', async () => {
    expect(await decide(await shop.placed(), 'accept')).toEqual({ kind: 'not-in-review' });
    expect(await decide('NONE0000000000000000', 'refund')).toEqual({ kind: 'unknown-order' });
  });
});
