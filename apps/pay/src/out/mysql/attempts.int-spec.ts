import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { openDataSource } from '#platform';
import { code, native, Till, TITLE } from './till.testing.ts';

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

const till = Till.forTests('pay_attempts');

describe('payables', () => {
  it('keep what they were placed with', async () => {
    const orderNo = await till.placed(1234);
    await till.attempts.place([{ orderNo, totalFee: 1, title: 'another', expiresAt: new Date(0) }]);
    expect((await till.attempts.find(orderNo))?.payable).toMatchObject({ totalFee: 1234, title: TITLE });
  });

  it('are found by an attempt’s number', async () => {
    const orderNo = await till.placed();
    const first = await till.called(orderNo);
    await till.attempts.finish(first.outTradeNo, 'CLOSED');
    const second = await till.called(orderNo);
    expect(second.outTradeNo).toBe(`${orderNo}-2`);
    expect((await till.attempts.find(second.outTradeNo))?.payable.orderNo).toBe(orderNo);
  });

  it('hear how their order ended, and never go back', async () => {
    const orderNo = await till.placed();
    const unknown = till.newNumber();
    const news = [
      { orderNo, status: 'PAID' },
      { orderNo: unknown, status: 'PAID' },
    ] as const;
    expect(await till.attempts.recordOrderStatus(news)).toEqual(new Set([unknown]));
    await till.attempts.recordOrderStatus([{ orderNo, status: 'CANCELLED' }]);
    expect((await till.attempts.find(orderNo))?.payable.orderStatus).toBe('PAID');
  });
});

