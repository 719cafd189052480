import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AnomalyDesk } from '#platform';
import { type AnewPlacement } from '../../flow/ports.ts';
import { MysqlAnomalyGuide } from './anomaly-guide.mysql.ts';
import { Shop } from './shop.testing.ts';

jest.setTimeout(60_000);
let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open('paypair_repairs');
});
afterAll(() => shop.close());

interface Paid {
  orderNo: string;
  transactionId: string;
}
const paid = async (): Promise<Paid> => {
  const orderNo = await shop.placed();
  return { orderNo, transactionId: await shop.pay(orderNo) };
};
/** A second payment of a paid order: 100 fen that go back by themselves. */
const double = async (): Promise<Paid> => {
  const { orderNo } = await paid();
  return { orderNo, transactionId: await shop.pay(orderNo) };
};
const requested = async ({ orderNo }: Paid, amountFen: number, restock = false): Promise<string> => {
  const wish = { orderNo, amountFen, reason: 'cup', restock, operator: 'olga', fingerprint: 'a'.repeat(64) };
  const placement = await shop.refunds.request({ ...wish, key: `r-${shop.newNumber()}` }, (no) => no);
  if (!('body' in placement)) throw new Error(placement.kind);
  return placement.body;
};
const anomaly = async (orderNo: string, kind: string) => {
  const found = (await shop.anomalies(orderNo)).find((one) => one.kind === kind);
  if (!found) throw new Error(`no anomaly ${kind}`);
  return found;
};
const wishFor = (anomalyId: string, key = `anew-${shop.newNumber()}`) => ({
  ...{ anomalyId, reason: 'again', operator: 'olga', key, fingerprint: 'a'.repeat(64) },
});
const anew = (anomalyId: string): Promise<AnewPlacement> =>
  shop.repairs[0].requestAnew(wishFor(anomalyId), ({ outRefundNo }) => outRefundNo);
const anewNumber = async (anomalyId: string): Promise<string> => {
  const placement = await anew(anomalyId);
  if (!('body' in placement)) throw new Error(placement.kind);
  return placement.body;
};
const states = async (orderNo: string) =>
  Object.fromEntries((await shop.anomalies(orderNo)).map(({ kind, state }) => [kind, state]));
const status = async (orderNo: string) => (await shop.reads.order(orderNo))?.status;

