import { afterEach, describe, expect, it } from '@jest/globals';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from '../libs/wechat-pay/test-support/certificates.ts';
import type { EndpointFault } from '../apps/wechat-simulator/src/domain/faults.ts';
import { until } from '../tools/services/until.ts';
import type { PlacedOrder } from '../tools/stack/client.ts';
import { Console } from './support/merchant-console.ts';
import { type Captured, Notices, type Refunded } from './support/notices.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { both, type Instance, Twins } from './support/twins.ts';
import { encryptRefundNotice } from '#wechat-pay/testing';

const PARTS = 10;
/** WeChat takes two refunds of one payment no closer together. */
const APART_MS = 60_000;
const TOO_MUCH = /409: .*REFUND_EXCEEDS_PAID/;
const LONG_MS = 3_600_000;

interface Paid {
  order: PlacedOrder;
  taken: Captured;
}

describe('J. Refunds', () => {
  const shop = Twins.forTests({ SIMULATOR_REFUND_SECONDS: '1' });
  const notices = new Notices(shop);
  const merchant = new Console(shop);
  afterEach(async () => expect(await shop.broken()).toEqual([]));

  const at = (index: number): Instance => (index % 2 === 0 ? 1 : 2);
  const paid = async (): Promise<Paid> => {
    const buyer = shop.buyer();
    const { order, code } = await upToTheCode(buyer);
    await buyer.tap(code.code_url);
    await shop.orderBecomes(order.orderNo, 'PAID');
    return { order, taken: await notices.captured(order.orderNo) };
  };
  const ask = (orderNo: string, amountFen: number, { index = 0, restock = false } = {}) =>
    shop.operator(at(index), `operator-${index}`).refund(orderNo, { amountFen, reason: '测试', restock });
  /** What stands at `pay` about a refund that waits. */
  const waits = (no: string, because: RegExp) =>
    until(`${no} waits`, async () => {
      const sql = 'SELECT state, last_error AS error FROM refund WHERE out_refund_no = ?';
      const [row] = await shop.rows<{ state: string; error: string }>('pay', sql, [no]);
      if (row?.state === 'REQUESTED' && because.test(row.error)) return true;
      throw new Error(JSON.stringify(row));
    });
  /** As if the time until its next try had passed. */
  const dueNow = (no: string) =>
    shop.rows('pay', 'UPDATE refund SET next_try_at = UTC_TIMESTAMP(3) WHERE out_refund_no = ?', [no]);
  /** As if a minute had passed since the newest refund of this payment was asked for, here and at WeChat. */
  const aMinuteLater = async (transactionId: string) => {
    await shop.control.advance(APART_MS + 1_000);
    await shop.rows(
      'pay',
      `UPDATE refund SET called_at = called_at - INTERVAL 62 SECOND, next_try_at = next_try_at - INTERVAL 62 SECOND
        WHERE transaction_id = ?`,
      [transactionId],
    );
  };
  const atWechat = async (orderNo: string): Promise<Refunded[]> =>
    (await shop.control.ledger('refunded')).filter(({ outTradeNo }) => outTradeNo === orderNo);
  /** How often WeChat was called for a refund of this payment. */
  const callsFor = async ({ transactionId }: Captured) =>
    (await shop.control.calls()).find((one) => one.endpoint === 'refund' && one.number === transactionId)?.count ?? 0;
  const moneyOf = async (orderNo: string) => {
    const sql = 'SELECT refunded_fen AS refunded, reserved_fen AS reserved FROM order_payment WHERE order_no = ?';
    const [row] = await shop.rows<{ refunded: string; reserved: string }>('order', sql, [orderNo]);
    return { refunded: Number(row?.refunded), reserved: Number(row?.reserved) };
  };
  const anomalies = async (orderNo: string) => {
    const { rows } = await shop.operator().operatorList('order', 'anomalies');
    return rows.filter((row) => row['orderNo'] === orderNo).map(({ kind, state }) => ({ kind, state }));
  };
  const points = (orderNo: string) =>
    shop.rows<{ points: number }>('order', 'SELECT points FROM point_ledger WHERE order_no = ? ORDER BY points DESC', [
      orderNo,
    ]);
  const reservation = (orderNo: string) =>
    shop.rows<{ state: string }>('order', 'SELECT state FROM reservation WHERE order_no = ?', [orderNo]);

  it('E10: without a certificate, and with one that WeChat refuses, refunds wait; the right file is enough', async () => {
    const { order } = await paid();
    const file = join(merchant.certificates, 'apiclient_cert.p12');
    await rename(file, `${file}.away`);
    const { outRefundNo } = await ask(order.orderNo, order.totalFee);
    await waits(outRefundNo, /WECHAT_CERT is not there/);
    await writeFile(file, makeCertificates('1900000109').p12);
    await dueNow(outRefundNo);
    await waits(outRefundNo, /CERT_ERROR/);
    expect(await moneyOf(order.orderNo)).toEqual({ refunded: 0, reserved: order.totalFee });
    await rename(`${file}.away`, file);
    await dueNow(outRefundNo);
    await shop.refundBecomes(outRefundNo, 'SUCCESS');
    await shop.orderBecomes(order.orderNo, 'REFUNDED');
  });

  it('J1: of two operators who give 60 of 100 back in the same second one is refused', async () => {
    const { order } = await paid();
    const most = order.totalFee * 0.6;
    const answers = await Promise.allSettled(both.map((index) => ask(order.orderNo, most, { index })));
    const [done, refused] = answers.toSorted((a, b) => a.status.localeCompare(b.status));
    expect(done?.status).toBe('fulfilled');
    expect(String(refused?.status === 'rejected' && refused.reason)).toMatch(TOO_MUCH);
    await shop.orderBecomes(order.orderNo, 'PART_REFUNDED');
    expect(await moneyOf(order.orderNo)).toEqual({ refunded: most, reserved: 0 });
  });

  it('J2 and J8: ten parts at once are all of it, a minute apart; points and goods come back once, at the end', async () => {
    const { order, taken } = await paid();
    const { orderNo, totalFee } = order;
    const part = totalFee / PARTS;
    const asked = await Promise.all(
      Array.from({ length: PARTS }, (_, index) => ask(orderNo, part, { index, restock: index < 2 })),
    );
    expect(new Set(asked.map(({ outRefundNo }) => outRefundNo)).size).toBe(PARTS);
    await expect(ask(orderNo, 1)).rejects.toThrow(TOO_MUCH);
    for (let count = 1; count <= PARTS; count += 1) {
      await until(`WeChat has ${count} refunds`, async () => (await atWechat(orderNo)).length >= count, 30_000);
      if (count < PARTS) expect(await reservation(orderNo)).toEqual([{ state: 'SOLD' }]);
      if (count < PARTS) expect(await points(orderNo)).toEqual([{ points: TEA.points }]);
      await aMinuteLater(taken.transactionId);
    }
    await shop.orderBecomes(orderNo, 'REFUNDED');
    const made = await atWechat(orderNo);
    expect(made.map(({ refundFee }) => refundFee)).toEqual(asked.map(() => part));
    const pauses = made.slice(1).map(({ acceptedOn }, i) => acceptedOn - (made[i]?.acceptedOn ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(APART_MS);
    expect(await callsFor(taken)).toBe(PARTS);
    expect(await points(orderNo)).toEqual([{ points: TEA.points }, { points: -TEA.points }]);
    expect(await reservation(orderNo)).toEqual([{ state: 'RETURNED' }]);
  });

  it('J3 and E4: a refund of unknown outcome is asked about, and made once under its number', async () => {
    const faults: EndpointFault[] = [
      // Longer than pay waits.
      { answerAfterMs: 16_000 },
      { dropAnswer: true },
      { systemError: 'after' },
      { systemError: 'before' },
      { answer: 'wrong-sign' },
      { answer: 'other-order' },
      { hangMs: 200 },
    ];
    const orders = await Promise.all(faults.map(() => paid()));
    await shop.control.faults({
      orders: Object.fromEntries(
        // Only asking helps: WeChat tells nobody.
        orders.map(({ order }, i) => [order.orderNo, { refund: { ...faults[i], times: 1 }, notify: { off: true } }]),
      ),
    });
    const asked = await Promise.all(orders.map(({ order }, index) => ask(order.orderNo, order.totalFee, { index })));
    await Promise.all(orders.map(({ order }) => shop.orderBecomes(order.orderNo, 'REFUNDED')));
    for (const [i, { order }] of orders.entries()) {
      const made = (await atWechat(order.orderNo)).map(({ outRefundNo }) => outRefundNo);
      expect(made).toEqual([asked[i]?.outRefundNo]);
      // Not restocked: nobody asked for it.
      expect(await reservation(order.orderNo)).toEqual([{ state: 'SOLD' }]);
    }
  });

  it('J4: told twenty times at two processes while it is asked about, a refund counts once', async () => {
    const { order, taken } = await paid();
    await shop.control.rules({ refundAfterMs: LONG_MS });
    await shop.control.faults({ orders: { [order.orderNo]: { notify: { off: true } } } });
    const { outRefundNo } = await ask(order.orderNo, 800);
    await until('WeChat has taken it on', async () => (await atWechat(order.orderNo)).length === 1);
    await shop.control.rules({ refundAfterMs: 1_000 });
    const [made] = await atWechat(order.orderNo);
    const told = notices.ofRefund(made as Refunded, taken.transactionId);
    expect(await notices.post(told, 2, 'refund')).toBe('FAIL');
    await shop.control.endRefund(outRefundNo, 'SUCCESS');
    await dueNow(outRefundNo);
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => notices.post(told, at(i), 'refund')));
    expect(new Set(replies)).toEqual(new Set(['SUCCESS']));
    await shop.refundBecomes(outRefundNo, 'SUCCESS');
    expect(await moneyOf(order.orderNo)).toEqual({ refunded: 800, reserved: 0 });
    expect(await shop.wayOf(order.orderNo)).toEqual(['WAIT_PAY', 'PAID', 'PART_REFUNDED']);
  });

  it('J5: what is not paid, or no more, is not refunded; while it is being paid, at most once', async () => {
    const buyer = shop.buyer();
    const [unpaid, paying] = [await upToTheCode(buyer), await upToTheCode(buyer)];
    await expect(ask(unpaid.order.orderNo, 1)).rejects.toThrow(/409: .*ORDER_NOT_PAID/);
    await buyer.cancel(unpaid.order.orderNo);
    await shop.orderBecomes(unpaid.order.orderNo, 'CANCELLED');
    await expect(ask(unpaid.order.orderNo, 1)).rejects.toThrow(/409: .*ORDER_NOT_PAID/);
    const { orderNo, totalFee } = paying.order;
    const asking = async (index: number) => {
      const asked = () => ask(orderNo, totalFee, { index }).catch((error: unknown) => String(error));
      return until('there is an answer', async () => {
        const answer = await asked();
        return typeof answer === 'string' && answer.includes('ORDER_NOT_PAID') ? undefined : answer;
      });
    };
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, index) => asking(index))),
      buyer.tap(paying.code.code_url),
    ]);
    const refused = answers.filter((answer) => typeof answer === 'string');
    expect(refused).toHaveLength(7);
    for (const answer of refused) expect(answer).toMatch(TOO_MUCH);
    await shop.orderBecomes(orderNo, 'REFUNDED');
  });

  it('J6: no funds are waited for; what WeChat refuses, closes or cannot pay out waits for an operator', async () => {
    const [poor, refused, closed, abnormal] = [await paid(), await paid(), await paid(), await paid()];
    await shop.control.rules({ refundAfterMs: LONG_MS });
    await shop.control.faults({
      orders: {
        [poor.order.orderNo]: { refund: { error: 'NOTENOUGH', times: 1 } },
        [refused.order.orderNo]: { refund: { error: 'TRADE_OVERDUE', times: 1 } },
      },
    });
    const all = [poor, refused, closed, abnormal];
    const numbers = await Promise.all(all.map(({ order }) => ask(order.orderNo, 800)));
    const [ofPoor, ofRefused, ofClosed, ofAbnormal] = numbers.map(({ outRefundNo }) => outRefundNo) as [
      string,
      string,
      string,
      string,
    ];
    await waits(ofPoor, /NOTENOUGH/);
    await dueNow(ofPoor);
    for (const { order } of [poor, closed, abnormal]) {
      await until('WeChat has taken it on', async () => (await atWechat(order.orderNo)).length === 1);
    }
    expect(await callsFor(poor.taken)).toBe(2);
    await shop.control.endRefund(ofPoor, 'SUCCESS');
    await shop.control.endRefund(ofClosed, 'REFUNDCLOSE');
    await shop.control.endRefund(ofAbnormal, 'CHANGE');
    await shop.control.rules({ refundAfterMs: 1_000 });
    await shop.refundBecomes(ofPoor, 'SUCCESS');
    await shop.refundBecomes(ofRefused, 'REFUSED');
    await shop.refundBecomes(ofClosed, 'CLOSED');
    await shop.refundBecomes(ofAbnormal, 'ABNORMAL');
    for (const [{ order }, kind, reserved] of [
      [refused, 'REFUND_REFUSED', 0],
      [closed, 'REFUND_CLOSED', 0],
      [abnormal, 'REFUND_ABNORMAL', 800],
    ] as const) {
      expect(await moneyOf(order.orderNo)).toEqual({ refunded: 0, reserved });
      expect(await anomalies(order.orderNo)).toEqual([{ kind, state: 'OPEN' }]);
    }
    await expect(ask(abnormal.order.orderNo, abnormal.order.totalFee)).rejects.toThrow(TOO_MUCH);
    for (const { order, taken } of [closed, refused]) {
      const anew = await ask(order.orderNo, 800);
      expect(numbers).not.toContainEqual(anew);
      await aMinuteLater(taken.transactionId);
      await shop.refundBecomes(anew.outRefundNo, 'SUCCESS');
    }
  });

  it('J7: a refund told with another key, garbled, cut or made up is answered FAIL and counted', async () => {
    const { order, taken } = await paid();
    const before = await shop.counted('paypair_pay_notices_total', '"refund-');
    const facts = { out_trade_no: order.orderNo, transaction_id: taken.transactionId, total_fee: order.totalFee };
    const made = encryptRefundNotice(notices.merchant, { ...facts, out_refund_no: 'MADEUP1' });
    const otherKey = { ...notices.merchant, apiKey: 'TESTONLYotherkey0123456789abcdef' };
    const content = (text: string) => made.replace(/(<req_info>(?:<!\[CDATA\[)?)[^\]<]*/, `$1${text}`);
    const lies = [
      encryptRefundNotice(otherKey, facts),
      content('not base64!'),
      content(Buffer.alloc(33).toString('base64')),
      content(Buffer.alloc(64).toString('base64')),
      made.slice(0, -20),
      '',
      made,
    ];
    for (const [index, lie] of lies.entries()) expect(await notices.post(lie, at(index), 'refund')).toBe('FAIL');
    expect((await shop.counted('paypair_pay_notices_total', '"refund-')) - before).toBe(lies.length);
    expect(await moneyOf(order.orderNo)).toEqual({ refunded: 0, reserved: 0 });
    expect(await shop.wayOf(order.orderNo)).toEqual(['WAIT_PAY', 'PAID']);
  });
});