describe('a prepay', () => {
  it('commits every parameter before the call, and repeats exactly those', async () => {
    const orderNo = await till.placed(1234, new Date(Date.now() + 60_000));
    const first = await till.called(orderNo);
    expect(first).toMatchObject({ state: 'CREATED', outTradeNo: orderNo, totalFee: 1234, body: '两件 T-shirts ?' });
    expect(first.timeExpire.getTime() - first.createdAt.getTime()).toBeGreaterThanOrEqual(300_000);
    await till.attempts.release(first);
    const again = await till.called(orderNo);
    const { outTradeNo, body, timeStart, timeExpire, notifyUrl, spbillCreateIp, productId } = first;
    expect(again).toMatchObject({ outTradeNo, body, timeStart, timeExpire, notifyUrl, spbillCreateIp, productId });
    expect(again.prepaySeq).toBe(first.prepaySeq + 1);
  });

  it('is one call, however many begin at once', async () => {
    const orderNo = await till.placed();
    const begun = await Promise.all(Array.from({ length: 10 }, () => till.attempts.begin(orderNo, native)));
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(9).fill('busy'), 'call']);
    expect(await till.count('attempt')).toBe(1);
  });

  it('answers the stored code afterwards', async () => {
    const orderNo = await till.placed();
    await till.shown(orderNo);
    expect(await till.attempts.begin(orderNo, native)).toMatchObject({
      kind: 'ready',
      attempt: { codeUrl: code.codeUrl },
    });
  });

  it('drops both codes when a second call came between', async () => {
    const orderNo = await till.placed();
    const slow = await till.called(orderNo);
    await till.db.query('UPDATE attempt SET calling_until = UTC_TIMESTAMP(3)');
    const fast = await till.called(orderNo);
    expect(await till.attempts.storePrepared(fast, code)).toBe('stored');
    expect(await till.attempts.storePrepared(slow, { ...code, codeUrl: 'weixin://wxpay/bizpayurl?pr=older' })).toBe(
      'stale',
    );
    expect((await till.attempts.find(orderNo))?.attempts[0]?.codeUrl).toBeNull();
  });

  it.each([
    [{ tradeType: 'JSAPI', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }, { payerOpenid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }],
    [
      { tradeType: 'MWEB', scene: { wapUrl: 'https://pay.example.test', wapName: '茶' } },
      { scene: { wapUrl: 'https://pay.example.test', wapName: '茶' } },
    ],
    [{ tradeType: 'APP', appid: 'wx7777777777777777' }, { appid: 'wx7777777777777777' }],
  ] as const)('keeps what %o needs, and what WeChat answered', async (way, kept) => {
    const orderNo = await till.placed();
    const begun = await till.attempts.begin(orderNo, { ...native, way });
    expect(begun).toMatchObject({ kind: 'call', attempt: { tradeType: way.tradeType, ...kept } });
    const answered = {
      prepayId: code.prepayId,
      codeUrl: null,
      mwebUrl: 'https://wx.tenpay.com/checkmweb?prepay_id=wx',
    };
    if (begun.kind === 'call') await till.attempts.storePrepared(begun.attempt, answered);
    expect((await till.attempts.find(orderNo))?.attempts).toMatchObject([{ ...kept, ...answered, state: 'NOTPAY' }]);
    expect(await till.attempts.begin(orderNo, { ...native, way })).toMatchObject({ kind: 'ready' });
  });

  it('in another way, or by another payer, waits for the end of the open one', async () => {
    const orderNo = await till.placed();
    const by = (openid: string) => till.attempts.begin(orderNo, { ...native, way: { tradeType: 'JSAPI', openid } });
    expect(await by('oFirst')).toMatchObject({ kind: 'call' });
    expect(await by('oSecond')).toEqual({ kind: 'busy' });
    await till.attempts.release((await till.attempts.find(orderNo))!.attempts[0]!);
    expect(await by('oSecond')).toMatchObject({ kind: 'other-way', attempt: { payerOpenid: 'oFirst' } });
    expect(await till.attempts.begin(orderNo, native)).toMatchObject({ kind: 'other-way' });
    await till.attempts.finish(orderNo, 'CLOSED');
    expect(await by('oSecond')).toMatchObject({ kind: 'call', attempt: { outTradeNo: `${orderNo}-2` } });
  });

  it('in several ways at once leaves one attempt open', async () => {
    const orderNo = await till.placed();
    const ways = [
      { tradeType: 'NATIVE' },
      { tradeType: 'JSAPI', openid: 'oFirst' },
      { tradeType: 'JSAPI', openid: 'oSecond' },
      { tradeType: 'APP', appid: 'wx7777777777777777' },
    ] as const;
    const otherSessions = await openDataSource({ url: till.database.url });
    const stores = [till.attempts, till.another(otherSessions).attempts];
    const beginAll = () =>
      Promise.all(ways.flatMap((way) => stores.map((store) => store.begin(orderNo, { ...native, way }))));
    const begun = await beginAll();
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(7).fill('busy'), 'call']);
    await till.attempts.finish(orderNo, 'CLOSED');
    const again = await beginAll();
    await otherSessions.destroy();
    expect(again.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(7).fill('busy'), 'call']);
    expect(await till.count('attempt')).toBe(2);
    expect(await till.count('attempt', 'open_slot = 1')).toBe(1);
  });

  it('and a close command never both win', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => till.placed()));
    const begun = await Promise.all(orders.map((orderNo) => till.called(orderNo)));
    const answers = await Promise.all(
      begun.flatMap((attempt) => [
        till.attempts.storePrepared(attempt, code),
        till.closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]),
      ]),
    );
    const stored = answers.filter((answer) => answer === 'stored').length;
    const over = answers.filter((answer) => answer === 'over').length;
    expect(stored + over).toBe(10);
    expect(await till.count('payable', "state = 'CLOSING'")).toBe(10);
    expect(await till.count('attempt', 'code_url IS NOT NULL')).toBe(stored);
    for (const orderNo of orders) {
      expect(await till.attempts.begin(orderNo, native)).toEqual({ kind: 'refused', reason: 'ORDER_CLOSING' });
    }
  });
});
