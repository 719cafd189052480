import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  anewView,
  orderView,
  ordersView,
  refundRequestedView,
  refundsView,
  refundView,
  reviewedView,
} from '../apps/order/src/in/views.ts';
import { refundsView as refundsOfPayView, statusView } from '../apps/pay/src/in/views.ts';
import { until } from '../tools/services/until.ts';
import type { Client } from '../tools/stack/client.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';
import { anomaliesView, auditView, outboxView, parkedView } from '#platform';

const TEST_MS = 300_000;
/** WeChat takes two refunds of one payment only a minute apart. */
const ENDS_MS = 150_000;

describe('an operator', () => {
  let stack: Stack;
  let operator: Client;

  beforeAll(async () => {
    stack = await Stack.start({ SIMULATOR_REFUND_SECONDS: '1' });
    operator = stack.operator();
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  const refundBecomes = (outRefundNo: string, state: string) => stack.refundBecomes(outRefundNo, state, ENDS_MS);
  const anomaly = async (app: 'pay' | 'order', orderNo: string, kind: string) => {
    const { rows } = await operator.operatorList(app, 'anomalies');
    const found = rows.find((row) => row['orderNo'] === orderNo && row['kind'] === kind);
    if (!found) throw new Error(`no anomaly ${kind} of ${orderNo} in ${app}`);
    return { ...found, id: String(found['anomalyId'] ?? found['id']), state: found['state'] };
  };
  const becomesDone = (app: 'pay' | 'order', orderNo: string, kind: string) =>
    until(`${kind} in ${app} is done`, async () => (await anomaly(app, orderNo, kind)).state === 'DONE', ENDS_MS);
  const deeds = async (app: 'pay' | 'order', subject: string) =>
    (await operator.operatorList(app, 'audit')).rows.flatMap((row) =>
      row['subject'] === subject ? [[row['actor'], row['action']]] : [],
    );

  /** An order in REVIEW: WeChat took another amount than was asked. */
  const paidWrongly = async (amountFen: number) => {
    const buyer = stack.buyer();
    const { order } = await upToTheCode(buyer);
    const { transactionId } = await buyer.payAnyway(order.orderNo, amountFen);
    await stack.orderBecomes(order.orderNo, 'REVIEW');
    return { buyer, orderNo: order.orderNo, transactionId };
  };
  /** An order that ended, and money that came for it afterwards. */
  const paidLate = async () => {
    const buyer = stack.buyer();
    const { order, code } = await upToTheCode(buyer);
    const sql = "UPDATE attempt SET state = 'CLOSED', open_slot = NULL WHERE out_trade_no = ? AND state = 'NOTPAY'";
    await stack.rows('pay', sql, [order.orderNo]);
    await buyer.cancel(order.orderNo);
    await stack.orderBecomes(order.orderNo, 'CANCELLED');
    return { orderNo: order.orderNo, pay: async () => (await buyer.tap(code.code_url)).transactionId ?? '' };
  };

  it(
    'accepts money of another amount: the order is PAID, what is too much goes back',
    async () => {
      const { buyer, orderNo, transactionId } = await paidWrongly(TEA.priceFen + 250);
      await expect(buyer.review(orderNo, 'accept')).rejects.toThrow(/FORBIDDEN/);
      const open = await anomaly('order', orderNo, 'AMOUNT');
      expect(open).toMatchObject({ state: 'OPEN', closableByHand: false, whatToDo: expect.stringContaining('review') });
      await expect(operator.operate('order', `anomalies/${open.id}/close`, { note: 'fine' })).rejects.toThrow(
        /ANOMALY_HELD/,
      );
      const decided = await operator.review(orderNo, 'accept', 'accept-once');
      expect(reviewedView.parse(decided)).toMatchObject({ status: 'PAID', transactionId, refund: { amountFen: 250 } });
      expect(await operator.review(orderNo, 'accept', 'accept-once')).toEqual(decided);
      await expect(operator.review(orderNo, 'refund')).rejects.toThrow(/ORDER_NOT_IN_REVIEW/);
      await refundBecomes(`A${transactionId}`, 'SUCCESS');
      expect(await buyer.order(orderNo)).toMatchObject({ status: 'PAID', points: TEA.points });
      await expect(
        operator.operate('order', `refunds/A${transactionId}/repaid`, { how: 'cash', note: 'at the till' }),
      ).rejects.toThrow(/REFUND_NOT_ABNORMAL/);
      expect((await anomaly('order', orderNo, 'AMOUNT')).state).toBe('DONE');
      await becomesDone('pay', orderNo, 'AMOUNT');
      expect(await deeds('order', orderNo)).toEqual([['operator', 'order.review.accept']]);
      await until('the page says paid', async () => (await buyer.status(orderNo)).phase === 'paid');
      expect(await buyer.status(orderNo)).toMatchObject({ tradeState: 'SUCCESS', paidAt: expect.any(String) });
    },
    TEST_MS,
  );

  it(
    'gives money of another amount back: the order is CANCELLED, its goods are on the shelf again',
    async () => {
      const stock = () => stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [TEA.productId]);
      const before = await stock();
      const { buyer, orderNo, transactionId } = await paidWrongly(TEA.priceFen - 1);
      await expect(operator.review(orderNo, 'accept')).rejects.toThrow(/AMOUNT_TOO_SMALL/);
      expect(await operator.review(orderNo, 'refund')).toMatchObject({
        ...{ status: 'CANCELLED', refund: { outRefundNo: `A${transactionId}`, amountFen: TEA.priceFen - 1 } },
      });
      expect(await stock()).toBe(before);
      await refundBecomes(`A${transactionId}`, 'SUCCESS');
      await becomesDone('order', orderNo, 'AMOUNT');
      await becomesDone('pay', orderNo, 'AMOUNT');
      await until('the page says so', async () => (await buyer.status(orderNo)).phase === 'refunded');
    },
    TEST_MS,
  );

  it(
    'records how the money of an ABNORMAL refund was repaid',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await buyer.tap(code.code_url);
      await stack.orderBecomes(order.orderNo, 'PAID');
      await operator.rules({ refundEndsAs: 'CHANGE' });
      try {
        const wish = { amountFen: TEA.priceFen, reason: 'returned' };
        const { outRefundNo } = refundRequestedView.parse(await operator.refund(order.orderNo, wish));
        const body = { how: 'bank-transfer', note: 'transfer 4711' };
        await refundBecomes(outRefundNo, 'ABNORMAL');
        expect(await operator.operate('order', `refunds/${outRefundNo}`)).toMatchObject({
          whatToDo: expect.stringContaining('repaid'),
        });
        await expect(buyer.operate('order', `refunds/${outRefundNo}/repaid`, body)).rejects.toThrow(/FORBIDDEN/);
        for (let twice = 0; twice < 2; twice += 1) {
          expect(await operator.operate('order', `refunds/${outRefundNo}/repaid`, body)).toMatchObject({
            ...{ status: 'REPAID', repaidHow: 'bank-transfer', note: 'transfer 4711' },
          });
        }
        expect(await buyer.order(order.orderNo)).toMatchObject({ status: 'REFUNDED', points: 0 });
        expect((await anomaly('order', order.orderNo, 'REFUND_ABNORMAL')).state).toBe('DONE');
        expect(await deeds('order', outRefundNo)).toEqual([
          ['operator', 'refund.repaid'],
          ['operator', 'refund.request'],
        ]);
        await until(
          'pay has heard',
          async () => (await buyer.status(order.orderNo)).refundStatus === 'REPAID',
          ENDS_MS,
        );
        const { refunds } = refundsOfPayView.parse(await operator.operate('pay', 'refunds?state=REPAID'));
        expect(refunds).toMatchObject([{ outRefundNo, nextTryAt: null, whatToDo: expect.stringContaining('repaid') }]);
        const otherwise = { how: 'cash', note: 'at the till' };
        await expect(operator.operate('order', `refunds/${outRefundNo}/repaid`, otherwise)).rejects.toThrow(
          /409: .*REFUND_REPAID/,
        );
      } finally {
        await operator.rules({ refundEndsAs: 'SUCCESS' });
      }
    },
    TEST_MS,
  );

  it(
    'repays money of another amount that WeChat could not pay out: pay has nothing open, the page says refunded',
    async () => {
      await operator.rules({ refundEndsAs: 'CHANGE' });
      try {
        const { buyer, orderNo, transactionId } = await paidWrongly(TEA.priceFen - 1);
        await operator.review(orderNo, 'refund');
        await refundBecomes(`A${transactionId}`, 'ABNORMAL');
        expect(await buyer.status(orderNo)).toMatchObject({ phase: 'refunding', refundStatus: 'ABNORMAL' });
        expect((await anomaly('pay', orderNo, 'AMOUNT')).state).toBe('OPEN');
        await operator.operate('order', `refunds/A${transactionId}/repaid`, { how: 'cash', note: 'at the till' });
        await becomesDone('pay', orderNo, 'AMOUNT');
        expect(await buyer.status(orderNo)).toMatchObject({ phase: 'refunded', refundStatus: 'REPAID' });
        expect((await anomaly('order', orderNo, 'AMOUNT')).state).toBe('DONE');
      } finally {
        await operator.rules({ refundEndsAs: 'SUCCESS' });
      }
    },
    TEST_MS,
  );

  it(
    'gives late money back whose own refund WeChat refused',
    async () => {
      const { orderNo, pay } = await paidLate();
      await operator.faults({ orders: { [orderNo]: { refund: { error: 'TRADE_OVERDUE' } } } });
      const transactionId = await pay();
      await refundBecomes(`A${transactionId}`, 'REFUSED');
      const late = await anomaly('order', orderNo, 'LATE');
      expect(late).toMatchObject({ state: 'OPEN', whatToDo: expect.stringContaining(`anomalies/${late.id}/refund`) });
      expect(await anomaly('order', orderNo, 'REFUND_REFUSED')).toMatchObject({ state: 'OPEN' });
      await operator.faults({});
      const wish = { reason: '订单已关闭，退款' };
      const anew = anewView.parse(await operator.operate('order', `anomalies/${late.id}/refund`, wish));
      expect(anew.amountFen).toBe(TEA.priceFen);
      await expect(operator.operate('order', `anomalies/${late.id}/refund`, { reason: 'again' })).rejects.toThrow(
        /REFUND_UNDER_WAY/,
      );
      await refundBecomes(anew.outRefundNo, 'SUCCESS');
      expect((await anomaly('order', orderNo, 'LATE')).state).toBe('DONE');
      expect((await anomaly('order', orderNo, 'REFUND_REFUSED')).state).toBe('DONE');
    },
    TEST_MS,
  );

  describe('reads', () => {
    type Described = Record<string, { content?: Record<string, { schema?: object }> }>;

    it.each(['pay', 'order'] as const)('how every answer and refusal of %s looks', async (app) => {
      const answer = await fetch(`${stack.links[app]}/docs-json`);
      const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { responses: Described }>> };
      const routes = Object.entries(paths).filter(([path]) => /^\/(operator|orders)\b/.test(path));
      expect(routes.length).toBeGreaterThan(9);
      for (const [path, methods] of routes) {
        for (const { responses } of Object.values(methods)) {
          const lacks = Object.entries(responses).filter(([status, { content = {} }]) => {
            const type = Number(status) < 400 ? 'application/json' : 'application/problem+json';
            return status !== '204' && content[type]?.schema === undefined;
          });
          expect([path, lacks.map(([status]) => status)]).toEqual([path, []]);
          expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403']));
        }
      }
    });

    it('what is described, no more and no less', async () => {
      const { orders } = ordersView.parse(await operator.orders());
      for (const { orderNo } of orders) orderView.parse(await operator.order(orderNo));
      for (const app of ['pay', 'order'] as const) {
        const anomalies = anomaliesView.parse(await operator.operatorList(app, 'anomalies'));
        expect(anomalies.rows.length).toBeGreaterThan(0);
        parkedView.parse(await operator.operatorList(app, 'parked'));
        outboxView.parse(await operator.operatorList(app, 'outbox'));
        auditView.parse(await operator.operatorList(app, 'audit'));
      }
      const { refunds } = refundsView.parse(await operator.operate('order', 'refunds'));
      for (const { outRefundNo } of refunds)
        refundView.parse(await operator.operate('order', `refunds/${outRefundNo}`));
      expect(refundsOfPayView.parse(await operator.operate('pay', 'refunds')).refunds).toHaveLength(refunds.length);
      statusView.parse(await operator.settleNow(orders[0]?.orderNo ?? ''));
    });
  });

  it('leaves books that add up with what WeChat has taken and given back', async () => {
    const ledger = await operator.ledger();
    const sum = (kind: string, fee: 'totalFee' | 'refundFee') =>
      ledger.filter((entry) => entry.kind === kind).reduce((fen, entry) => fen + (entry[fee] ?? 0), 0);
    expect(await stack.number('order', 'SELECT SUM(total_fee) FROM order_payment')).toBe(sum('captured', 'totalFee'));
    const back = "SELECT SUM(amount_fen) FROM refund_request WHERE state IN ('SUCCESS', 'REPAID')";
    expect(await stack.number('order', back)).toBe(sum('refunded', 'refundFee'));
    expect(await stack.number('order', 'SELECT SUM(refunded_fen) FROM order_payment')).toBe(
      sum('refunded', 'refundFee'),
    );
    expect(await stack.number('order', 'SELECT SUM(reserved_fen) FROM order_payment')).toBe(0);
    expect(await stack.number('order', "SELECT COUNT(*) FROM anomaly WHERE state <> 'DONE'")).toBe(0);
    expect(await stack.number('pay', "SELECT COUNT(*) FROM anomaly WHERE state <> 'DONE'")).toBe(0);
    for (const app of ['pay', 'order'] as const) {
      expect(await stack.number(app, 'SELECT COUNT(*) FROM parked_message')).toBe(0);
    }
  });
});
