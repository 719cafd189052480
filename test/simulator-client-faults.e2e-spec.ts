import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { openPaymentNotice } from '#wechat-pay';
import { keys, TestClients, value } from './support/library-client.ts';
import { TestSimulator } from './support/simulator.ts';

jest.setTimeout(60_000);

describe('the client is not fooled by what goes wrong', () => {
  const sim = TestSimulator.forTests();
  const clients = new TestClients(sim);
  afterEach(() => clients.close());

  describe('what may have been done is unknown', () => {
    const wrongAnswers = ['html', 'empty', 'half-xml', 'huge', 'wrong-sign', 'no-sign', 'other-appid'] as const;

    it.each(wrongAnswers)('when %s comes back', async (answer) => {
      const pay = await clients.make('HMAC-SHA256');
      const order = await clients.paidOrder(pay);
      const [unpaid, refund] = [clients.order(), { ...order, outRefundNo: 'R1', refundFee: 40 }];
      const all = ['unifiedorder', 'orderquery', 'closeorder', 'refund', 'refundquery', 'shorturl'] as const;
      await sim.control.faults({ endpoints: Object.fromEntries(all.map((name) => [name, { answer }])) });
      const results = [
        await pay.unifiedOrder(unpaid),
        await pay.orderQuery(order),
        await pay.closeOrder(unpaid),
        await pay.refund(refund),
        await pay.refundQuery(refund),
        await pay.shortUrl('weixin://wxpay/bizpayurl?x=1'),
      ];
      expect(results.map(({ kind }) => kind)).toEqual(all.map(() => 'unknown'));
      await sim.control.clearFaults();
      expect(value(await pay.orderQuery(unpaid)).tradeState).toBe('CLOSED');
      expect(value(await pay.refundQuery(refund)).refunds).toMatchObject([{ outRefundNo: 'R1', refundFee: 40 }]);
    });

    it("when another order's answer comes back", async () => {
      const pay = await clients.make('MD5');
      const order = await clients.paidOrder(pay);
      const { transactionId = '' } = value(await pay.orderQuery(order));
      const refund = { ...order, outRefundNo: 'R1', refundFee: 40 };
      const names = ['orderquery', 'refund', 'refundquery'] as const;
      const answer = 'other-order' as const;
      await sim.control.faults({ endpoints: Object.fromEntries(names.map((name) => [name, { answer }])) });
      const results = [
        await pay.orderQuery(order),
        await pay.orderQuery({ transactionId }),
        await pay.refund(refund),
        await pay.refundQuery(refund),
        await pay.refundQuery({ transactionId }),
        await pay.refundQuery({ outTradeNo: order.outTradeNo }),
      ];
      expect(results.map(({ kind }) => kind)).toEqual(results.map(() => 'unknown'));
    });

    it('when nothing comes back, or too late', async () => {
      const pay = await clients.make('MD5');
      const order = clients.order();
      await sim.control.faults({ endpoints: { unifiedorder: { dropAnswer: true } } });
      expect(await pay.unifiedOrder(order)).toMatchObject({ kind: 'unknown' });
      expect(value(await pay.orderQuery(order)).tradeState).toBe('NOTPAY');
      await sim.control.faults({ endpoints: { closeorder: { answerAfterMs: 3_000 } } });
      expect(await pay.closeOrder(order, { deadlineMs: 300 })).toMatchObject({ kind: 'unknown' });
      expect(value(await pay.orderQuery(order)).tradeState).toBe('CLOSED');
      await sim.control.faults({ endpoints: { orderquery: { refuse: 502 } } });
      expect(await pay.orderQuery(order)).toMatchObject({ kind: 'unknown' });
    });

    it('when WeChat Pay says that it has trouble, and repeats what may be repeated', async () => {
      const patient = await clients.make('MD5', { retry: { tries: 3, pauseMs: 1, limitedPauseMs: 1 } });
      const order = clients.order();
      await sim.control.faults({ endpoints: { unifiedorder: { systemError: 'after', times: 2 } } });
      expect(value(await patient.unifiedOrder(order)).codeUrl).toMatch(/^weixin:/);
      await sim.control.faults({ endpoints: { orderquery: { returnFail: '频率限制', times: 2 } } });
      expect(value(await patient.orderQuery(order)).tradeState).toBe('NOTPAY');
      await sim.control.pay(order.outTradeNo);
      await sim.control.faults({ endpoints: { refund: { systemError: 'before', times: 1 } } });
      const refund = { ...order, outRefundNo: 'R1', refundFee: 100 };
      expect(await patient.refund(refund)).toMatchObject({ kind: 'unknown', reason: 'SYSTEMERROR' });
      expect(await patient.refundQuery(refund)).toMatchObject({ kind: 'refused', code: 'REFUNDNOTEXIST' });
      expect(value(await patient.refund(refund)).refundFee).toBe(100);
    });

    it('when the certificate is not the right one', async () => {
      const order = await clients.paidOrder(await clients.make('MD5'));
      const refund = { ...order, outRefundNo: 'R1', refundFee: 40 };
      const overHttp = await clients.make('MD5', { secureBaseUrls: [sim.url] });
      expect(await overHttp.refund(refund)).toMatchObject({ kind: 'unknown' });
      const pem = { cert: await sim.file('apiclient_cert.pem'), key: await sim.file('apiclient_key.pem') };
      expect(value(await (await clients.make('MD5', { certificate: pem })).refund(refund)).refundFee).toBe(40);
    });

    it('when the simulator is not who the client trusts', async () => {
      const distrustful = await clients.make('MD5', { baseUrl: (await sim.control.about()).secureUrl, ca: undefined });
      expect(await distrustful.orderQuery(clients.order())).toMatchObject({ kind: 'unknown' });
    });
  });

  it.each(['sign', 'unsigned', 'amount', 'appid', 'mch_id', 'fail', 'doctype'] as const)(
    'takes no forged notification (%s) for the payment that was made',
    async (forgery) => {
      const pay = await clients.make('HMAC-SHA256');
      await sim.control.faults({ notify: { forgeRate: 1, forgery } });
      const order = await clients.paidOrder(pay);
      await sim.control.advance(0);
      expect(sim.merchant.heard).toHaveLength(2);
      const options = { keys, allowed: ['HMAC-SHA256'] as const };
      const opened = sim.merchant.heard.map(({ body }) => openPaymentNotice(Buffer.from(body), options));
      const paid = { kind: 'paid', notice: expect.objectContaining({ outTradeNo: order.outTradeNo, totalFee: 100 }) };
      expect(opened.filter(({ kind }) => kind === 'paid')).toEqual([expect.objectContaining(paid)]);
    },
  );
});
