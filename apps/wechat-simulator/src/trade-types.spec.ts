import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import {
  APPID,
  type Fields,
  MCH_ID,
  read,
  sign,
  SUCCESS,
  TestSimulator,
  xml,
} from '../../../test/support/simulator.ts';

const scene = JSON.stringify({ h5_info: { type: 'Wap', wap_url: 'https://shop.example.test', wap_name: 'Shop' } });

describe('the trade types', () => {
  const sim = TestSimulator.forTests();
  const phone = async (path: string, body?: object) => {
    const response = await fetch(`${sim.url}/phone/api/${path}`, {
      ...(body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('JSAPI answers with a prepay_id only, and its user is the one who pays', async () => {
    const order = await sim.order({ trade_type: 'JSAPI', openid: 'oUser', product_id: '' });
    expect(order).toMatchObject({ prepay_id: expect.stringMatching(/^wx/), trade_type: 'JSAPI' });
    expect(order).not.toHaveProperty('code_url');
    await phone('pay', { codeUrl: order['prepay_id']!, outcome: 'pay' });
    expect(await sim.call('/pay/orderquery', { out_trade_no: order['out_trade_no']! })).toMatchObject({
      ...{ trade_state: 'SUCCESS', trade_type: 'JSAPI', openid: 'oUser' },
    });
  });

  describe('the second signature', () => {
    const jsapi = (prepayId: string, change: Fields = {}): Fields => {
      const fields = {
        appId: APPID,
        timeStamp: '1414411784',
        nonceStr: 'n',
        package: `prepay_id=${prepayId}`,
        ...change,
      };
      const all = { signType: 'MD5', ...fields };
      return { ...all, paySign: sign(all, all.signType) };
    };
    const app = (prepayId: string): Fields => {
      const fields = { appid: APPID, partnerid: MCH_ID, prepayid: prepayId, package: 'Sign=WXPay' };
      const all = { ...fields, noncestr: 'n', timestamp: '1412000000' };
      return { ...all, sign: sign(all) };
    };
    const open = (parameters: object) => phone('scan', { codeUrl: JSON.stringify(parameters) });

    it('opens the cashier when it is right', async () => {
      const order = await sim.order({ trade_type: 'JSAPI', openid: 'oUser' });
      expect(await open(jsapi(order['prepay_id']!))).toMatchObject({ status: 200, body: { totalFee: 88 } });
      const appOrder = await sim.order({ trade_type: 'APP' });
      expect(await open(app(appOrder['prepay_id']!))).toMatchObject({ status: 200 });
    });

    it('is refused when anything in it is wrong', async () => {
      const { prepay_id: prepayId } = await sim.order({ trade_type: 'JSAPI', openid: 'oUser' });
      const good = jsapi(prepayId!);
      const refused = { status: 400, body: { code: 'CODE_MALFORMED', detail: '支付验证签名失败' } };
      expect(await open({ ...good, timeStamp: '1414411785' })).toMatchObject(refused);
      expect(await open(jsapi(prepayId!, { signType: 'HMAC-SHA256' }))).toMatchObject(refused);
      expect(await open(jsapi(prepayId!, { appId: 'wx0000000000000000' }))).toMatchObject(refused);
      expect(await open({ ...good, timeStamp: 1_414_411_784 })).toMatchObject({ body: { code: 'CODE_MALFORMED' } });
      expect(await phone('scan', { codeUrl: '{' })).toMatchObject({ body: { code: 'CODE_MALFORMED' } });
    });
  });

  it('MWEB answers with an address of its own that leads to the phone and back, for five minutes', async () => {
    const order = await sim.order({ trade_type: 'MWEB', scene_info: scene });
    const mwebUrl = order['mweb_url']!;
    expect(mwebUrl).toMatch(`${sim.url}/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${order['prepay_id']!}&package=`);
    const back = 'https://shop.example.test/done?order=1';
    const page = await fetch(`${mwebUrl}&redirect_url=${encodeURIComponent(back)}`, { redirect: 'manual' });
    const query = new URLSearchParams({ open: mwebUrl, back });
    expect(page.headers.get('location')).toBe(`/phone?${query.toString()}`);
    expect(await phone('scan', { codeUrl: mwebUrl })).toMatchObject({ status: 200 });
    await sim.control.advance(5 * 60_000);
    expect(await phone('scan', { codeUrl: mwebUrl })).toMatchObject({ status: 410, body: { code: 'CODE_EXPIRED' } });
  });

  it('a user who leaves is USERPAYING, one without money is not seen, and both may still pay', async () => {
    const { code_url: codeUrl, out_trade_no: outTradeNo } = await sim.order();
    expect(await phone('pay', { codeUrl, outcome: 'notenough' })).toMatchObject({ body: { state: 'NOTPAY' } });
    await phone('pay', { codeUrl, outcome: 'leave' });
    expect(await sim.call('/pay/orderquery', { out_trade_no: outTradeNo! })).toMatchObject({
      trade_state: 'USERPAYING',
    });
    expect(await phone('pay', { codeUrl, outcome: 'pay' })).toMatchObject({ body: { state: 'SUCCESS' } });
    await sim.control.advance(0);
    expect(sim.merchant.heard).toHaveLength(1);
  });

  it.each([
    ['CASH', { coupon_type_0: 'CASH' }, undefined],
    ['NO_CASH', { coupon_type_0: 'NO_CASH', settlement_total_fee: '79' }, '79'],
  ] as const)('a coupon of the kind %s shows in notification and query', async (coupon, shown, settlement) => {
    const { code_url: codeUrl, out_trade_no: outTradeNo } = await sim.order();
    await phone('pay', { codeUrl, outcome: 'pay', coupon });
    await sim.control.advance(0);
    const notice = read(sim.merchant.heard[0]!.body);
    expect(notice['sign']).toBe(sign(notice));
    const common = { total_fee: '88', cash_fee: '79', coupon_fee: '9', coupon_count: '1', coupon_fee_0: '9' };
    expect(notice).toMatchObject({ ...common, ...shown, coupon_id_0: expect.stringMatching(/^\d{1,20}$/) });
    const query = await sim.call('/pay/orderquery', { out_trade_no: outTradeNo! });
    expect(query).toMatchObject({ ...common, ...shown });
    expect(query['settlement_total_fee']).toBe(settlement);
    await expect(
      sim.control.pay((await sim.order())['out_trade_no']!, { coupons: [{ type: 'CASH', feeFen: 88 }] }),
    ).rejects.toMatchObject({ status: 400, problem: { code: 'COUPONS_TOO_HIGH' } });
  });

  describe('product codes (mode 1)', () => {
    const productCode = (change: Fields = {}): string => {
      const fields = {
        appid: APPID,
        mch_id: MCH_ID,
        product_id: '88888',
        time_stamp: '1415949957',
        nonce_str: 'n1',
        ...change,
      };
      return `weixin://wxpay/bizpayurl?sign=${sign(fields)}&${Object.entries(fields)
        .map((pair) => pair.join('='))
        .join('&')}`;
    };
    const answer = (fields: Fields): string => {
      const all = {
        return_code: 'SUCCESS',
        result_code: 'SUCCESS',
        appid: APPID,
        mch_id: MCH_ID,
        nonce_str: 'n2',
        ...fields,
      };
      return xml({ ...all, sign: sign(all) });
    };
    const scan = (code = productCode()) => phone('scan', { codeUrl: code });
    const refused = (detail: string) => ({ status: 502, body: { code: 'SCAN_REFUSED', detail } });
    const MALFORMED = '商户后台返回的数据字段结构不合法';

    it('ask the merchant, who makes the order and answers with it', async () => {
      expect(await scan()).toMatchObject({ status: 409, body: { code: 'NO_SCAN_URL' } });
      await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
      sim.merchant.reply = async (path, body) => {
        if (path !== '/scan') return { status: 200, body: SUCCESS };
        const asked = read(body);
        expect(asked['sign']).toBe(sign(asked));
        expect(asked).toMatchObject({ product_id: '88888', is_subscribe: 'N', openid: expect.stringMatching(/^o/) });
        const { prepay_id: prepayId } = await sim.order({ product_id: asked['product_id']!, total_fee: '123' });
        return { status: 200, body: answer({ prepay_id: prepayId! }) };
      };
      const sheet = await scan();
      expect(sheet).toMatchObject({ status: 200, body: { totalFee: 123, state: 'NOTPAY' } });
      expect(await phone('pay', { codeUrl: sheet.body['codeUrl'], outcome: 'pay' })).toMatchObject({ status: 200 });
      expect(await sim.control.ledger('scanned')).toMatchObject([{ productId: '88888' }]);
    });

    it('show what the merchant says when he refuses, and what WeChat says when he talks nonsense', async () => {
      await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
      const say = (body: string, status = 200): void => void (sim.merchant.reply = () => ({ status, body }));
      say(answer({ result_code: 'FAIL', err_code_des: '库存不足', prepay_id: '' }));
      expect(await scan()).toMatchObject(refused('库存不足'));
      say(xml({ return_code: 'FAIL', return_msg: '签名失败' }));
      expect(await scan()).toMatchObject(refused('签名失败'));
      const { prepay_id: prepayId } = await sim.order();
      const good = answer({ prepay_id: prepayId! });
      for (const body of [
        '',
        'ok',
        good.replace(/<sign>.*/, '</xml>'),
        good.replace(prepayId!, `${prepayId!.slice(0, -1)}1`),
      ]) {
        say(body);
        expect(await scan()).toMatchObject(refused(MALFORMED));
      }
      say(good, 500);
      expect(await scan()).toMatchObject(refused(MALFORMED));
      say(answer({ prepay_id: 'wx00000000000000000000000000000000' }));
      expect(await scan()).toMatchObject(refused(MALFORMED));
    });

    it('must be signed by the merchant', async () => {
      const wrong = { status: 400, body: { code: 'CODE_MALFORMED', detail: '原生支付URL参数错误' } };
      expect(await scan(productCode().replace('88888', '88889'))).toMatchObject(wrong);
      expect(await scan(productCode({ appid: 'wx0000000000000000' }))).toMatchObject(wrong);
      expect(await scan(`${productCode()}&more=1`)).toMatchObject(wrong);
      expect(await scan('weixin://wxpay/bizpayurl?product_id=%E0%A4%A')).toMatchObject(wrong);
    });

    it('can be shortened, signed raw and sent raw or encoded', async () => {
      await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
      sim.merchant.reply = async () => ({
        status: 200,
        body: answer({ prepay_id: (await sim.order())['prepay_id']! }),
      });
      const fields = { appid: APPID, mch_id: MCH_ID, nonce_str: 'n', long_url: productCode() };
      for (const long_url of [fields.long_url, encodeURIComponent(fields.long_url)]) {
        const short = await sim.call('/tools/shorturl', { ...fields, long_url, sign: sign(fields) });
        expect(short).toMatchObject({ short_url: expect.stringMatching(/^weixin:\/\/wxpay\/s\/\w{6,}$/) });
        expect(await scan(short['short_url'])).toMatchObject({ status: 200 });
      }
      expect(await sim.call('/tools/shorturl', { long_url: 'https://example.test' })).toMatchObject({
        return_msg: 'long_url参数格式错误',
      });
      expect(await sim.call('/tools/shorturl', { long_url: '' })).toMatchObject({ return_msg: '缺少参数' });
      const { short_url: kept } = await sim.call('/tools/shorturl', { ...fields, sign: sign(fields) });
      await sim.restart();
      expect(await scan(kept)).toMatchObject({ status: 200 });
    });
  });

  it('can refuse to close an order that is too young', async () => {
    await sim.control.rules({ closeAfterMs: 300_000 });
    const number = { out_trade_no: (await sim.order())['out_trade_no']! };
    expect(await sim.call('/pay/closeorder', number)).toMatchObject({ err_code: 'TRADE_STATE_ERROR' });
    await sim.control.advance(300_000);
    expect(await sim.call('/pay/closeorder', number)).toMatchObject({ result_code: 'SUCCESS' });
  });

  describe('bills', () => {
    const DAY = 86_400_000;
    const bill = (fields: Fields) => sim.send('/pay/downloadbill', fields);

    it('come for past days: as text or compressed, without a signature', async () => {
      await sim.control.move({ freezeAt: '2030-05-05T12:00:00Z' });
      const order = await sim.order({ body: '茶,红' });
      await sim.control.pay(order['out_trade_no']!);
      await sim.refund({ out_trade_no: order['out_trade_no']!, out_refund_no: 'B1', total_fee: '88', refund_fee: '8' });
      const date = { bill_date: '20300505' };
      const refusal = async (fields: Fields) => read((await bill(fields)).text);
      expect(await refusal(date)).toEqual({ return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' });
      await sim.control.move({ setTo: '2030-05-06T01:59:59Z' });
      expect(await refusal({ ...date, tar_type: 'GZIP' })).toEqual({
        return_code: 'FAIL',
        return_msg: 'Bill Creating',
      });
      await sim.control.move({ advanceMs: 1_000 });
      const { text, raw } = await bill(date);
      expect(raw.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
      expect(text).toContain('`茶,红,`');
      expect(text.split('\r\n')).toHaveLength(6);
      const packed = await bill({ ...date, bill_type: 'ALL', tar_type: 'GZIP' });
      expect(gunzipSync(packed.raw)).toEqual(raw);
      expect((await bill({ ...date, bill_type: 'REFUND' })).text).toContain('`B1,`0.08,`');
      expect(await refusal({ ...date, bill_type: 'RECHARGE_REFUND' })).toMatchObject({ return_msg: 'No Bill Exist' });
      await sim.control.advance(100 * DAY);
      expect(await refusal(date)).toMatchObject({ return_msg: 'No Bill Exist' });
    });

    it.each<[string, Fields]>([
      ['missing parameter', {}],
      ['missing parameter', { nonce_str: '', bill_date: '20260101' }],
      ['data format error', { bill_date: '2026-01-01' }],
      ['data format error', { bill_date: '20260101', tar_type: 'ZIP' }],
      ['invalid bill_type', { bill_date: '20260101', bill_type: 'SOME' }],
      ['SIGN ERROR', { bill_date: '20260101', sign: 'A'.repeat(32) }],
    ])('are refused with %s: %j', async (returnMsg, fields) => {
      expect(read((await bill(fields)).text)).toMatchObject({ return_code: 'FAIL', return_msg: returnMsg });
    });
  });
});
