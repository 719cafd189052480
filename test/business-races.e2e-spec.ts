import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { Client, CreatedCode, PlacedOrder } from '../tools/stack/client.ts';
import { Notices } from './support/notices.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { both, type Instance, Twins } from './support/twins.ts';
import { event } from '#platform';

/** Every order of this file ends after this long, if nothing ends it before. */
const PAY_WITHIN_SECONDS = 25;
const LAST = { productId: 'fan-silk', left: 5 };
const RACERS = 30;

interface Shopper {
  buyer: Client;
  order: PlacedOrder;
  code: CreatedCode;
}

describe('I. Who is first', () => {
  const shop = Twins.forTests({ ORDER_PAY_WITHIN_SECONDS: String(PAY_WITHIN_SECONDS), SIMULATOR_REFUND_SECONDS: '1' });
  const notices = new Notices(shop);

  const at = (index: number): Instance => (index % 2 === 0 ? 1 : 2);
  const shopper = async (index = 0): Promise<Shopper> => {
    const buyer = shop.buyer(at(index));
    return { buyer, ...(await upToTheCode(buyer)) };
  };
  const shoppers = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => shopper(index)));
  const stock = (productId: string) =>
    shop.number('order', 'SELECT stock FROM product WHERE product_id = ?', [productId]);
  const isTaken = async (orderNo: string) =>
    (await shop.control.ledger('captured')).some(({ outTradeNo }) => outTradeNo === orderNo);
  /** The way of an order whose money and end came together: whatever WeChat has taken decides. */
  const endsAsItWasPaid = async ({ orderNo }: PlacedOrder): Promise<'PAID' | 'CANCELLED'> => {
    const end = (await isTaken(orderNo)) ? 'PAID' : 'CANCELLED';
    await shop.orderBecomes(orderNo, end);
    const way = await shop.wayOf(orderNo);
    expect(way.filter((state) => state === 'PAID' || state === 'CANCELLED')).toEqual([end]);
    return end;
  };

  let lastSecond: Promise<Shopper[]>;
  beforeAll(async () => {
    const racers = await shoppers(RACERS);
    // From half a second before the end of their time to well after it.
    lastSecond = Promise.all(
      racers.map(async (racer, index) => {
        await pause(Date.parse(racer.order.expiresAt) - 500 + index * 100 - Date.now());
        await shop.control.pay(racer.order.orderNo).catch(() => undefined); // closed before the buyer was ready
        return racer;
      }),
    );
  });

  it('I-2: cancelled and paid at the same moment, an order is what WeChat has done', async () => {
    const racers = await shoppers(20);
    await Promise.all(
      racers.flatMap(({ buyer, order, code }, index) => {
        const acts = [() => buyer.cancel(order.orderNo), () => shop.buyer().tap(code.code_url)];
        if (index % 4 > 1) acts.reverse();
        return acts.map((act) => act().then(undefined, () => undefined));
      }),
    );
    for (const { order } of racers) await endsAsItWasPaid(order);
  });

  it('I-3: two browsers at two processes get one code, for the price at which the order was placed', async () => {
    const first = shop.buyer(1, 'shopper-with-two-browsers');
    const order = await first.place([{ productId: 'cup-celadon', quantity: 1 }]);
    const browsers = [first, shop.buyer(2, 'shopper-with-two-browsers'), shop.buyer(1), shop.buyer(2)];
    await Promise.all(browsers.map((browser) => browser.openCashier(order)));
    const price = "UPDATE product SET price_fen = price_fen + ? WHERE product_id = 'cup-celadon'";
    await shop.rows('order', price, [100]);
    const codes = await Promise.all([...browsers, ...browsers].map((browser) => browser.createCode(order.orderNo)));
    await shop.rows('order', price, [-100]);
    for (const code of codes) expect(code).toEqual(codes[0]);
    expect(codes[0]).toMatchObject({ out_trade_no: order.orderNo, total_fee: order.totalFee });
    const made = (await shop.control.ledger('ordered')).filter(({ outTradeNo }) =>
      outTradeNo.startsWith(order.orderNo),
    );
    expect(made).toHaveLength(1);
    await first.tap(codes[0]!.code_url);
    await shop.orderBecomes(order.orderNo, 'PAID');
  });

  it('I-4: the second payment of an order goes back by itself, the first keeps it', async () => {
    const { buyer, order } = await shopper();
    await shop.control.closeOrder(order.orderNo);
    await shop.operator().settleNow(order.orderNo);
    const second = await buyer.createCode(order.orderNo);
    expect(second.out_trade_no).toBe(`${order.orderNo}-2`);
    await Promise.all([buyer.tap(second.code_url), shop.control.pay(order.orderNo, { althoughClosed: true })]);
    const sql = 'SELECT state FROM refund_request WHERE order_no = ?';
    await shop.becomes('the refund', 'order', sql, [order.orderNo], 'SUCCESS');
    const booked = await shop.rows<{ role: string; refunded: string; total: string }>(
      'order',
      'SELECT role, refunded_fen AS refunded, total_fee AS total FROM order_payment WHERE order_no = ? ORDER BY role',
      [order.orderNo],
    );
    const whole = order.totalFee;
    expect(booked.map((one) => [one.role, Number(one.refunded), Number(one.total)])).toEqual([
      ['DOUBLE', whole, whole],
      ['MAIN', 0, whole],
    ]);
    expect(await shop.wayOf(order.orderNo)).toEqual(['WAIT_PAY', 'PAID']);
  });

  it('I-5: a hundred buyers at two processes get the last five', async () => {
    expect(await stock(LAST.productId)).toBe(LAST.left);
    const placed = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        shop.buyer(at(index)).place([{ productId: LAST.productId, quantity: 1 }]),
      ),
    );
    const refusals = placed.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(placed.length - refusals.length).toBe(LAST.left);
    for (const refusal of refusals) expect(refusal).toMatch(/409: .*OUT_OF_STOCK/);
    expect(await stock(LAST.productId)).toBe(0);
  });

  it('I-6: notification, query and operator together settle once', async () => {
    const racers = await shoppers(8);
    await Promise.all(
      racers.map(async ({ buyer, order, code }) => {
        const { orderNo } = order;
        await shop.buyer().tap(code.code_url);
        const raw = notices.ofPayment(await notices.captured(orderNo));
        await Promise.all([
          ...both.map((instance) => notices.post(raw, instance)),
          ...both.map((instance) => shop.operator(instance).settleNow(orderNo)),
          buyer.status(orderNo),
        ]);
        await shop.orderBecomes(orderNo, 'PAID');
        expect(await shop.wayOf(orderNo)).toEqual(['WAIT_PAY', 'PAID']);
        const sql = 'SELECT COUNT(*) FROM order_payment WHERE order_no = ?';
        expect(await shop.number('order', sql, [orderNo])).toBe(1);
      }),
    );
  });

  it('I-7: cancelled twenty times, and told twenty times that it is closed, gives stock back once', async () => {
    const { buyer, order } = await shopper();
    const { orderNo } = order;
    const wishes = Array.from({ length: 20 }, () => buyer.cancel(orderNo));
    await Promise.all(wishes);
    await shop.orderBecomes(orderNo, 'CANCELLED');
    const before = await stock(TEA.productId);
    await tellClosed(orderNo, 20);
    const states = await shop.rows('order', 'SELECT state FROM reservation WHERE order_no = ?', [orderNo]);
    expect(states).toEqual([{ state: 'RETURNED' }]);
    expect(await stock(TEA.productId)).toBe(before);
    expect(await shop.wayOf(orderNo)).toEqual(['WAIT_PAY', 'CLOSING', 'CANCELLED']);
  });

  /** As a broker that forgets what was acknowledged. Waits until all has been taken from the queue. */
  const tellClosed = async (orderNo: string, times: number) => {
    const { adminAmqpUrl, names } = shop.world;
    const told = event('payment.closed', `payment.closed:${orderNo}`, { orderNo, closedAttempts: [orderNo] });
    const properties = { messageId: told.id, type: told.type, contentType: 'application/json', persistent: true };
    const before = await handled();
    const connection = await connect(adminAmqpUrl);
    try {
      const channel = await connection.createConfirmChannel();
      for (let i = 0; i < times; i += 1) {
        channel.publish(names.paymentExchange, told.type, Buffer.from(JSON.stringify(told)), properties);
      }
      await channel.waitForConfirms();
    } finally {
      await connection.close();
    }
    while ((await handled()) < before + times) await pause(50);
  };
  const handled = () => shop.counted('paypair_order_payment_results_total', 'type="payment.closed"', 'order');

  it('I-8: one fen more or less is looked into, coupons are part of the price, dollars are no fen', async () => {
    const [more, less, coupon, dollars] = (await shoppers(4)) as [Shopper, Shopper, Shopper, Shopper];
    await shop.control.faults({ orders: { [dollars.order.orderNo]: { notify: { off: true } } } });
    await shop.control.pay(more.order.orderNo, { amountFen: more.order.totalFee + 1 });
    await shop.control.pay(less.order.orderNo, { amountFen: less.order.totalFee - 1 });
    await shop.control.pay(coupon.order.orderNo, { coupons: [{ type: 'NO_CASH', feeFen: 800 }] });
    await shop.control.pay(dollars.order.orderNo);
    const taken = await notices.captured(dollars.order.orderNo);
    expect(await notices.post(notices.ofPayment(taken, { fee_type: 'USD' }))).toBe('FAIL');
    for (const { order } of [more, less]) await shop.orderBecomes(order.orderNo, 'REVIEW');
    for (const { order } of [coupon, dollars]) await shop.orderBecomes(order.orderNo, 'PAID');
    for (const { order } of [more, less]) expect(await shop.wayOf(order.orderNo)).not.toContain('PAID');
  });

  it('I-1: paid in the last second or just after it, an order is what WeChat has done', async () => {
    const ends = await Promise.all((await lastSecond).map(({ order }) => endsAsItWasPaid(order)));
    expect(new Set(ends)).toEqual(new Set(['PAID', 'CANCELLED']));
  });

  it('and after all of them every promise holds', async () => {
    expect(await shop.broken()).toEqual([]);
  });
});