describe('an ABNORMAL refund', () => {
  const stuck = async (amountFen: number, restock = false) => {
    const order = await paid();
    const outRefundNo = await requested(order, amountFen, restock);
    await shop.end(order, outRefundNo, amountFen, 'ABNORMAL');
    return { ...order, outRefundNo };
  };
  const repay = (outRefundNo: string, at: 0 | 1 = 0) =>
    shop.repairs[at].recordRepaid({ outRefundNo, how: 'bank-transfer', note: 'transfer 4711', operator: 'olga' });

  it('that was repaid counts as given back, once, with who did it', async () => {
    const before = await shop.stock();
    const { orderNo, transactionId, outRefundNo } = await stuck(100, true);
    const twice = await Promise.all([repay(outRefundNo), repay(outRefundNo, 1)]);
    expect(twice.sort()).toEqual(['recorded', 'repeat']);
    expect(await shop.payment(transactionId)).toEqual({ role: 'MAIN', refunded: 100, reserved: 0 });
    expect(await shop.reads.order(orderNo)).toMatchObject({ status: 'REFUNDED', points: 0 });
    expect(await shop.stock()).toBe(before);
    expect(await states(orderNo)).toEqual({ REFUND_ABNORMAL: 'DONE' });
    expect(await shop.events(`order.refunded:${outRefundNo}`)).toHaveLength(1);
    expect(await shop.deeds(outRefundNo)).toMatchObject([
      { actor: 'olga', action: 'refund.request' },
      { actor: 'olga', action: 'refund.repaid', before: { state: 'ABNORMAL' }, after: { how: 'bank-transfer' } },
    ]);
    expect(await shop.repairs[0].find(outRefundNo)).toMatchObject({
      ...{ status: 'REPAID', repaidHow: 'bank-transfer', note: 'transfer 4711', requestedBy: 'olga' },
    });
  });

  it('that was repaid is told to pay, and again whenever pay has not heard of it', async () => {
    const { outRefundNo, ...order } = await stuck(100);
    const told = `refund.repaid:${outRefundNo}`;
    expect(await shop.end(order, outRefundNo, 100, 'ABNORMAL')).toBe('repeat');
    expect(await shop.events(told)).toEqual([]);
    await repay(outRefundNo);
    const [row] = await shop.db.query<{ body: string; required: number }[]>(
      'SELECT body, required FROM outbox WHERE message_id = ?',
      [told],
    );
    expect(row?.required).toBe(1);
    expect(JSON.parse(row?.body ?? '{}')).toMatchObject({
      type: 'refund.repaid',
      data: { ...order, outRefundNo, amountFen: 100 },
    });
    await shop.db.query('DELETE FROM outbox');
    expect(await shop.end(order, outRefundNo, 100, 'ABNORMAL')).toBe('repeat');
    expect(await shop.events(told)).toEqual([told]);
    expect(await shop.payment(order.transactionId)).toMatchObject({ refunded: 100, reserved: 0 });
    await shop.end(order, outRefundNo, 100);
    await shop.db.query('DELETE FROM outbox');
    expect(await shop.end(order, outRefundNo, 100, 'ABNORMAL')).toBe('repeat');
    expect(await shop.events(told)).toEqual([]);
  });

  it('that was repaid in part leaves the rest to be given back, and no more', async () => {
    const { outRefundNo, ...order } = await stuck(60);
    await expect(requested(order, 41)).rejects.toThrow('exceeds-paid');
    expect(await repay(outRefundNo)).toBe('recorded');
    expect(await status(order.orderNo)).toBe('PART_REFUNDED');
    await expect(requested(order, 41)).rejects.toThrow('exceeds-paid');
    await shop.end(order, await requested(order, 40), 40);
    expect(await status(order.orderNo)).toBe('REFUNDED');
  });

  it('that WeChat pays after all is given back without a repayment', async () => {
    const { outRefundNo, ...order } = await stuck(100);
    await shop.end(order, outRefundNo, 100);
    expect([await repay(outRefundNo), await states(order.orderNo)]).toEqual([
      'not-abnormal',
      { REFUND_ABNORMAL: 'DONE' },
    ]);
  });

  it('that somebody else repaid in another way is not recorded again: the buyer may have it twice', async () => {
    const { outRefundNo } = await stuck(100);
    await repay(outRefundNo);
    const otherwise = { outRefundNo, how: 'cash', note: 'at the till', operator: 'oskar' } as const;
    expect(await shop.repairs[1].recordRepaid(otherwise)).toBe('repaid-otherwise');
    expect(await shop.repairs[1].recordRepaid({ ...otherwise, how: 'bank-transfer' })).toBe('repaid-otherwise');
    expect(await repay(outRefundNo)).toBe('repeat');
    expect(await shop.repairs[0].find(outRefundNo)).toMatchObject({ repaidHow: 'bank-transfer' });
    expect((await shop.deeds(outRefundNo)).map(({ action }) => action)).toEqual(['refund.request', 'refund.repaid']);
  });

  it('that was repaid in the merchant console is what WeChat then says that it has paid', async () => {
    const { outRefundNo, ...order } = await stuck(100);
    const repayment = { outRefundNo, how: 'merchant-console', note: 'to another card', operator: 'olga' } as const;
    expect(await shop.repairs[0].recordRepaid(repayment)).toBe('recorded');
    expect(await shop.end(order, outRefundNo, 100)).toBe('booked');
    expect(await states(order.orderNo)).toEqual({ REFUND_ABNORMAL: 'DONE' });
    expect(await shop.payment(order.transactionId)).toEqual({ role: 'MAIN', refunded: 100, reserved: 0 });
    expect(await shop.repairs[0].find(outRefundNo)).toMatchObject({ status: 'SUCCESS' });
  });

  it('whose money other refunds have given back is closed with a note', async () => {
    const { outRefundNo, orderNo, transactionId } = await stuck(100);
    expect(await shop.end({ orderNo, transactionId }, `50C${transactionId}`, 100)).toBe('booked');
    expect(await repay(outRefundNo)).toBe('exceeds-paid');
    const [row] = await shop.anomalies(orderNo);
    const [story] = await new MysqlAnomalyGuide().tell(shop.db.manager, row ? [{ ...row }] : []);
    expect(story).toMatchObject({ holds: undefined, whatToDo: expect.stringContaining('close') });
    expect(await shop.payment(transactionId)).toMatchObject({ refunded: 100 });
  });

  it('that WeChat pays although it was repaid is told to an operator, and the books stay within what was paid', async () => {
    const { outRefundNo, ...order } = await stuck(100);
    await repay(outRefundNo);
    expect(await shop.end(order, outRefundNo, 100)).toBe('booked');
    expect(await shop.payment(order.transactionId)).toMatchObject({ refunded: 100, reserved: 0 });
    expect(await states(order.orderNo)).toEqual({ REFUND_ABNORMAL: 'DONE', REPAID_TWICE: 'OPEN' });
    expect(await anew((await anomaly(order.orderNo, 'REPAID_TWICE')).anomaly_id)).toEqual({ kind: 'not-by-refund' });
  });

  it.each([
    ['REPAID, in cash', 'ABNORMAL'],
    ['REFUSED, and made anew', 'REFUSED'],
  ] as const)(
    'or another, %s, and paid by WeChat all the same is booked and told to an operator',
    async (_how, end) => {
      const order = await paid();
      const { orderNo, transactionId } = order;
      const first = await requested(order, 100);
      await shop.end(order, first, 100, end);
      if (end === 'ABNORMAL') await repay(first);
      else await shop.end(order, await requested(order, 100), 100);
      const surplus = end === 'ABNORMAL' ? `50C${transactionId}` : first;
      expect(await shop.end(order, surplus, 100)).toBe('booked');
      expect(await shop.end(order, surplus, 100)).toBe('repeat');
      expect(await shop.payment(transactionId)).toEqual({ role: 'MAIN', refunded: 100, reserved: 0 });
      expect(await anomaly(orderNo, 'REPAID_TWICE')).toMatchObject({ state: 'OPEN' });
      expect(await shop.repairs[0].find(surplus)).toMatchObject({ status: 'SUCCESS' });
      expect(await status(orderNo)).toBe('REFUNDED');
    },
  );

  it('is the only one that can be repaid', async () => {
    expect(await repay(await requested(await paid(), 10))).toBe('not-abnormal');
    expect(await repay('R0')).toBe('unknown-refund');
  });
});

