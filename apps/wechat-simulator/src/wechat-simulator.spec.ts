import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, startApp, type StartedApp } from '#platform';
import { readSimulatorSettings } from './config.ts';
import { WechatSimulatorModule } from './wechat-simulator.module.ts';

const KEY = 'TESTONLYv2key0123456789abcdefABC';
const TOKEN = 'a-token-for-this-test-only';
const SUCCESS = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';
const FAIL = '<xml><return_code><![CDATA[FAIL]]></return_code></xml>';

type Fields = Record<string, string>;

// Written down again on purpose: what is tested must not check itself.
function sign(fields: Fields, algorithm = fields['sign_type'] ?? 'MD5'): string {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const text = `${names
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')}&key=${KEY}`;
  const digest = algorithm === 'MD5' ? createHash('md5') : createHmac('sha256', KEY);
  return digest.update(text).digest('hex').toUpperCase();
}
const xml = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;
const read = (text: string): Fields =>
  Object.fromEntries<string>(
    [...text.matchAll(/<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))<\/\1>/gs)].map(([, name, cdata, bare]) => [
      name!,
      cdata ?? bare ?? '',
    ]),
  );
const names = (text: string): string[] => [...text.matchAll(/<(\w+)>(?=<!\[CDATA|[^<]*<\/)/g)].map(([, name]) => name!);

describe('the simulator over HTTP', () => {
  let directory: string;
  let simulator: StartedApp;
  let merchant: Server;
  let notifyUrl: string;
  let heard: { body: string; headers: NodeJS.Dict<string | string[]> }[];
  let reply: { status: number; body: string };
  let numbers = 0;

  const start = async (): Promise<StartedApp> =>
    startApp(
      WechatSimulatorModule.with(
        readSimulatorSettings({
          SIMULATOR_CONTROL_TOKEN: TOKEN,
          SIMULATOR_DATA_DIR: directory,
          WECHAT_APPID: 'wx8888888888888888',
          WECHAT_MCH_ID: '1900000109',
          WECHAT_API_KEY: KEY,
        }),
      ),
      { name: 'wechat-simulator', port: 0, logger: createLogger('test', 'silent'), openapi: false, signals: false },
    );

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wechat-simulator-'));
    simulator = await start();
    merchant = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
        response.writeHead(reply.status).end(reply.body);
      });
    });
    await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
    notifyUrl = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/weixin/pay/notify/url`;
  }, 30_000);

  afterAll(async () => {
    await simulator.close();
    merchant.closeAllConnections();
    await new Promise((resolve) => merchant.close(resolve));
    await rm(directory, { recursive: true });
  });

  beforeEach(async () => {
    heard = [];
    reply = { status: 200, body: SUCCESS };
    await control('POST', 'reset');
  });

  const post = async (path: string, body: string | Buffer, headers: Fields = { 'content-type': 'text/xml' }) => {
    const response = await fetch(`${simulator.url}${path}`, { method: 'POST', body, headers });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const call = async (endpoint: string, fields: Fields): Promise<Fields> => {
    const all: Fields = { appid: 'wx8888888888888888', mch_id: '1900000109', nonce_str: 'n0nce', ...fields };
    const answer = await post(`/pay/${endpoint}`, xml({ ...all, sign: all['sign'] ?? sign(all) }));
    expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    const parsed = read(answer.text);
    if (parsed['return_code'] === 'SUCCESS') expect(parsed['sign']).toBe(sign(parsed, fields['sign_type']));
    return parsed;
  };
  const orderFields = (change: Fields = {}): Fields => ({
    body: '茶 & <tee>',
    out_trade_no: `T${Date.now()}${(numbers += 1)}`,
    total_fee: '88',
    spbill_create_ip: '127.0.0.1',
    notify_url: notifyUrl,
    trade_type: 'NATIVE',
    product_id: 'P1',
    ...change,
  });
  const order = async (change: Fields = {}): Promise<{ outTradeNo: string; codeUrl: string }> => {
    const fields = orderFields(change);
    const answer = await call('unifiedorder', fields);
    expect(answer).toMatchObject({ return_code: 'SUCCESS', result_code: 'SUCCESS' });
    return { outTradeNo: fields['out_trade_no']!, codeUrl: answer['code_url']! };
  };
  const state = async (outTradeNo: string): Promise<Fields> => call('orderquery', { out_trade_no: outTradeNo });
  const json = async (method: string, path: string, body?: unknown, headers: Fields = {}) => {
    const response = await fetch(`${simulator.url}/${path}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  const control = (method: string, path: string, body?: unknown) =>
    json(method, `control/${path}`, body, { 'x-control-token': TOKEN });
  const ledger = async (kind: string): Promise<Record<string, unknown>[]> =>
    ((await control('GET', 'ledger')).body['entries'] as Record<string, unknown>[]).filter((e) => e['kind'] === kind);
  /** Ends with everything that is under way, and runs what becomes due. */
  const advance = async (advanceMs: number): Promise<void> => {
    expect((await control('PUT', 'clock', { advanceMs })).status).toBe(200);
  };

  it('takes an order to its end: code, phone, FAIL, repeat, SUCCESS, silence', async () => {
    reply = { status: 200, body: FAIL };
    const { outTradeNo, codeUrl } = await order({ sign_type: 'HMAC-SHA256', attach: 'a=1&b=2' });
    const codes = (await json('GET', 'phone/api/codes')).body['codes'];
    expect(codes).toMatchObject([{ codeUrl, outTradeNo, totalFee: 88 }]);
    expect((await json('POST', 'phone/api/scan', { codeUrl })).body).toMatchObject({ state: 'NOTPAY', totalFee: 88 });

    const paid = await json('POST', 'phone/api/pay', { codeUrl, outcome: 'pay' });
    expect(paid.body).toMatchObject({ state: 'SUCCESS', transactionId: expect.stringMatching(/^4200\d{24}$/) });
    await advance(0);
    expect(heard).toHaveLength(1);
    const notice = read(heard[0]!.body);
    expect(heard[0]!.headers).toMatchObject({ 'content-type': 'text/xml', 'user-agent': 'Mozilla/4.0' });
    expect(names(heard[0]!.body)).toEqual([...names(heard[0]!.body)].sort());
    expect(notice).toMatchObject({
      ...{ result_code: 'SUCCESS', out_trade_no: outTradeNo, total_fee: '88', cash_fee: '88', attach: 'a=1&b=2' },
      sign: sign(notice, 'HMAC-SHA256'),
    });

    reply = { status: 200, body: SUCCESS };
    await advance(15_000);
    await advance(86_400_000);
    expect(heard).toHaveLength(2);
    expect(await state(outTradeNo)).toMatchObject({
      trade_state: 'SUCCESS',
      transaction_id: notice['transaction_id'],
      time_end: notice['time_end'],
      attach: 'a=1&b=2',
    });
    expect((await json('GET', 'phone/api/payments')).body['payments']).toMatchObject([
      {
        outTradeNo,
        notifications: [
          { attempt: 1, replied: FAIL, accepted: false },
          { attempt: 2, accepted: true },
        ],
      },
    ]);
    expect(await ledger('captured')).toMatchObject([{ outTradeNo, totalFee: 88 }]);
    expect(await ledger('notified')).toHaveLength(2);
  });

  it('writes the elements of an answer in the order of the gateway', async () => {
    const all: Fields = { appid: 'wx8888888888888888', mch_id: '1900000109', nonce_str: 'n', ...orderFields() };
    const { text } = await post('/pay/unifiedorder', xml({ ...all, sign: sign(all) }));
    const head = ['return_code', 'return_msg', 'result_code', 'mch_id', 'appid', 'nonce_str', 'sign'];
    expect(names(text)).toEqual([...head, 'prepay_id', 'trade_type', 'code_url']);
    expect(read(text)).toMatchObject({
      prepay_id: expect.stringMatching(/^wx.{34}$/),
      code_url: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=\w{7,9}$/),
      nonce_str: expect.stringMatching(/^\w{16}$/),
    });
  });

  it('closes, also twice, and then refuses to order or pay', async () => {
    const fields = orderFields();
    const { codeUrl } = await order(fields);
    const number = { out_trade_no: fields['out_trade_no']! };
    expect(await call('closeorder', number)).toMatchObject({ result_code: 'SUCCESS', result_msg: 'OK' });
    expect(await call('closeorder', number)).toMatchObject({ result_code: 'SUCCESS' });
    expect(await call('orderquery', number)).toMatchObject({ trade_state: 'CLOSED', attach: '' });
    expect(await call('unifiedorder', fields)).toMatchObject({ result_code: 'FAIL', err_code: 'ORDERCLOSED' });
    expect(await json('POST', 'phone/api/pay', { codeUrl, outcome: 'pay' })).toMatchObject({
      status: 409,
      body: { code: 'ORDER_CLOSED' },
    });
    expect(await control('POST', `orders/${fields['out_trade_no']!}/pay`)).toMatchObject({ status: 409 });
  });

  it('knows repeated, changed, paid and unknown numbers', async () => {
    const fields = orderFields();
    const { codeUrl } = await order(fields);
    expect((await order({ ...fields, nonce_str: 'other' })).codeUrl).not.toBe(codeUrl);
    expect(await json('POST', 'phone/api/scan', { codeUrl })).toMatchObject({
      status: 404,
      body: { code: 'CODE_UNKNOWN' },
    });
    expect(await call('unifiedorder', { ...fields, total_fee: '89' })).toMatchObject({
      err_code: 'INVALID_REQUEST',
      err_code_des: '201 商户订单号重复',
    });
    await control('POST', `orders/${fields['out_trade_no']!}/pay`, { amountFen: 1 });
    expect(await state(fields['out_trade_no']!)).toMatchObject({ trade_state: 'SUCCESS', total_fee: '1' });
    expect(await call('unifiedorder', fields)).toMatchObject({ err_code: 'ORDERPAID' });
    expect(await call('closeorder', { out_trade_no: fields['out_trade_no']! })).toMatchObject({
      err_code: 'ORDERPAID',
    });
    expect(await state('NOBODY')).toMatchObject({ result_code: 'FAIL', err_code: 'ORDERNOTEXIST' });
    expect(await call('orderquery', { transaction_id: '4200', out_trade_no: fields['out_trade_no']! })).toMatchObject({
      err_code: 'ORDERNOTEXIST',
    });
    expect(await call('closeorder', { out_trade_no: 'NOBODY' })).toMatchObject({ err_code: 'ORDERNOTEXIST' });
  });

  it.each<[string, Fields]>([
    ['签名错误，请检查后再试', { sign: '' }],
    ['签名错误，请检查后再试', { sign: 'A'.repeat(32) }],
    ['签名错误，请检查后再试', { sign_type: 'HMAC-SHA256', sign: 'A'.repeat(32) }],
    ['sign_type参数格式错误', { sign_type: 'RSA' }],
    ['商户号mch_id或sub_mch_id不存在', { mch_id: '1900000110' }],
    ['商户号mch_id与appid不匹配', { appid: 'wx0000000000000000' }],
    ['缺少参数', { nonce_str: '' }],
    ['缺少参数', { body: '  ' }],
    ['缺少参数', { product_id: '' }],
    ['body参数长度有误', { body: '茶'.repeat(43) }],
    ['out_trade_no参数长度有误', { out_trade_no: '1'.repeat(33) }],
    ['out_trade_no参数格式错误', { out_trade_no: 'A@1' }],
    ['attach参数长度有误', { attach: 'x'.repeat(128) }],
    ['编码格式错误', { body: 'tea 🍵' }],
    ['invalid total_fee', { total_fee: '0' }],
    ['invalid total_fee', { total_fee: '1.0' }],
    ['invalid total_fee', { total_fee: '-1' }],
    ['trade_type参数格式错误', { trade_type: 'native' }],
    ['缺少参数', { trade_type: 'JSAPI' }],
    ['缺少参数', { trade_type: 'MWEB' }],
    ['scene_info参数格式错误', { trade_type: 'MWEB', scene_info: '{}' }],
    ['time_expire参数格式错误', { time_expire: '2026-11-21 10:00:00' }],
    ['time_expire参数格式错误', { time_expire: '20260230000000' }],
    ['time_expire时间过短，刷卡至少1分钟，其他5分钟', { time_expire: '20200101000000' }],
    ['time_start参数格式错误', { time_start: 'now' }],
    ['spbill_create_ip参数格式错误', { spbill_create_ip: 'localhost' }],
    ['notify_url参数格式错误', { notify_url: 'http://127.0.0.1/notify?a=1' }],
    ['notify_url参数格式错误', { notify_url: 'ftp://127.0.0.1/notify' }],
    ['fee_type参数格式错误', { fee_type: 'USD' }],
    ['limit_pay参数格式错误', { limit_pay: 'credit' }],
    ['receipt参数格式错误', { receipt: 'yes' }],
    ['profit_sharing参数格式错误', { profit_sharing: '1' }],
  ])('refuses with %s: %j', async (returnMsg, change) => {
    expect(await call('unifiedorder', orderFields(change))).toEqual({ return_code: 'FAIL', return_msg: returnMsg });
    expect(await ledger('ordered')).toEqual([]);
  });

  it('takes an empty sign_type for none', async () => {
    const given = { appid: 'wx8888888888888888', mch_id: '1900000109', nonce_str: 'n', ...orderFields() };
    const { text } = await post('/pay/unifiedorder', xml({ ...given, sign_type: '', sign: sign(given) }));
    expect(read(text)).toMatchObject({ result_code: 'SUCCESS' });
  });

  it.each<[string, string | Buffer, Fields]>([
    ['post数据为空', '', {}],
    ['XML格式错误', 'hello', {}],
    ['XML格式错误', '{"appid":"wx"}', { 'content-type': 'application/json' }],
    ['XML格式错误', '<xml><a>1</a>', { 'content-type': 'text/xml' }],
    ['XML格式错误', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>', { 'content-type': 'text/xml' }],
    ['XML格式错误', `<xml><a>${'x'.repeat(64 * 1024)}</a></xml>`, { 'content-type': 'text/xml' }],
    ['编码格式错误', Buffer.from([0x3c, 0x78, 0x6d, 0x6c, 0x3e, 0xb2, 0xe8]), { 'content-type': 'text/xml' }],
    ['签名错误，请检查后再试', '<xml><a>1</a></xml>', { 'content-type': 'no type at all' }],
  ])('answers %s to what is no request', async (returnMsg, body, headers) => {
    const answer = await post('/pay/orderquery', body, headers);
    expect(answer.status).toBe(200);
    expect(read(answer.text)).toEqual({ return_code: 'FAIL', return_msg: returnMsg });
  });

  it('wants POST', async () => {
    const answer = await fetch(`${simulator.url}/pay/orderquery`);
    expect(read(await answer.text())).toEqual({ return_code: 'FAIL', return_msg: '请使用post方法' });
  });

  it.each<[string, { status: number; body: string }]>([
    ['another status', { status: 500, body: SUCCESS }],
    ['plain text', { status: 200, body: 'success' }],
    ['something before the XML', { status: 200, body: `\n${SUCCESS}` }],
    ['JSON', { status: 200, body: '{"code":"SUCCESS"}' }],
    ['a redirect', { status: 302, body: SUCCESS }],
    ['too much', { status: 200, body: SUCCESS + ' '.repeat(64 * 1024) }],
  ])('takes %s for a failed notification', async (_what, wrong) => {
    reply = wrong;
    const { outTradeNo } = await order();
    await control('POST', `orders/${outTradeNo}/pay`);
    await advance(0);
    expect(await ledger('notified')).toMatchObject([{ outTradeNo, attempt: 1, status: wrong.status, accepted: false }]);
  });

  it('calls no address that is not allowed', async () => {
    const { outTradeNo } = await order({ notify_url: 'http://notify.example.test/' });
    await control('POST', `orders/${outTradeNo}/pay`);
    await advance(0);
    expect(await ledger('notified')).toMatchObject([{ status: null, replied: 'address not allowed', accepted: false }]);
  });

  it('sends a signed failure, and shows PAYERROR in a query only', async () => {
    const { outTradeNo, codeUrl } = await order();
    await json('POST', 'phone/api/pay', { codeUrl, outcome: 'fail' });
    await advance(0);
    const notice = read(heard[0]!.body);
    expect(notice).toMatchObject({
      return_code: 'SUCCESS',
      result_code: 'FAIL',
      out_trade_no: outTradeNo,
      sign: sign(notice),
    });
    await json('POST', 'phone/api/pay', { codeUrl, outcome: 'payerror' });
    expect(await state(outTradeNo)).toMatchObject({ trade_state: 'PAYERROR' });
    expect(heard).toHaveLength(1);
  });

  describe('faults', () => {
    const fault = (endpoint: string, what: object) => control('PUT', 'faults', { endpoints: { [endpoint]: what } });
    const send = async (endpoint: string, fields: Fields) => {
      const all: Fields = { appid: 'wx8888888888888888', mch_id: '1900000109', nonce_str: 'n', ...fields };
      return post(`/pay/${endpoint}`, xml({ ...all, sign: sign(all) }));
    };

    it('refuses without doing it, as often as told', async () => {
      await fault('unifiedorder', { refuse: 502, times: 1 });
      const fields = orderFields();
      expect(await send('unifiedorder', fields)).toMatchObject({ status: 502, type: 'text/html' });
      expect(await ledger('ordered')).toEqual([]);
      expect(await call('unifiedorder', fields)).toMatchObject({ result_code: 'SUCCESS' });
    });

    it.each([
      ['before', 0],
      ['after', 1],
    ])('says SYSTEMERROR %s doing it', async (when, done) => {
      await fault('unifiedorder', { systemError: when, times: 1 });
      expect(await call('unifiedorder', orderFields())).toMatchObject({ result_code: 'FAIL', err_code: 'SYSTEMERROR' });
      expect(await ledger('ordered')).toHaveLength(done);
    });

    it('does it and cuts the connection', async () => {
      await fault('unifiedorder', { dropAnswer: true, times: 1 });
      const fields = orderFields();
      await expect(send('unifiedorder', fields)).rejects.toThrow('fetch failed');
      expect(await state(fields['out_trade_no']!)).toMatchObject({ trade_state: 'NOTPAY' });
    });

    it('hangs up without doing it', async () => {
      await fault('unifiedorder', { hangMs: 5, times: 1 });
      await expect(send('unifiedorder', orderFields())).rejects.toThrow('fetch failed');
      expect(await ledger('ordered')).toEqual([]);
    });

    it('does it and answers late', async () => {
      await fault('unifiedorder', { answerAfterMs: 5, times: 1 });
      expect(await call('unifiedorder', orderFields())).toMatchObject({ result_code: 'SUCCESS' });
    });

    it('signs wrongly', async () => {
      await fault('unifiedorder', { answer: 'wrong-sign', times: 1 });
      const answer = read((await send('unifiedorder', orderFields())).text);
      expect(answer['sign']).toMatch(/^[0-9A-F]{32}$/);
      expect(answer['sign']).not.toBe(sign(answer));
    });
  });

  describe('control and phone', () => {
    it('answer problem+json to bad input', async () => {
      expect(await control('PUT', 'clock', { advanceMs: -1 })).toMatchObject({
        status: 400,
        body: { code: 'INVALID_INPUT' },
      });
      expect(await control('PUT', 'faults', { notify: { dropRate: 2 } })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'notify.dropRate' }] },
      });
      expect(await control('POST', 'orders/NOBODY/pay')).toMatchObject({
        status: 404,
        body: { code: 'ORDER_NOT_FOUND' },
      });
      expect(await json('POST', 'phone/api/pay', { codeUrl: 'x', outcome: 'steal' })).toMatchObject({ status: 400 });
    });

    it('want the token', async () => {
      for (const token of [{}, { 'x-control-token': `${TOKEN}x` }]) {
        expect(await json('GET', 'control/ledger', undefined, token as Fields)).toMatchObject({
          status: 401,
          body: { code: 'CONTROL_TOKEN_REQUIRED' },
        });
      }
    });

    it('refuse foreign host names and pages of other sites', async () => {
      const status = (path: string, method: string, headers: Fields): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          httpRequest(`${simulator.url}${path}`, { method, headers }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
            .on('error', reject)
            .end();
        });
      expect(await status('/phone/api/codes', 'GET', { host: 'evil.example.test' })).toBe(403);
      expect(await status('/control/ledger', 'GET', { host: 'evil.example.test', 'x-control-token': TOKEN })).toBe(403);
      expect(await status('/phone/api/scan', 'POST', { origin: 'http://evil.example.test' })).toBe(403);
      expect(await status('/phone/api/scan', 'POST', { 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await status('/phone/api/scan', 'POST', { origin: simulator.url, 'sec-fetch-site': 'same-origin' })).toBe(
        400,
      );
    });

    it('show the phone page', async () => {
      const page = await fetch(`${simulator.url}/?lang=en`);
      expect(page.url).toBe(`${simulator.url}/phone`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await page.text()).toMatch(/<html/);
    });

    it('freeze the clock, also for messages', async () => {
      await control('PUT', 'clock', { freezeAt: '2030-01-01T00:00:00Z' });
      expect((await control('GET', 'clock')).body).toEqual({ now: '2030-01-01T00:00:00.000Z', frozen: true });
      const { outTradeNo } = await order();
      await control('POST', `orders/${outTradeNo}/pay`);
      expect(await state(outTradeNo)).toMatchObject({ time_end: '20300101080000' });
      expect((await control('PUT', 'clock', { reset: true })).body).toMatchObject({ frozen: false });
    });
  });

  it('remembers everything after a restart', async () => {
    reply = { status: 500, body: '' };
    const [paid, open] = [await order({ body: 'line\u2028end' }), await order()];
    await json('POST', 'phone/api/pay', { codeUrl: paid.codeUrl, outcome: 'pay' });
    await advance(0);
    const before = (await control('GET', 'ledger')).body;
    await simulator.close();
    simulator = await start();
    expect((await control('GET', 'ledger')).body).toEqual(before);
    expect(await state(paid.outTradeNo)).toMatchObject({ trade_state: 'SUCCESS' });
    expect(await state(open.outTradeNo)).toMatchObject({ trade_state: 'NOTPAY' });
    reply = { status: 200, body: SUCCESS };
    await advance(15_000);
    expect(await ledger('notified')).toMatchObject([{ attempt: 1 }, { attempt: 2, accepted: true }]);
  });
});

describe('the settings', () => {
  it('refuse production in one sentence', () => {
    const env = {
      ...{ NODE_ENV: 'production', SIMULATOR_CONTROL_TOKEN: '0123456789abcdef', WECHAT_APPID: 'wx1' },
      ...{ WECHAT_MCH_ID: '1', WECHAT_API_KEY: '0123456789abcdef0123456789abcdef' },
    };
    expect(() => readSimulatorSettings(env)).toThrow(/refuses NODE_ENV=production/);
  });

  it('name every bad variable', () => {
    const names = /SIMULATOR_CONTROL_TOKEN[\s\S]*SIMULATOR_NOTIFY_ALLOW[\s\S]*WECHAT_APPID[\s\S]*WECHAT_API_KEY/;
    expect(() => readSimulatorSettings({ SIMULATOR_NOTIFY_ALLOW: 'pay:3001', WECHAT_MCH_ID: '1' })).toThrow(names);
  });
});
