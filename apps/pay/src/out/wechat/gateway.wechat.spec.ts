import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { signNotice } from '#wechat-pay/testing';
import { World } from '../../flow/world.testing.ts';
import type { Attempt } from '../../domain/attempt.ts';
import { GatewayWechat } from './gateway.wechat.ts';

Logger.overrideLogger(false);

const apiKey = 'TESTONLYv2key0123456789abcdefABC';
const account = { appid: 'wx8888888888888888', mch_id: '1900000109' };
type Answer = Record<string, string | number | undefined>;

let wechat: Server;
let gateway: GatewayWechat;
let attempt: Attempt;
let answer: Answer | string;
const requests: string[] = [];

beforeAll(async () => {
  wechat = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push(Buffer.concat(chunks).toString());
      const signed = { return_code: 'SUCCESS', result_code: 'SUCCESS', ...account, nonce_str: 'abc' };
      response.end(typeof answer === 'string' ? answer : signNotice({ ...signed, ...answer }, apiKey, 'HMAC-SHA256'));
    });
  });
  await new Promise<void>((resolve) => wechat.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(wechat.address() as AddressInfo).port}`;
  const notifyUrl = 'https://pay.example.test/weixin/pay/notify/url';
  const furtherAppids = ['wx7777777777777777'];
  const merchant = { appid: account.appid, furtherAppids, mchId: account.mch_id, apiKey };
  gateway = new GatewayWechat({ baseUrl, ...merchant, notifyUrl });
  const world = await World.withOneOrder();
  attempt = await world.open();
});
afterAll(() => {
  gateway.end();
  wechat.close();
});
beforeEach(() => {
  requests.length = 0;
});

/** WeChat signs no refusal of the message itself. */
const unsigned = (text: string): string => `<xml><return_code>FAIL</return_code><return_msg>${text}</return_msg></xml>`;
const paidFields = (): Answer => ({
  out_trade_no: attempt.outTradeNo,
  transaction_id: '4200000478201912254663157927',
  total_fee: 100,
  cash_fee: 90,
  trade_type: 'NATIVE',
  openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  bank_type: 'OTHERS',
  time_end: '20261121180000',
});

describe('preparing', () => {
  it.each<[string, Answer | string]>([
    ['prepared', { prepay_id: 'wx2014', trade_type: 'NATIVE', code_url: 'weixin://wxpay/bizpayurl?pr=NwY5Mz9' }],
    ['paid', { result_code: 'FAIL', err_code: 'ORDERPAID' }],
    ['closed', { result_code: 'FAIL', err_code: 'ORDERCLOSED' }],
    ['refused', { result_code: 'FAIL', err_code: 'INVALID_REQUEST', err_code_des: '201' }],
    ['unknown', { result_code: 'FAIL', err_code: 'SYSTEMERROR' }],
    ['unknown', '<html>502</html>'],
  ])('hears %s', async (kind, said) => {
    answer = said;
    expect(await gateway.prepare(attempt, 1_000)).toMatchObject({ kind });
  });

  it.each<[string, Partial<Attempt>, Answer, RegExp]>([
    [
      'JSAPI',
      { tradeType: 'JSAPI', payerOpenid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
      {},
      /<openid><!\[CDATA\[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]>/,
    ],
    [
      'MWEB',
      { tradeType: 'MWEB', scene: { wapUrl: 'https://pay.example.test', wapName: '茶' } },
      { mweb_url: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2014' },
      /"h5_info":\{"type":"Wap","wap_url":"https:\/\/pay.example.test","wap_name":"茶"}/,
    ],
    ['APP', { tradeType: 'APP' }, {}, /<appid><!\[CDATA\[wx8888888888888888]]>/],
  ])('tells WeChat what %s needs', async (tradeType, over, said, told) => {
    answer = { prepay_id: 'wx2014', trade_type: tradeType, ...said };
    expect(await gateway.prepare({ ...attempt, ...over }, 1_000)).toEqual({
      kind: 'prepared',
      prepayId: 'wx2014',
      codeUrl: null,
      mwebUrl: said['mweb_url'] ?? null,
    });
    expect(requests[0]).toMatch(told);
  });

  it.each<[string, Answer | string, boolean]>([
    ['an openid of another appid', unsigned('appid和openid不匹配'), true],
    ['a parameter', unsigned('trade_type参数格式错误'), true],
    ['a product that is not opened', { result_code: 'FAIL', err_code: 'NOAUTH' }, true],
    ['another content of the number', { result_code: 'FAIL', err_code: 'INVALID_REQUEST', err_code_des: '201' }, false],
    ['a number in use', { result_code: 'FAIL', err_code: 'OUT_TRADE_NO_USED' }, false],
  ])('knows whether a refusal of %s leaves nothing at WeChat', async (_what, said, leavesNothing) => {
    answer = said;
    expect(await gateway.prepare(attempt, 1_000)).toMatchObject({ kind: 'refused', leavesNothing });
  });

  it.each<[string, Partial<Attempt>]>([
    ['JSAPI without a payer', { tradeType: 'JSAPI' }],
    ['MWEB without a site', { tradeType: 'MWEB' }],
  ])('sends nothing for %s', async (_case, over) => {
    expect(await gateway.prepare({ ...attempt, ...over }, 1_000)).toMatchObject({ kind: 'refused', code: 'NOT_SENT' });
    expect(requests).toEqual([]);
  });

  it('signs for a cashier with the appid and the algorithm of the attempt', () => {
    const jsapi = gateway.jsapiCashier({ ...attempt, signType: 'MD5' }, 'wx2014');
    expect(jsapi).toMatchObject({ appId: account.appid, package: 'prepay_id=wx2014', signType: 'MD5' });
    expect(jsapi.paySign).toMatch(/^[0-9A-F]{32}$/);
    const app = gateway.appCashier({ ...attempt, appid: 'wx7777777777777777' }, 'wx2014');
    expect(app).toMatchObject({ appid: 'wx7777777777777777', partnerid: account.mch_id, prepayid: 'wx2014' });
    expect(app.sign).toMatch(/^[0-9A-F]{64}$/);
  });

  it('tells WeChat the same each time', async () => {
    answer = 'no answer';
    await gateway.prepare(attempt, 1_000);
    await gateway.prepare(attempt, 1_000);
    const [first, second] = requests.map((xml) => xml.replace(/<(nonce_str|sign)>.*?<\/\1>/g, ''));
    expect(second).toBe(first);
    expect(first).toContain('<time_expire>');
  });
});

describe('asking', () => {
  it.each<[string, Answer]>([
    ['paid', { trade_state: 'SUCCESS' }],
    ['paid', { trade_state: 'REFUND' }],
    ['unpaid', { trade_state: 'NOTPAY' }],
    ['unpaid', { trade_state: 'USERPAYING' }],
    ['failed', { trade_state: 'PAYERROR' }],
    ['revoked', { trade_state: 'REVOKED' }],
    ['closed', { trade_state: 'CLOSED' }],
    ['unknown', { trade_state: 'SOMETHING_NEW' }],
    ['absent', { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' }],
    ['unknown', { result_code: 'FAIL', err_code: 'SYSTEMERROR' }],
    ['unknown', { result_code: 'FAIL', err_code: 'INVALID_REQUEST' }],
  ])('hears %s', async (kind, said) => {
    answer = { ...paidFields(), ...said };
    expect(await gateway.query(attempt, 'query', 1_000)).toMatchObject({ kind });
  });

  it('gets the whole payment', async () => {
    answer = { ...paidFields(), trade_state: 'SUCCESS' };
    expect(await gateway.query(attempt, 'close', 1_000)).toMatchObject({
      payment: { totalFee: 100, paidAt: new Date('2026-11-21T10:00:00Z'), source: 'close', mchId: '1900000109' },
    });
  });
});

describe('what only informs', () => {
  it.each<[string, Answer]>([
    ['longer than we keep', { openid: 'o'.repeat(129), bank_type: 'B'.repeat(33) }],
    ['in other letters', { openid: '买家', bank_type: '招商银行' }],
  ])('is left out when it is %s, so that the money is booked all the same', async (_what, odd) => {
    answer = { ...paidFields(), trade_state: 'SUCCESS', ...odd };
    expect(await gateway.query(attempt, 'query', 1_000)).toMatchObject({
      kind: 'paid',
      payment: { totalFee: 100, openid: undefined, bankType: undefined },
    });
  });
});

describe('closing', () => {
  it.each<[string, Answer]>([
    ['closed', {}],
    ['closed', { result_code: 'FAIL', err_code: 'ORDERCLOSED' }],
    ['paid', { result_code: 'FAIL', err_code: 'ORDERPAID' }],
    ['absent', { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' }],
    ['unknown', { result_code: 'FAIL', err_code: 'SYSTEMERROR' }],
    ['refused', { result_code: 'FAIL', err_code: 'ORDER_TOO_YOUNG' }],
  ])('hears %s', async (kind, said) => {
    answer = said;
    expect(await gateway.close(attempt, 1_000)).toMatchObject({ kind });
  });
});

describe('a notification', () => {
  const open = (fields: Answer, signType: 'MD5' | 'HMAC-SHA256' = 'HMAC-SHA256') => {
    const whole = {
      return_code: 'SUCCESS',
      result_code: 'SUCCESS',
      ...account,
      nonce_str: 'abc',
      ...paidFields(),
      ...fields,
    };
    return gateway.openNotice(Buffer.from(signNotice(whole, apiKey, signType)), '127.0.0.1');
  };

  it('says how it was signed, and keeps its bytes', () => {
    expect(open({}, 'MD5')).toMatchObject({
      kind: 'result',
      result: { kind: 'paid', totalFee: 100, signType: 'MD5', source: 'notify', notice: { remoteIp: '127.0.0.1' } },
    });
  });
  it('leaves out what only informs when we cannot keep it', () => {
    expect(open({ bank_type: '招商银行' })).toMatchObject({
      kind: 'result',
      result: { kind: 'paid', totalFee: 100, bankType: undefined },
    });
  });
  it('of a failure is one', () => {
    expect(open({ result_code: 'FAIL', err_code: 'NOTENOUGH' })).toMatchObject({
      result: { kind: 'failed', tradeState: 'FAIL', reason: 'NOTENOUGH' },
    });
  });
  it('about the app of the merchant is as good as about the account', () => {
    const app = { appid: 'wx7777777777777777' };
    expect(open(app)).toMatchObject({ result: { kind: 'paid', ...app } });
    expect(open({ ...app, result_code: 'FAIL', err_code: 'NOTENOUGH' })).toMatchObject({
      result: { kind: 'failed', reason: 'NOTENOUGH', ...app },
    });
  });
  it.each([
    ['mch_id', { mch_id: '1900000110' }, { mchId: '1900000110', appid: account.appid }],
    ['appid', { appid: 'wx0000000000000000' }, { mchId: account.mch_id, appid: 'wx0000000000000000' }],
  ])('of money for another %s keeps that account, which no attempt of ours has', (_what, fields, named) => {
    expect(open(fields)).toMatchObject({ kind: 'result', result: { kind: 'paid', totalFee: 100, ...named } });
  });
  it('of a failure, or of no readable payment, for another account is refused', () => {
    expect(open({ mch_id: '1900000110', result_code: 'FAIL' })).toMatchObject({
      kind: 'refused',
      reason: 'foreign-mch_id',
    });
    expect(open({ appid: 'wx0000000000000000', total_fee: '-1' })).toMatchObject({
      kind: 'refused',
      reason: 'foreign-appid',
    });
  });
  it('that is not signed with our key is refused', () => {
    expect(gateway.openNotice(Buffer.from('<xml><a>1</a></xml>'), '::1')).toMatchObject({ kind: 'refused' });
  });
});
