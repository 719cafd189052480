import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import type { Wechatpay as WechatpayClass } from 'wechatpay-axios-plugin';
import type TenpayClass from 'tenpay';
import { APPID, type Fields, KEY, MCH_ID, TestSimulator } from './support/simulator.ts';

jest.setTimeout(60_000);

const require = createRequire(import.meta.url);
const NOON = '2031-03-03T04:00:00Z';
const BILL = '20310303';

/** Two SDKs that other people wrote, as npm has them, with their own signing, verification and reading. */
describe('public SDKs work with the simulator', () => {
  const sim = TestSimulator.forTests();
  beforeEach(async () => {
    await sim.control.move({ freezeAt: NOON });
  });
  const orderFields = (): Fields & { out_trade_no: string } => {
    const out_trade_no = sim.number();
    return { ...sim.orderFields({ body: '红茶,500g', total_fee: '100' }), out_trade_no };
  };

  describe('tenpay, whose host is fixed, by way of its agent', () => {
    let tenpay: TenpayClass;
    let undo: () => void;

    beforeAll(async () => {
      const { httpsAgent } = createRequire(require.resolve('tenpay'))('urllib') as { httpsAgent: Agent }; // the SDK's own
      const [ca, { secureUrl }] = [await sim.file('ca.pem'), await sim.control.about()];
      const connect = httpsAgent.createConnection.bind(httpsAgent);
      // Everything else stays: the name that is asked for, and that the certificate must be of this name.
      httpsAgent.createConnection = (options, done) =>
        connect({ ...options, host: '127.0.0.1', port: Number(new URL(secureUrl).port), ca }, done);
      undo = () => {
        httpsAgent.createConnection = connect;
        httpsAgent.destroy();
      };
      const Tenpay = require('tenpay') as typeof TenpayClass;
      const pfx = await sim.file('apiclient_cert.p12');
      tenpay = new Tenpay({
        appid: APPID,
        mchid: MCH_ID,
        partnerKey: KEY,
        pfx,
        notify_url: sim.merchant.url('/notify'),
      });
    });
    afterAll(() => undo());

    it.each(['MD5', 'HMAC-SHA256'])('orders, queries, refunds and downloads the bill with %s', async (sign_type) => {
      const fields = { ...orderFields(), sign_type };
      const number = { out_trade_no: fields.out_trade_no, sign_type };
      expect((await tenpay.unifiedOrder(fields))['code_url']).toMatch(/^weixin:/);
      expect(await tenpay.orderQuery(number)).toMatchObject({ trade_state: 'NOTPAY' });
      await sim.control.pay(number.out_trade_no);
      expect(await tenpay.orderQuery(number)).toMatchObject({ trade_state: 'SUCCESS', total_fee: '100' });
      const refund = { ...number, out_refund_no: 'R1', total_fee: 100, refund_fee: 40 };
      expect(await tenpay.refund(refund)).toMatchObject({ result_code: 'SUCCESS', refund_fee: '40' });
      await sim.control.advance(60_000);
      expect(await tenpay.refundQuery({ out_refund_no: 'R1', sign_type })).toMatchObject({
        refund_status_0: 'SUCCESS',
      });
      await sim.control.advance(24 * 3_600_000);
      const { total_data: total, list_data: rows } = await tenpay.downloadBill({ bill_date: BILL, sign_type }, true);
      expect(rows.map((row) => [row[6], row[9], row[20]])).toEqual([
        [number.out_trade_no, 'SUCCESS', '红茶,500g'],
        [number.out_trade_no, 'REFUND', '红茶,500g'],
      ]);
      expect(total.slice(0, 3)).toEqual(['2', '1.00', '0.40']);
    });

    it('closes an order, and understands the refusals', async () => {
      const fields = orderFields();
      const number = { out_trade_no: fields.out_trade_no };
      await tenpay.unifiedOrder(fields);
      expect(await tenpay.closeOrder(number)).toMatchObject({ result_code: 'SUCCESS' });
      await expect(tenpay.unifiedOrder(fields)).rejects.toThrow('ORDERCLOSED');
      await expect(tenpay.downloadBill({ bill_date: BILL }, true)).rejects.toThrow('No Bill Exist');
      await sim.control.faults({ endpoints: { orderquery: { answer: 'wrong-sign' } } });
      await expect(tenpay.orderQuery(number)).rejects.toThrow('sign签名错误');
    });

    it('makes product codes and second signatures that the phone accepts', async () => {
      await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
      const hear = (type: 'pay' | 'refund' | 'nativePay', body: string): Promise<string> =>
        new Promise((resolve, reject) => {
          const request: { body: string; weixin?: Record<string, unknown> } = { body };
          const response = { header: () => undefined, send: resolve } as never;
          const reply = response as { reply: () => void; replyNative: (prepayId: string) => void };
          const next = (): void => {
            if (type !== 'nativePay') {
              reply.reply();
              return;
            }
            const fields = { ...orderFields(), product_id: String(request.weixin?.['product_id']) };
            tenpay.unifiedOrder(fields).then(({ prepay_id: id }) => reply.replyNative(id!), reject);
          };
          tenpay.middlewareForExpress(type)(request, response, next).catch(reject);
        });
      const types = { '/scan': 'nativePay', '/notify': 'pay', '/refunded': 'refund' } as const;
      sim.merchant.reply = async (path, body) => ({ status: 200, body: await hear(types[path as '/scan'], body) });
      const order = await sim.control.scan(tenpay.getNativeUrl({ product_id: 'P7' }));
      await sim.control.pay(order.outTradeNo, { coupons: [{ type: 'NO_CASH', feeFen: 9 }] });
      const refund = { out_trade_no: order.outTradeNo, out_refund_no: 'R7', total_fee: 100, refund_fee: 100 };
      await tenpay.refund({ ...refund, notify_url: sim.merchant.url('/refunded') });
      await sim.control.advance(60_000);
      expect(await sim.control.order(order.outTradeNo)).toMatchObject({
        notifications: [{ accepted: true }],
        refunds: [{ status: 'SUCCESS', notifications: [{ accepted: true }] }],
      });
      const jsapi = await tenpay.unifiedOrder({ ...orderFields(), trade_type: 'JSAPI', openid: 'oUser' });
      const parameters = tenpay.getPayParamsByPrepay(jsapi);
      expect(await sim.control.scan(JSON.stringify(parameters))).toMatchObject({ tradeType: 'JSAPI', state: 'NOTPAY' });
      const app = await tenpay.unifiedOrder({ ...orderFields(), trade_type: 'APP' });
      expect(await sim.control.scan(JSON.stringify(tenpay.getAppParamsByPrepay(app)))).toMatchObject({
        tradeType: 'APP',
      });
    });
  });

  describe('wechatpay-axios-plugin, by its own settings', () => {
    type Call = (
      fields: Fields | { [name: string]: string },
      config?: object,
    ) => Promise<{ data: Record<string, string> }>;
    let v2: (path: string) => Call;

    beforeAll(async () => {
      const { Wechatpay } = require('wechatpay-axios-plugin') as { Wechatpay: typeof WechatpayClass };
      const [ca, pfx] = [await sim.file('ca.pem'), await sim.file('apiclient_cert.p12')];
      const wxpay = new Wechatpay({
        ...{ mchid: MCH_ID, secret: KEY, serial: 'any', privateKey: await sim.file('apiclient_key.pem') },
        certs: { other: await sim.file('apiclient_cert.pem') },
        merchant: { ca, pfx, passphrase: MCH_ID },
        baseURL: `${(await sim.control.about()).secureUrl}/`,
        httpsAgent: new Agent({ ca }),
      } as never) as unknown as { chain: (path: string) => { post: Call } };
      v2 = (path) => {
        const { post } = wxpay.chain(`v2/${path}`);
        return (fields, config) => post({ appid: APPID, mch_id: MCH_ID, ...fields }, config);
      };
    });

    it.each(['MD5', 'HMAC-SHA256'])(
      'orders, queries, closes, refunds and downloads the bill with %s',
      async (sign_type) => {
        const fields = { ...orderFields(), sign_type };
        const number = { out_trade_no: fields.out_trade_no, sign_type };
        expect((await v2('pay/unifiedorder')(fields)).data['code_url']).toMatch(/^weixin:/);
        await sim.control.pay(number.out_trade_no);
        expect((await v2('pay/orderquery')(number)).data).toMatchObject({ trade_state: 'SUCCESS' });
        await expect(v2('pay/closeorder')(number)).rejects.toThrow(/result_code.*FAIL/);
        const refund = { ...number, out_refund_no: 'R1', total_fee: '100', refund_fee: '40' };
        expect((await v2('secapi/pay/refund')(refund, { security: true })).data).toMatchObject({ refund_fee: '40' });
        await expect(v2('secapi/pay/refund')(refund)).rejects.toThrow('400');
        await sim.control.advance(60_000);
        const found = (await v2('pay/refundquery')({ out_refund_no: 'R1', sign_type })).data;
        expect(found).toMatchObject({ refund_status_0: 'SUCCESS' });
        await sim.control.advance(24 * 3_600_000);
        const asText = { responseType: 'text', transformResponse: [(text: string) => text] };
        const bill = await v2('pay/downloadbill')({ bill_date: BILL, bill_type: 'ALL', sign_type }, asText);
        expect((bill.data as unknown as string).split('\r\n')).toHaveLength(6);
        const unpaid = { ...orderFields(), sign_type };
        await v2('pay/unifiedorder')(unpaid);
        const closed = await v2('pay/closeorder')({ out_trade_no: unpaid.out_trade_no, sign_type });
        expect(closed.data).toMatchObject({ result_code: 'SUCCESS' });
      },
    );

    it('finds out when an answer is not signed right', async () => {
      const fields = orderFields();
      for (const answer of ['wrong-sign', 'half-xml', 'empty', 'html'] as const) {
        await sim.control.faults({ endpoints: { unifiedorder: { answer } } });
        await expect(v2('pay/unifiedorder')(fields)).rejects.toThrow();
      }
      await sim.control.clearFaults();
      expect((await v2('pay/unifiedorder')(fields)).data).toMatchObject({ result_code: 'SUCCESS' });
    });
  });
});
