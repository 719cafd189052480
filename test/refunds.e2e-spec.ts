import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import type { Client } from '../tools/stack/client.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const TEST_MS = 240_000;
const ENDS_MS = 120_000;

describe('money that goes back', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start({ SIMULATOR_REFUND_SECONDS: '1' });
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  const refundBecomes = (outRefundNo: string, state: string) => stack.refundBecomes(outRefundNo, state, ENDS_MS);
  const anomalies = (orderNo: string) =>
    stack.rows('order', 'SELECT kind, state FROM anomaly WHERE order_no = ?', [orderNo]);
  const stock = () => stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [TEA.productId]);
  const pageShows = (buyer: Client, orderNo: string, phase: string) =>
    until(`the page shows "${phase}"`, async () => (await buyer.status(orderNo)).phase === phase);

  /** As if WeChat had confirmed a close and taken money all the same: what it never promises not to do. */
  const closeForUsOnly = async (outTradeNo: string) => {
    const sql = "UPDATE attempt SET state = 'CLOSED', open_slot = NULL WHERE out_trade_no = ? AND state = 'NOTPAY'";
    await stack.rows('pay', sql, [outTradeNo]);
  };

  it(
    'after the end of its order goes back by itself, and the page says so',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await closeForUsOnly(order.orderNo);
      await buyer.cancel(order.orderNo);
      await stack.orderBecomes(order.orderNo, 'CANCELLED');
      const { transactionId } = await buyer.tap(code.code_url);
      await refundBecomes(`A${transactionId}`, 'SUCCESS');
      expect(await anomalies(order.orderNo)).toEqual([{ kind: 'LATE', state: 'DONE' }]);
      expect((await buyer.order(order.orderNo)).status).toBe('CANCELLED');
      await pageShows(buyer, order.orderNo, 'refunded');
    },
    TEST_MS,
  );

  it(
    'as a second payment goes back, and the first one keeps the order',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      await closeForUsOnly(order.orderNo);
      const second = await buyer.createCode(order.orderNo);
      expect(second.out_trade_no).toBe(`${order.orderNo}-2`);
      await buyer.tap(second.code_url);
      await stack.orderBecomes(order.orderNo, 'PAID');
      const { transactionId } = await buyer.tap(code.code_url);
      await refundBecomes(`A${transactionId}`, 'SUCCESS');
      expect(await anomalies(order.orderNo)).toEqual([{ kind: 'DOUBLE', state: 'DONE' }]);
      expect((await buyer.order(order.orderNo)).status).toBe('PAID');
    },
    TEST_MS,
  );

  it(
    'by an operator goes back in parts and then all of it, with points and stock',
    async () => {
      const before = await stock();
      const [buyer, operator] = [stack.buyer(), stack.operator()];
      const { order, code } = await upToTheCode(buyer);
      const { orderNo } = order;
      await expect(operator.refund(orderNo, { amountFen: 1, reason: 'early' })).rejects.toThrow(/ORDER_NOT_PAID/);
      await buyer.tap(code.code_url);
      await stack.orderBecomes(orderNo, 'PAID');
      await expect(buyer.refund(orderNo, { amountFen: 1, reason: 'mine' })).rejects.toThrow(/FORBIDDEN/);
      const part = await operator.refund(orderNo, { amountFen: 800, reason: '杯子破损' }, 'part');
      expect(await operator.refund(orderNo, { amountFen: 800, reason: '杯子破损' }, 'part')).toEqual(part);
      await expect(operator.refund(orderNo, { amountFen: 6_001, reason: 'too much' })).rejects.toThrow(
        /REFUND_EXCEEDS_PAID/,
      );
      const rest = await operator.refund(orderNo, { amountFen: 6_000, reason: 'returned', restock: true });
      await stack.orderBecomes(orderNo, 'PART_REFUNDED', ENDS_MS);
      await refundBecomes(part.outRefundNo, 'SUCCESS');
      await stack.orderBecomes(orderNo, 'REFUNDED', ENDS_MS);
      await refundBecomes(rest.outRefundNo, 'SUCCESS');
      expect(await stock()).toBe(before);
      expect(await stack.number('order', 'SELECT SUM(points) FROM point_ledger WHERE order_no = ?', [orderNo])).toBe(0);
    },
    TEST_MS,
  );

  it(
    'is found by an operator who has WeChat asked, and every list is for operators only',
    async () => {
      const [buyer, operator] = [stack.buyer(), stack.operator()];
      const { order, code } = await upToTheCode(buyer);
      await buyer.faults({ notify: { off: true } });
      try {
        await buyer.tap(code.code_url);
        expect(await operator.settleNow(order.orderNo)).toMatchObject({ tradeState: 'SUCCESS' });
      } finally {
        await buyer.faults({});
      }
      await stack.orderBecomes(order.orderNo, 'PAID');
      for (const app of ['pay', 'order'] as const) {
        for (const list of ['anomalies', 'parked', 'outbox', 'audit']) {
          expect(Array.isArray((await operator.operatorList(app, list)).rows)).toBe(true);
          await expect(buyer.operatorList(app, list)).rejects.toThrow(/FORBIDDEN/);
        }
      }
      expect((await operator.operatorList('order', 'anomalies')).rows).toHaveLength(2);
      expect((await operator.operatorList('pay', 'audit')).rows).toMatchObject([
        { actor: 'operator', action: 'order.settle', subject: order.orderNo },
      ]);
    },
    TEST_MS,
  );

  it('adds up with what WeChat has taken and given back', async () => {
    const ledger = await stack.buyer().ledger();
    const sum = (kind: string, fee: 'totalFee' | 'refundFee') =>
      ledger.filter((entry) => entry.kind === kind).reduce((fen, entry) => fen + (entry[fee] ?? 0), 0);
    const payments = 'SELECT SUM(total_fee) FROM order_payment';
    expect(await stack.number('order', payments)).toBe(sum('captured', 'totalFee'));
    const refunded = await stack.number('order', 'SELECT SUM(refunded_fen) FROM order_payment');
    expect(refunded).toBe(sum('refunded', 'refundFee'));
    expect(refunded).toBe(3 * TEA.priceFen);
    expect(await stack.number('order', 'SELECT SUM(reserved_fen) FROM order_payment')).toBe(0);
    const numbers = ledger.filter(({ kind }) => kind === 'refunded').map(({ outRefundNo }) => outRefundNo);
    expect(new Set(numbers).size).toBe(numbers.length);
    const open = "SELECT COUNT(*) FROM refund WHERE state <> 'SUCCESS'";
    expect(await stack.number('pay', open)).toBe(0);
    expect(await stack.number('pay', 'SELECT COUNT(*) FROM parked_message')).toBe(0);
    expect(await stack.number('order', 'SELECT COUNT(*) FROM parked_message')).toBe(0);
  });
});
