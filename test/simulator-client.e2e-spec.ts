import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  appParameters,
  jsapiParameters,
  NOTIFY_SUCCESS,
  openPaymentNotice,
  openProductScan,
  openRefundNotice,
  productCodeUrl,
  productScanReply,
  type RefundState,
} from '#wechat-pay';
import { keys, readBill, TestClients, value } from './support/library-client.ts';
import { TestSimulator } from './support/simulator.ts';

jest.setTimeout(60_000);

const NOON = '2031-03-03T04:00:00Z';
const BILL = '20310303';
const MINUTE = 60_000;
const DAY = 86_400_000;

describe('the client works with the simulator', () => {
  const sim = TestSimulator.forTests();
  const clients = new TestClients(sim);
  beforeEach(async () => {
    sim.merchant.reply = () => ({ status: 200, body: NOTIFY_SUCCESS });
    await sim.control.move({ freezeAt: NOON });
  });
  afterEach(() => clients.close());
  const raw = (index: number): Buffer => Buffer.from(sim.merchant.heard[index]?.body ?? '');

  describe.each(['MD5', 'HMAC-SHA256'] as const)('signed with %s', (signType) => {
    it.each(['http', 'https'] as const)('orders, queries and closes over %s', async (scheme) => {
      const pay = await clients.make(
        signType,
        scheme === 'https' ? { baseUrl: (await sim.control.about()).secureUrl } : {},
      );
      const order = clients.order({ timeExpire: new Date(Date.parse(NOON) + DAY) });
      const { outTradeNo } = order;
      expect(await pay.orderQuery({ outTradeNo })).toMatchObject({ kind: 'refused', code: 'ORDERNOTEXIST' });
      const first = value(await pay.unifiedOrder(order));
      const second = value(await pay.unifiedOrder(order));
      expect(second.codeUrl).toMatch(/^weixin:\/\//);
      expect(second.codeUrl).not.toBe(first.codeUrl);
      expect(await pay.unifiedOrder({ ...order, totalFee: 101 })).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(value(await pay.orderQuery({ outTradeNo })).tradeState).toBe('NOTPAY');
      await sim.control.pay(outTradeNo, { coupons: [{ type: 'NO_CASH', feeFen: 9 }] });
      const paid = value(await pay.orderQuery({ outTradeNo }));
      expect(paid).toMatchObject({ tradeState: 'SUCCESS', outTradeNo, totalFee: 100, settlementTotalFee: 91 });
      expect(paid).toMatchObject({ cashFee: 91, couponFee: 9, attach: ' a=1&b=2 ', timeEnd: new Date(NOON) });
      const { transactionId = '' } = paid;
      expect(value(await pay.orderQuery({ transactionId })).outTradeNo).toBe(outTradeNo);
      expect(await pay.unifiedOrder(order)).toMatchObject({ kind: 'refused', code: 'ORDERPAID' });
      expect(await pay.closeOrder({ outTradeNo })).toMatchObject({ kind: 'refused', code: 'ORDERPAID' });
      const unpaid = clients.order();
      value(await pay.unifiedOrder(unpaid));
      value(await pay.closeOrder(unpaid));
      value(await pay.closeOrder(unpaid));
      expect(value(await pay.orderQuery(unpaid)).tradeState).toBe('CLOSED');
      expect(await pay.unifiedOrder(unpaid)).toMatchObject({ kind: 'refused', code: 'ORDERCLOSED' });
    });

    it('opens pages and apps whose second signature the phone accepts', async () => {
      const pay = await clients.make(signType);
      const common = { ...clients.order(), productId: undefined };
      const jsapi = { ...common, outTradeNo: sim.number(), tradeType: 'JSAPI', openid: 'oUser' } as const;
      const page = jsapiParameters(keys, { prepayId: value(await pay.unifiedOrder(jsapi)).prepayId, signType });
      expect(await sim.control.scan(JSON.stringify(page))).toMatchObject({ tradeType: 'JSAPI' });
      const other = signType === 'MD5' ? 'HMAC-SHA256' : 'MD5';
      const wrong = jsapiParameters(keys, { prepayId: page.package.slice('prepay_id='.length), signType: other });
      await expect(sim.control.scan(JSON.stringify(wrong))).rejects.toThrow('CODE_MALFORMED');
      const app = { ...common, outTradeNo: sim.number(), tradeType: 'APP' } as const;
      const parameters = appParameters(keys, { prepayId: value(await pay.unifiedOrder(app)).prepayId, signType });
      expect(await sim.control.scan(JSON.stringify(parameters))).toMatchObject({ tradeType: 'APP' });
      const h5 = { type: 'Wap', wapUrl: 'https://shop.example.test', wapName: '商店' } as const;
      const mweb = { ...common, outTradeNo: sim.number(), tradeType: 'MWEB', sceneInfo: { h5 } } as const;
      const { mwebUrl = '' } = value(await pay.unifiedOrder(mweb));
      expect(await sim.control.scan(mwebUrl)).toMatchObject({ tradeType: 'MWEB', outTradeNo: mweb.outTradeNo });
    });

    it('sells by product code, also by its short URL', async () => {
      const pay = await clients.make(signType);
      await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
      let refuse = false;
      sim.merchant.reply = async (_path, body) => {
        const opened = openProductScan(Buffer.from(body), { keys, allowed: ['MD5'] });
        if (opened.kind === 'refused') throw new Error(opened.message);
        const { productId, signType: scanned } = opened.scan;
        const made = refuse ? { refusal: '卖完了' } : value(await pay.unifiedOrder(clients.order({ productId })));
        return { status: 200, body: productScanReply(keys, made, scanned) };
      };
      const code = productCodeUrl(keys, { productId: 'P-7' });
      const { shortUrl } = value(await pay.shortUrl(code));
      expect(await sim.control.scan(code)).toMatchObject({ state: 'NOTPAY', totalFee: 100 });
      expect(await sim.control.scan(shortUrl)).toMatchObject({ state: 'NOTPAY', totalFee: 100 });
      refuse = true;
      await expect(sim.control.scan(code)).rejects.toThrow('卖完了');
    });

    it('refunds in parts with coupons, and finds all of them page by page', async () => {
      const pay = await clients.make(signType);
      const order = clients.order();
      value(await pay.unifiedOrder(order));
      await sim.control.pay(order.outTradeNo, {
        coupons: [
          { type: 'CASH', feeFen: 30 },
          { type: 'NO_CASH', feeFen: 10 },
        ],
      });
      const { transactionId = '' } = value(await pay.orderQuery(order));
      const numbers = Array.from({ length: 13 }, (_none, index) => `${order.outTradeNo}R${index}`);
      const refund = (outRefundNo: string, refundFee = 5) =>
        pay.refund({ transactionId, outRefundNo, totalFee: 100, refundFee, refundDesc: '不要了' });
      for (const [index, outRefundNo] of numbers.entries()) {
        const accepted = value(await refund(outRefundNo));
        expect(accepted).toMatchObject({ outRefundNo, refundFee: 5, cashRefundFee: 3, couponRefundFee: 2 });
        expect(accepted.coupons.reduce((total, { couponRefundFee = 0 }) => total + couponRefundFee, 0)).toBe(2);
        expect(value(await refund(outRefundNo)).refundId).toBe(accepted.refundId);
        if (index === 0) {
          expect(await refund(`${outRefundNo}X`)).toMatchObject({ kind: 'unknown', reason: 'FREQUENCY_LIMITED' });
          expect(await refund(outRefundNo, 6)).toMatchObject({ kind: 'refused', code: 'REFUND_FEE_MISMATCH' });
        }
        await sim.control.advance(MINUTE);
      }
      expect(await refund('TOO-MUCH', 36)).toMatchObject({ kind: 'refused', code: 'ERROR' });
      const found: RefundState[] = [];
      for await (const state of pay.refunds({ outTradeNo: order.outTradeNo })) found.push(state);
      expect(found.map(({ outRefundNo }) => outRefundNo)).toEqual(numbers);
      expect(new Set(found.map(({ refundStatus, couponRefundFee }) => [refundStatus, couponRefundFee].join()))).toEqual(
        new Set(['SUCCESS,2']),
      );
      expect(value(await pay.refundQuery({ transactionId }))).toMatchObject({ totalRefundCount: 13, totalFee: 100 });
      expect(value(await pay.refundQuery({ transactionId, offset: 10 })).refunds).toHaveLength(3);
      expect(await pay.refundQuery({ transactionId, offset: 14 })).toMatchObject({ code: 'PARAM_ERROR' });
      expect(await pay.refundQuery({ outRefundNo: 'NONE' })).toMatchObject({ code: 'REFUNDNOTEXIST' });
      expect(value(await pay.orderQuery(order)).tradeState).toBe('REFUND');
      await sim.control.move({ advanceMs: 366 * DAY });
      expect(await refund('TOO-LATE')).toMatchObject({ kind: 'refused', code: 'TRADE_OVERDUE' });
    });

    it('opens both notifications', async () => {
      const pay = await clients.make(signType);
      const order = clients.order();
      value(await pay.unifiedOrder(order));
      await sim.control.faults({
        notify: { signType: 'always', unknownFields: 'always', emptyFields: 'always' },
      });
      await sim.control.pay(order.outTradeNo, { coupons: [{ type: 'NO_CASH', feeFen: 9 }], openid: 'oPayer' });
      await sim.control.advance(0);
      const paid = openPaymentNotice(raw(0), { keys, allowed: [signType] });
      expect(paid).toMatchObject({
        kind: 'paid',
        notice: { outTradeNo: order.outTradeNo, totalFee: 100, cashFee: 91, openid: 'oPayer', signType },
      });
      const refund = { outTradeNo: order.outTradeNo, outRefundNo: 'R1', totalFee: 100, refundFee: 100 };
      value(await pay.refund({ ...refund, notifyUrl: sim.merchant.url('/refunded') }));
      await sim.control.endRefund('R1', 'CHANGE');
      await sim.control.advance(0);
      const refunded = openRefundNotice(raw(1), { keys });
      expect(refunded).toMatchObject({ kind: 'refund', notice: { ...refund, refundStatus: 'CHANGE' } });
      await sim.control.advance(2 * DAY);
      expect(sim.merchant.heard.map(({ path }) => path)).toEqual(['/notify', '/refunded']);
    });

    it.each(['ALL', 'SUCCESS', 'REFUND', 'RECHARGE_REFUND'] as const)('reads the bill %s', async (billType) => {
      const pay = await clients.make(signType);
      expect(await pay.downloadBill({ billDate: BILL, billType })).toMatchObject({ code: 'NO_BILL_EXIST' });
      const order = clients.order({ totalFee: 1990 });
      value(await pay.unifiedOrder(order));
      await sim.control.pay(order.outTradeNo, { coupons: [{ type: 'NO_CASH', feeFen: 90 }] });
      const refundAccount = billType === 'RECHARGE_REFUND' ? 'REFUND_SOURCE_RECHARGE_FUNDS' : undefined;
      value(await pay.refund({ ...order, outRefundNo: 'R1', refundFee: 995, refundAccount }));
      await sim.control.advance(17 * 60 * MINUTE); // 05:00 in China
      expect(await pay.downloadBill({ billDate: BILL, billType })).toMatchObject({ reason: 'BILL_CREATING' });
      await sim.control.advance(6 * 60 * MINUTE);
      const [plain, zipped] = [
        await readBill(await pay.downloadBill({ billDate: BILL, billType })),
        await readBill(await pay.downloadBill({ billDate: BILL, billType, gzip: true })),
      ];
      expect(zipped).toEqual(plain);
      const payment = { outTradeNo: order.outTradeNo, totalFee: 1990, settlementTotalFee: 1900, body: order.body };
      const refund = { outTradeNo: order.outTradeNo, refund: { outRefundNo: 'R1', refundFee: 995 } };
      const rows = { ALL: [payment, refund], SUCCESS: [payment], REFUND: [refund], RECHARGE_REFUND: [refund] };
      expect(plain.trades).toMatchObject(rows[billType]);
      expect(plain.trades).toHaveLength(rows[billType].length);
      expect(plain.count).toBe(String(rows[billType].length));
    });
  });
});