describe('a refund that was refused', () => {
  it('of second money is requested anew, and all of it is done when that succeeds', async () => {
    const order = await double();
    const { orderNo, transactionId } = order;
    await shop.end(order, `A${transactionId}`, 100, 'REFUSED');
    expect(await states(orderNo)).toEqual({ DOUBLE: 'OPEN', REFUND_REFUSED: 'OPEN' });
    const { anomaly_id } = await anomaly(orderNo, 'DOUBLE');
    const both = await Promise.all(
      shop.repairs.map((one) => one.requestAnew(wishFor(anomaly_id), (it) => it.outRefundNo)),
    );
    expect(both.map(({ kind }) => kind).sort()).toEqual(['requested', 'under-way']);
    const body = both.map((one) => ('body' in one ? one.body : '')).join('');
    expect(await shop.payment(transactionId)).toEqual({ role: 'DOUBLE', refunded: 0, reserved: 100 });
    expect(await shop.deeds(body)).toMatchObject([{ actor: 'olga', action: 'refund.anew' }]);
    expect(await anew((await anomaly(orderNo, 'REFUND_REFUSED')).anomaly_id)).toEqual({ kind: 'under-way' });
    await shop.end(order, body, 100);
    expect(await states(orderNo)).toEqual({ DOUBLE: 'DONE', REFUND_REFUSED: 'DONE' });
    expect(await anew(anomaly_id)).toEqual({ kind: 'anomaly-closed' });
    expect(await status(orderNo)).toBe('PAID');
  });

  it('of an order’s own money is requested again for the same amount, in its place', async () => {
    const order = await paid();
    const first = await requested(order, 40, true);
    const other = await requested(order, 30);
    await shop.end(order, first, 40, 'REFUSED');
    await shop.end(order, other, 30, 'CLOSED');
    const refused = await anomaly(order.orderNo, 'REFUND_REFUSED');
    const second = await anewNumber(refused.anomaly_id);
    expect(await anew(refused.anomaly_id)).toEqual({ kind: 'under-way' });
    expect(await shop.repairs[0].find(second)).toMatchObject({ amountFen: 40, replaces: first, restock: true });
    await shop.end(order, second, 40, 'REFUSED');
    const third = await anewNumber((await shop.anomalies(order.orderNo)).at(-1)?.anomaly_id ?? '');
    await shop.end(order, third, 40);
    expect((await shop.anomalies(order.orderNo)).map(({ kind, state }) => [kind, state])).toEqual([
      ['REFUND_REFUSED', 'DONE'],
      ['REFUND_CLOSED', 'OPEN'],
      ['REFUND_REFUSED', 'DONE'],
    ]);
    expect(await shop.payment(order.transactionId)).toEqual({ role: 'MAIN', refunded: 40, reserved: 0 });
  });

  it('twice is requested anew once, from whichever of its anomalies', async () => {
    const order = await paid();
    const first = await requested(order, 40);
    await shop.end(order, first, 40, 'REFUSED');
    const ofFirst = (await anomaly(order.orderNo, 'REFUND_REFUSED')).anomaly_id;
    await shop.end(order, await anewNumber(ofFirst), 40, 'CLOSED');
    const ofSecond = (await anomaly(order.orderNo, 'REFUND_CLOSED')).anomaly_id;
    const both = await Promise.all([anew(ofFirst), anew(ofSecond)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['requested', 'under-way']);
    expect(await shop.payment(order.transactionId)).toMatchObject({ reserved: 40 });
    await shop.end(order, both.map((one) => ('body' in one ? one.body : '')).join(''), 40);
    expect(await states(order.orderNo)).toEqual({ REFUND_REFUSED: 'DONE', REFUND_CLOSED: 'DONE' });
    expect(await shop.payment(order.transactionId)).toEqual({ role: 'MAIN', refunded: 40, reserved: 0 });
  });

  it('but succeeded after all needs nobody', async () => {
    const order = await paid();
    const no = await requested(order, 100);
    await shop.end(order, no, 100, 'REFUSED');
    await shop.end(order, no, 100);
    expect([await states(order.orderNo), await status(order.orderNo)]).toEqual([
      { REFUND_REFUSED: 'DONE' },
      'REFUNDED',
    ]);
  });

  it('is requested anew under one key once', async () => {
    const order = await double();
    await shop.end(order, `A${order.transactionId}`, 100, 'REFUSED');
    const same = wishFor((await anomaly(order.orderNo, 'DOUBLE')).anomaly_id, 'same-anew');
    const both = await Promise.all(shop.repairs.map((one) => one.requestAnew(same, (it) => it.outRefundNo)));
    expect(both.map(({ kind }) => kind).sort()).toEqual(['replayed', 'requested']);
    const other = { ...same, fingerprint: 'b'.repeat(64) };
    expect(await shop.repairs[0].requestAnew(other, String)).toEqual({ kind: 'key-reused' });
  });
});

describe('an anomaly that an operator closes', () => {
  const close = (anomalyId: string, actor = 'olga') =>
    new AnomalyDesk(shop.db, new MysqlAnomalyGuide()).close(anomalyId, actor, 'paid in cash');
  const refused = async () => {
    const order = await double();
    await shop.end(order, `A${order.transactionId}`, 100, 'REFUSED');
    const ids = (await shop.anomalies(order.orderNo)).map(({ anomaly_id }) => anomaly_id);
    return { ...order, money: ids[0] ?? '', refund: ids[1] ?? '' };
  };

  it.each(['money', 'refund'] as const)(
    'about %s closes the other too: nobody gives it back once more',
    async (which) => {
      const { orderNo, ...ids } = await refused();
      expect(await close(ids[which])).toEqual({ kind: 'closed' });
      expect(await states(orderNo)).toEqual({ DOUBLE: 'DONE', REFUND_REFUSED: 'DONE' });
      for (const id of [ids.money, ids.refund]) expect(await anew(id)).toEqual({ kind: 'anomaly-closed' });
      expect(await shop.deeds(ids[which])).toMatchObject([
        { action: 'anomaly.close', after: { note: 'paid in cash' } },
      ]);
    },
  );

  it('while another requests its money anew is closed, or given back, never both', async () => {
    for (const which of ['money', 'refund', 'money', 'refund'] as const) {
      const { transactionId, ...ids } = await refused();
      const [closed, requested] = await Promise.all([
        close(ids[which], 'oskar'),
        anew(ids[which === 'money' ? 'refund' : 'money']),
      ]);
      expect([
        ['closed', 'anomaly-closed'],
        ['held', 'requested'],
      ]).toContainEqual([closed.kind, requested.kind]);
      const { reserved } = await shop.payment(transactionId);
      expect(reserved).toBe(closed.kind === 'closed' ? 0 : 100);
    }
  });

  it('about one refund of an order leaves the others', async () => {
    const order = await paid();
    for (const fen of [10, 20]) await shop.end(order, await requested(order, fen), fen, 'REFUSED');
    const [first, second] = await shop.anomalies(order.orderNo);
    expect(await close(first?.anomaly_id ?? '')).toEqual({ kind: 'closed' });
    expect(await anew(second?.anomaly_id ?? '')).toMatchObject({ kind: 'requested' });
  });
});

describe('money that cannot be requested anew', () => {
  it('waits for a decision, is on its way, or is not known', async () => {
    const { orderNo } = await shop.inReview(99);
    expect(await anew((await anomaly(orderNo, 'AMOUNT')).anomaly_id)).toEqual({ kind: 'in-review' });
    const second = await double();
    expect(await anew((await anomaly(second.orderNo, 'DOUBLE')).anomaly_id)).toEqual({ kind: 'under-way' });
    expect(await anew('999999')).toEqual({ kind: 'unknown-anomaly' });
  });

  it('nothing is left of', async () => {
    const order = await paid();
    const no = await requested(order, 60);
    await shop.end(order, no, 60, 'REFUSED');
    await requested(order, 60);
    expect(await anew((await anomaly(order.orderNo, 'REFUND_REFUSED')).anomaly_id)).toEqual({ kind: 'exceeds-paid' });
  });
});

describe('the lists', () => {
  it('show refunds newest first, by state and page by page', async () => {
    const order = await paid();
    const all = [await requested(order, 1), await requested(order, 1), await requested(order, 1)];
    const listed = async (query: { before?: string; limit: number }) =>
      (await shop.repairs[0].list({ state: 'REQUESTED', ...query })).map(({ outRefundNo }) => outRefundNo);
    const newest = await listed({ limit: 3 });
    expect(newest.toSorted()).toEqual(all.toSorted());
    expect(await listed({ limit: 2 })).toEqual(newest.slice(0, 2));
    expect((await listed({ before: newest[1] ?? '', limit: 1 }))[0]).toBe(newest[2]);
    const ended = await shop.repairs[0].list({ state: 'SUCCESS', limit: 100 });
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['SUCCESS']));
  });

  it('tell every anomaly there is', async () => {
    const rows = await shop.db.query<Record<string, unknown>[]>('SELECT * FROM anomaly');
    const stories = await new MysqlAnomalyGuide().tell(shop.db.manager, rows);
    expect(stories).toHaveLength(rows.length);
    const kinds = new Set(rows.map(({ kind }) => kind));
    expect(kinds).toEqual(
      new Set(['AMOUNT', 'DOUBLE', 'REFUND_ABNORMAL', 'REFUND_REFUSED', 'REFUND_CLOSED', 'REPAID_TWICE']),
    );
    for (const [index, row] of rows.entries()) {
      expect(stories[index]?.open === 'Nothing.').toBe(row['state'] === 'DONE');
    }
  });
});
