import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answers, newClient, TestServer, unknown } from '../../test-support/server.ts';
import { type AppOrder, InvalidRequest, type JsapiOrder, type MwebOrder, type UnifiedOrderRequest } from '../index.ts';
import { isMwebUrl } from './mweb-url.ts';
import { unifiedOrderFields } from './unified-order.ts';

const ORDER = { outTradeNo: 'A1', body: 'Tea', totalFee: 88, spbillCreateIp: '203.0.113.7' } as const;
const JSAPI: JsapiOrder = { ...ORDER, tradeType: 'JSAPI', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' };
const WAP = { type: 'Wap', wapUrl: 'https://shop.example.test', wapName: 'Shop' } as const;
const MWEB: MwebOrder = { ...ORDER, tradeType: 'MWEB', sceneInfo: { h5: WAP } };
const APP: AppOrder = { ...ORDER, tradeType: 'APP' };
const fields = (order: unknown) => unifiedOrderFields(order as UnifiedOrderRequest, 'https://shop.example.test/n');

function refusedField(order: unknown): string | undefined {
  try {
    fields(order);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
}

describe('the fields of an order', () => {
  const COMMON = {
    out_trade_no: 'A1',
    body: 'Tea',
    total_fee: '88',
    spbill_create_ip: '203.0.113.7',
    notify_url: 'https://shop.example.test/n',
  };

  it('name the payer for JSAPI, the page for MWEB, and nothing more for APP', () => {
    expect(fields(JSAPI)).toEqual({ ...COMMON, trade_type: 'JSAPI', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' });
    expect(fields(MWEB)).toEqual({
      ...COMMON,
      trade_type: 'MWEB',
      scene_info: '{"h5_info":{"type":"Wap","wap_url":"https://shop.example.test","wap_name":"Shop"}}',
    });
    expect(fields(APP)).toEqual({ ...COMMON, trade_type: 'APP' });
  });

  it('tell of apps and of stores', () => {
    const scene = (sceneInfo: unknown) => fields({ ...MWEB, sceneInfo })['scene_info'];
    expect(scene({ h5: { type: 'IOS', appName: 'Shop', bundleId: 'com.example.shop' } })).toBe(
      '{"h5_info":{"type":"IOS","app_name":"Shop","bundle_id":"com.example.shop"}}',
    );
    expect(scene({ h5: { type: 'Android', appName: 'Shop', packageName: 'com.example.shop' } })).toBe(
      '{"h5_info":{"type":"Android","app_name":"Shop","package_name":"com.example.shop"}}',
    );
    const store = { id: 'SZTX001', name: '腾大餐厅', areaCode: '440305', address: '科技园' };
    expect(fields({ ...JSAPI, sceneInfo: { store } })['scene_info']).toBe(
      '{"store_info":{"id":"SZTX001","name":"腾大餐厅","area_code":"440305","address":"科技园"}}',
    );
  });

  it('hold everything else that an order may say', () => {
    const order: AppOrder = {
      ...APP,
      productId: 'P-1001',
      deviceInfo: 'WEB',
      goodsTag: 'SUMMER',
      limitPay: 'no_credit',
      receipt: true,
      profitSharing: true,
      detail: {
        costPrice: 100,
        receiptId: 'R-7',
        goods: [{ goodsId: 'G1', wxpayGoodsId: '1001', goodsName: '红茶', quantity: 2, price: 44 }],
      },
    };
    expect(fields(order)).toEqual({
      ...COMMON,
      trade_type: 'APP',
      product_id: 'P-1001',
      device_info: 'WEB',
      goods_tag: 'SUMMER',
      limit_pay: 'no_credit',
      receipt: 'Y',
      profit_sharing: 'Y',
      version: '1.0',
      detail:
        '{"cost_price":100,"receipt_id":"R-7","goods_detail":[{"goods_id":"G1","wxpay_goods_id":"1001","goods_name":"红茶","quantity":2,"price":44}]}',
    });
    expect(fields({ ...order, receipt: false, profitSharing: false })).not.toHaveProperty('receipt');
  });

  it.each<[string, unknown]>([
    ['openid', { ...JSAPI, openid: '' }],
    ['openid', { ...JSAPI, openid: 'o'.repeat(129) }],
    ['openid', { ...JSAPI, openid: undefined }],
    ['product_id', { ...ORDER, tradeType: 'NATIVE' }],
    ['product_id', { ...APP, productId: 'p'.repeat(33) }],
    ['scene_info', { ...MWEB, sceneInfo: undefined }],
    ['scene_info', { ...MWEB, sceneInfo: {} }],
    ['scene_info', { ...MWEB, sceneInfo: { h5: { ...WAP, wapUrl: 'javascript:alert(1)' } } }],
    ['scene_info', { ...MWEB, sceneInfo: { h5: { ...WAP, wapName: '店'.repeat(70) } } }],
    ['scene_info', { ...MWEB, sceneInfo: { h5: { ...WAP, type: 'Symbian' } } }],
    ['scene_info', { ...JSAPI, sceneInfo: { store: { id: '' } } }],
    ['scene_info', { ...JSAPI, sceneInfo: { store: { id: '1', name: '店'.repeat(22) } } }],
    ['device_info', { ...APP, deviceInfo: 'd'.repeat(33) }],
    ['goods_tag', { ...APP, goodsTag: '茶'.repeat(11) }],
    ['limit_pay', { ...APP, limitPay: 'no_debit' }],
    ['detail', { ...APP, detail: { goods: [] } }],
    ['detail', { ...APP, detail: { goods: [{ goodsId: '', quantity: 1, price: 1 }] } }],
    ['detail', { ...APP, detail: { goods: [{ goodsId: 'G', quantity: 0, price: 1 }] } }],
    ['detail', { ...APP, detail: { goods: [{ goodsId: 'G', quantity: 1, price: 0.5 }] } }],
    ['detail', { ...APP, detail: { goods: Array(200).fill({ goodsId: 'G'.repeat(32), quantity: 1, price: 1 }) } }],
    ['trade_type', { ...APP, tradeType: 'MICROPAY' }],
    ['trade_type', { ...APP, tradeType: 'app' }],
  ])('are refused before sending for %s: %j', (field, order) => {
    expect(refusedField(order)).toBe(field);
  });
});

describe('what the buyer gets', () => {
  let server: TestServer;
  const PREPAY_ID = 'wx18171217836292e6955c892133450b0000';
  const PAGE = `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${PREPAY_ID}&package=1037687096`;

  beforeAll(async () => {
    server = await new TestServer().listen();
  });

  afterAll(() => server.close());

  async function order(
    request: UnifiedOrderRequest,
    changes: Record<string, string | undefined>,
    mwebUrls?: readonly string[],
  ) {
    server.answer = answers({ prepay_id: PREPAY_ID, trade_type: request.tradeType, ...changes });
    const client = newClient({ baseUrl: server.url, mwebUrls });
    try {
      return await client.unifiedOrder(request);
    } finally {
      client.close();
    }
  }

  it('is a prepay_id for pages inside WeChat and for apps', async () => {
    for (const request of [JSAPI, APP])
      expect(await order(request, {})).toEqual({
        kind: 'ok',
        value: { prepayId: PREPAY_ID, tradeType: request.tradeType },
      });
  });

  it('is a page of WeChat Pay, or of the configured host, for browsers', async () => {
    expect(await order(MWEB, { mweb_url: PAGE })).toEqual({
      kind: 'ok',
      value: { prepayId: PREPAY_ID, tradeType: 'MWEB', mwebUrl: PAGE },
    });
    expect(await order(MWEB, { mweb_url: `${server.url}/h5?prepay_id=1` })).toMatchObject({ kind: 'ok' });
  });

  it('is a page of a further address that was named', async () => {
    const mweb_url = 'http://localhost:3003/checkmweb?prepay_id=1';
    expect(await order(MWEB, { mweb_url }, ['http://localhost:3003'])).toMatchObject({ value: { mwebUrl: mweb_url } });
    expect(await order(MWEB, { mweb_url }, ['http://localhost:3004'])).toMatchObject({ kind: 'unknown' });
  });

  it('is never a page of anybody else, nor one without an order (E12)', async () => {
    for (const mweb_url of ['https://evil.example.test/', PAGE.replace(PREPAY_ID, ''), undefined])
      expect(await order(MWEB, { mweb_url })).toEqual(unknown('answer without a mweb_url of WeChat Pay'));
  });

  it('is never taken from a refused answer', async () => {
    const refusal = { result_code: 'FAIL', err_code: 'INVALID_REQUEST', mweb_url: PAGE };
    expect(await order(MWEB, refusal)).toMatchObject({ kind: 'refused', code: 'INVALID_REQUEST' });
  });

  it('is nothing when the answer is about another kind of order', async () => {
    expect(await order(JSAPI, { trade_type: 'NATIVE' })).toEqual(unknown('answer for another trade_type'));
    expect(await order(APP, { prepay_id: '' })).toEqual(unknown('answer without prepay_id'));
  });
});

it('a payment page is https at WeChat Pay, or at a configured host by its own scheme', () => {
  const hosts = [new URL('http://127.0.0.1:3003/base'), new URL('https://api.mch.weixin.qq.com')];
  for (const url of ['https://wx.tenpay.com/x', 'http://127.0.0.1:3003/h5', 'https://api.mch.weixin.qq.com/x?a=1'])
    expect(isMwebUrl(url, hosts)).toBe(true);
  for (const url of [
    '',
    'http://wx.tenpay.com/x',
    'https://wx.tenpay.com:8443/x',
    'https://wx.tenpay.com.evil.example.test/',
    'https://wx.tenpay.com@evil.example.test/',
    'https://user@wx.tenpay.com/',
    'https://127.0.0.1:3003/h5',
    'http://127.0.0.1:3004/h5',
    'javascript:alert(1)//https://wx.tenpay.com/',
    ' https://wx.tenpay.com/x',
    'https://wx.tenpay.com/x?prepay_id=&package=1',
    `https://wx.tenpay.com/${'x'.repeat(2_000)}`,
  ])
    expect(isMwebUrl(url, hosts)).toBe(false);
});
