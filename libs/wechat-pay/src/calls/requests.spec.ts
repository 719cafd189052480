import { describe, expect, it } from '@jest/globals';
import { InvalidRequest, isCodeUrl, type NativeOrder, WechatPayClient, type WechatPayOptions } from '../index.ts';
import { closeOrderFields } from './close-order.ts';
import { orderQueryFields } from './order-query.ts';
import { refundFields } from './refund.ts';
import { refundQueryFields } from './refund-query.ts';
import { unifiedOrderFields } from './unified-order.ts';

const NOTIFY_URL = 'https://shop.example.test/weixin/pay/notify/url';
const ORDER: NativeOrder = {
  outTradeNo: '01KAGX6F7Q9M2T5V8W0Y',
  body: '腾讯充值中心-QQ会员充值',
  totalFee: 88,
  spbillCreateIp: '123.12.12.123',
  timeExpire: new Date('2014-09-03T05:15:40.900Z'),
  productId: 'P-1001',
  tradeType: 'NATIVE',
};
const fields = (changes: Partial<NativeOrder> = {}) => unifiedOrderFields({ ...ORDER, ...changes }, NOTIFY_URL);

function refusedField(build: () => unknown): string | undefined {
  try {
    build();
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
}

describe('a unified order', () => {
  it('has the fields of the protocol, times in Beijing', () => {
    const timeStart = new Date('2014-09-03T04:45:40Z');
    expect(fields({ timeStart, attach: 'shop 1' })).toEqual({
      out_trade_no: '01KAGX6F7Q9M2T5V8W0Y',
      body: '腾讯充值中心-QQ会员充值',
      total_fee: '88',
      spbill_create_ip: '123.12.12.123',
      time_start: '20140903124540',
      time_expire: '20140903131540',
      product_id: 'P-1001',
      trade_type: 'NATIVE',
      notify_url: NOTIFY_URL,
      attach: 'shop 1',
    });
    expect(fields()).not.toHaveProperty('attach');
  });

  it('may use every limit: bytes, not characters', () => {
    expect(fields({ body: '茶'.repeat(42) + 'x' })['body']).toHaveLength(43);
    expect(fields({ totalFee: 1, spbillCreateIp: '2001:db8::1', outTradeNo: 'x'.repeat(32) })['total_fee']).toBe('1');
    expect(fields({ totalFee: 9_999_999_999, productId: 'p'.repeat(32), attach: '' })['attach']).toBe('');
  });

  it.each<[string, Partial<NativeOrder>]>([
    ['body', { body: '' }],
    ['body', { body: '茶'.repeat(43) }],
    ['body', { body: 'tea 😀' }],
    ['body', { body: 'a\u0000b' }],
    ['attach', { attach: '茶'.repeat(43) }],
    ['attach', { attach: '\ud83d' }],
    ['out_trade_no', { outTradeNo: '' }],
    ['out_trade_no', { outTradeNo: 'x'.repeat(33) }],
    ['out_trade_no', { outTradeNo: 'a b' }],
    ['total_fee', { totalFee: 0 }],
    ['total_fee', { totalFee: -1 }],
    ['total_fee', { totalFee: 0.29 * 100 }],
    ['total_fee', { totalFee: NaN }],
    ['total_fee', { totalFee: 10_000_000_000 }],
    ['spbill_create_ip', { spbillCreateIp: '' }],
    ['spbill_create_ip', { spbillCreateIp: 'localhost' }],
    ['spbill_create_ip', { spbillCreateIp: '1.2.3.4, 5.6.7.8' }],
    ['product_id', { productId: '' }],
    ['product_id', { productId: 'p'.repeat(33) }],
    ['time_expire', { timeExpire: new Date(NaN) }],
    ['time_expire', { timeStart: ORDER.timeExpire }],
    ['time_start', { timeStart: new Date(NaN) }],
    ['trade_type', { tradeType: 'MICROPAY' as 'NATIVE' }],
    ['out_trade_no', { outTradeNo: 'a@b' }],
    ['spbill_create_ip', { spbillCreateIp: `fe80::1%${'e'.repeat(64)}` }],
    ['scene_info', { sceneInfo: {} }],
  ])('is refused before sending for its %s: %j', (field, changes) => {
    expect(refusedField(() => fields(changes))).toBe(field);
  });
});

/** What TypeScript forbids and plain JavaScript does: above all `undefined`, which must never become a number. */
describe('a caller without types', () => {
  const order = { ...ORDER } as Record<string, unknown>;
  const loose = (changes: Record<string, unknown>) => unifiedOrderFields({ ...order, ...changes } as never, NOTIFY_URL);
  const { outTradeNo, ...rest } = { outTradeNo: 'A1', outRefundNo: 'R1', totalFee: 2, refundFee: 1 };

  it.each<[string, Record<string, unknown>]>([
    ['out_trade_no', { outTradeNo: undefined }],
    ['out_trade_no', { outTradeNo: 123456 }],
    ['out_trade_no', { outTradeNo: ['A1'] }],
    ['body', { body: undefined }],
    ['product_id', { productId: undefined }],
    ['total_fee', { totalFee: '1' }],
    ['time_expire', { timeExpire: null }],
    ['time_start', { timeStart: null }],
    ['scene_info', { sceneInfo: null }],
    ['detail', { detail: {} }],
    ['receipt', { receipt: 'N' }],
    ['profit_sharing', { profitSharing: 'N' }],
    ['limit_pay', { limitPay: 'credit' }],
  ])('has his order refused for its %s: %j', (field, changes) => {
    expect(refusedField(() => loose(changes))).toBe(field);
  });

  it.each<[string, () => unknown]>([
    ['out_trade_no', () => orderQueryFields({} as never)],
    ['transaction_id', () => orderQueryFields({ transactionId: undefined } as never)],
    ['out_trade_no', () => closeOrderFields({} as never)],
    ['out_trade_no', () => refundFields(rest as never)],
    ['out_refund_no', () => refundFields({ ...rest, outTradeNo, outRefundNo: undefined } as never)],
    ['out_refund_no', () => refundFields({ ...rest, outTradeNo, outRefundNo: 5 } as never)],
    ['out_trade_no', () => refundQueryFields({} as never)],
    ['refund_id', () => refundQueryFields({ refundId: undefined } as never)],
  ])('is told that %s is missing', (field, build) => {
    expect(refusedField(build)).toBe(field);
  });
});

describe('a query and a close', () => {
  it('name one order', () => {
    expect(orderQueryFields({ outTradeNo: 'A1' })).toEqual({ out_trade_no: 'A1' });
    expect(orderQueryFields({ transactionId: '42' })).toEqual({ transaction_id: '42' });
    expect(closeOrderFields({ outTradeNo: 'A1' })).toEqual({ out_trade_no: 'A1' });
  });

  it('are refused for a number that cannot be one', () => {
    expect(refusedField(() => orderQueryFields({ outTradeNo: 'a b' }))).toBe('out_trade_no');
    expect(refusedField(() => orderQueryFields({ transactionId: '' }))).toBe('transaction_id');
    expect(refusedField(() => closeOrderFields({ outTradeNo: '' }))).toBe('out_trade_no');
  });
});

describe('a client', () => {
  const OPTIONS: WechatPayOptions = {
    baseUrl: 'https://api.mch.weixin.qq.com',
    appid: 'wx8888888888888888',
    mchId: '1900000109',
    apiKey: 'TESTONLYv2key0123456789abcdefABC',
    signType: 'HMAC-SHA256',
    notifyUrl: NOTIFY_URL,
  };
  const made = (changes: Partial<WechatPayOptions>) => {
    new WechatPayClient({ ...OPTIONS, ...changes }).close();
  };

  it.each([
    'https://api.mch.weixin.qq.com',
    'http://127.0.0.1:3003',
    'http://localhost:3003/',
    'http://[::1]:3003/base',
    'http://simulator:3003',
  ])('is made for %s', (baseUrl) => {
    expect(refusedField(() => made({ baseUrl }))).toBeUndefined();
  });

  it.each<[string, Partial<WechatPayOptions>]>([
    ['base URL', { baseUrl: 'http://api.mch.weixin.qq.com' }],
    ['base URL', { baseUrl: 'http://127.0.0.1.example.test' }],
    ['base URL', { baseUrl: 'http://localhost.example.test' }],
    ['base URL', { baseUrl: 'http://simulator.example.test' }],
    ['base URL', { baseUrl: 'ftp://127.0.0.1' }],
    ['base URL', { baseUrl: 'api.mch.weixin.qq.com' }],
    ['base URL', { baseUrl: 'https://user:secret@api.mch.weixin.qq.com' }],
    ['base URL', { baseUrl: 'https://api.mch.weixin.qq.com/?a=1' }],
    ['sign_type', { signType: 'SHA1' as 'MD5' }],
    ['sign_type', { signType: undefined }],
    ['appid', { appid: undefined }],
    ['totalMs', { timeouts: { totalMs: NaN } }],
    ['connectMs', { timeouts: { connectMs: -1 } }],
    ['tries', { retry: { tries: NaN } }],
    ['tries', { retry: { tries: 0 } }],
    ['pauseMs', { retry: { pauseMs: Infinity } }],
    ['appid', { appid: '' }],
    ['appid', { appid: 'wx 8888' }],
    ['mch_id', { mchId: 'M1900000109' }],
    ['API key', { apiKey: '' }],
    ['API key', { apiKey: 'TESTONLYv2key0123456789abcdefABC\n' }],
    ['notify_url', { notifyUrl: 'shop.example.test/notify' }],
    ['notify_url', { notifyUrl: 'https://shop.example.test/notify?order=1' }],
    ['notify_url', { notifyUrl: 'https://shop.example.test/notify#x' }],
    ['notify_url', { notifyUrl: ' https://shop.example.test/notify' }],
    ['notify_url', { notifyUrl: 'https://user:secret@shop.example.test/' }],
    ['notify_url', { notifyUrl: `https://shop.example.test/${'x'.repeat(256)}` }],
  ])('is refused for its %s, without repeating it: %j', (field, changes) => {
    expect(refusedField(() => made(changes))).toBe(field);
    expect(() => made(changes)).toThrow(/^(?!.*(?:secret|TESTONLY))/);
  });
});

it('only weixin:// is shown as a payment code (E12)', () => {
  for (const url of [
    'weixin://wxpay/bizpayurl?pr=NwY5Mz9',
    'weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00',
    'weixin://pay.weixin.qq.com/bizpayurl/up?pr=x',
    'weixin://wxpay/s/An4baqw',
  ])
    expect(isCodeUrl(url)).toBe(true);
  for (const url of [
    '',
    'weixin://',
    'javascript:alert(1)',
    'https://weixin://x',
    'WEIXIN://wxpay',
    ' weixin://wxpay',
    'weixin://a b',
    'weixin://a\n',
    `weixin://${'x'.repeat(501)}`,
  ])
    expect(isCodeUrl(url)).toBe(false);
});
