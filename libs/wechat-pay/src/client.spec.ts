import dns from 'node:dns';
import http from 'node:http';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CallOptions, WechatPayClient, type WechatPayOptions } from './index.ts';
import { type Fields, readXml, type SignType, verifyFields } from './protocol/index.ts';
import { signNotice } from './testing/index.ts';

// A server that answers what each test hands it, by hand: the client is judged by the wire alone.

const KEY = 'TESTONLYv2key0123456789abcdefABC';
const APPID = 'wx8888888888888888';
const MCH_ID = '1900000109';
const ORDER = {
  outTradeNo: 'A1',
  body: 'Tea & Cake',
  totalFee: 88,
  spbillCreateIp: '127.0.0.1',
  timeExpire: new Date('2026-11-21T04:00:00Z'),
  productId: 'P-1001',
  tradeType: 'NATIVE',
} as const;

type NoName = (error: Error) => void;
type Answer = (response: http.ServerResponse, path: string, fields: Fields) => void;

let answer: Answer;
let requests: { path: string; fields: Fields; socket: number }[];
let server: http.Server;
let client: WechatPayClient;
const clients: WechatPayClient[] = [];

beforeEach(async () => {
  requests = [];
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [path, fields] = [request.url ?? '', readXml(Buffer.concat(chunks))];
      requests.push({ path, fields, socket: request.socket.remotePort ?? 0 });
      answer(response, path, fields);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = newClient();
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const made of clients.splice(0)) made.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const url = (path = '') => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

function newClient(options: Partial<WechatPayOptions> = {}): WechatPayClient {
  const made = new WechatPayClient({
    baseUrl: url(),
    appid: APPID,
    mchId: MCH_ID,
    apiKey: KEY,
    signType: 'HMAC-SHA256',
    notifyUrl: 'https://shop.example.test/notify',
    retry: { tries: 1 },
    ...options,
  });
  clients.push(made);
  return made;
}

/** A signed answer; `changes` are made before signing. */
function message(changes: Record<string, string | number | undefined>, signType: SignType = 'HMAC-SHA256'): string {
  const basic = { return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: APPID, mch_id: MCH_ID };
  return signNotice({ ...basic, nonce_str: 'qARBBjo3mP5Deq22', ...changes }, KEY, signType);
}

const answers = (changes: Record<string, string | number | undefined>, signType?: SignType): Answer => {
  return (response) => response.setHeader('content-type', 'text/plain').end(message(changes, signType));
};
const answersText = (text: string | Buffer, status = 200): Answer => {
  return (response) => response.writeHead(status, { 'content-type': 'text/html' }).end(text);
};
const answersPacked = (bytes: number): Answer => {
  const packed = gzipSync(Buffer.alloc(bytes, ' '));
  return (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
};
const refuses = (err_code: string) => answers({ result_code: 'FAIL', err_code, err_code_des: '说明' });

const PREPARED = {
  prepay_id: 'wx18171217836292e6',
  trade_type: 'NATIVE',
  code_url: 'weixin://wxpay/bizpayurl?pr=x&groupid=0',
};
const PAID = {
  out_trade_no: 'A1',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  transaction_id: '4200000478201912254663157927',
  trade_type: 'NATIVE',
  openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
  bank_type: 'OTHERS',
  total_fee: 88,
  cash_fee: 86,
  coupon_fee: 2,
  coupon_id_0: '10000',
  coupon_fee_0: 2,
  fee_type: 'CNY',
  time_end: '20140903131540',
  attach: '',
};
const query = (call?: CallOptions) => client.orderQuery({ outTradeNo: 'A1' }, call);
const unknown = (reason: string, retryable = true) => ({ kind: 'unknown', reason, retryable });

describe('every request', () => {
  it('goes to its path, signed over all its fields', async () => {
    answer = refuses('ORDERPAID');
    await client.unifiedOrder({ ...ORDER, attach: 'a=1&b=2]]>' });
    await client.orderQuery({ transactionId: '42' });
    await client.closeOrder({ outTradeNo: 'A1' });
    expect(requests.map(({ path }) => path)).toEqual(['/pay/unifiedorder', '/pay/orderquery', '/pay/closeorder']);
    for (const { fields } of requests) {
      expect(verifyFields(fields, KEY, ['HMAC-SHA256'])).toBe('HMAC-SHA256');
      expect(fields).toMatchObject({ appid: APPID, mch_id: MCH_ID, sign_type: 'HMAC-SHA256' });
    }
    expect(requests[0]!.fields).toMatchObject({
      body: 'Tea & Cake',
      attach: 'a=1&b=2]]>',
      time_expire: '20261121120000',
    });
    expect(requests[1]!.fields).toMatchObject({ transaction_id: '42' });
    expect(new Set(requests.map(({ fields }) => fields['nonce_str'])).size).toBe(3);
  });

  it('names no sign_type with MD5, and takes an answer of either algorithm then', async () => {
    client = newClient({ signType: 'MD5', baseUrl: url('/sandbox/') });
    for (const signType of ['MD5', 'HMAC-SHA256'] as const) {
      answer = answers({ out_trade_no: 'A1', trade_state: 'NOTPAY' }, signType);
      expect(await query()).toMatchObject({ kind: 'ok' });
    }
    expect(requests[0]!.fields).not.toHaveProperty('sign_type');
    expect(requests[0]!.path).toBe('/sandbox/pay/orderquery');
    expect(verifyFields(requests[0]!.fields, KEY, ['MD5'])).toBe('MD5');
  });

  it('uses the connection of the one before', async () => {
    answer = answers({ ...PAID });
    await query();
    await query();
    expect(requests[0]!.socket).toBe(requests[1]!.socket);
  });

  it('is not sent at all with a field that WeChat Pay would refuse', async () => {
    await expect(client.unifiedOrder({ ...ORDER, totalFee: 0 })).rejects.toThrow('total_fee');
    await expect(client.orderQuery({ outTradeNo: '' })).rejects.toThrow('out_trade_no');
    expect(requests).toEqual([]);
  });
});

describe('unifiedorder', () => {
  it('gives the code to show', async () => {
    answer = answers({ ...PREPARED, future_field: '1', device_info: '' });
    expect(await client.unifiedOrder(ORDER)).toEqual({
      kind: 'ok',
      value: { prepayId: 'wx18171217836292e6', codeUrl: PREPARED.code_url, tradeType: 'NATIVE' },
    });
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['another scheme', { code_url: 'https://evil.example.test' }, 'answer without a weixin:// code_url'],
    ['no code', { code_url: undefined }, 'answer without a weixin:// code_url'],
    ['no prepay_id', { prepay_id: '' }, 'answer without prepay_id'],
    ['another trade type', { trade_type: 'JSAPI' }, 'answer for another trade_type'],
  ])('is unknown with %s', async (_what, changes, reason) => {
    answer = answers({ ...PREPARED, ...changes });
    expect(await client.unifiedOrder(ORDER)).toEqual(unknown(reason));
  });

  it('is refused with the code of WeChat Pay', async () => {
    answer = refuses('ORDERPAID');
    expect(await client.unifiedOrder(ORDER)).toEqual({ kind: 'refused', code: 'ORDERPAID', text: '说明' });
  });
});

describe('orderquery', () => {
  it.each(['SUCCESS', 'REFUND'])('tells a paid order: %s', async (tradeState) => {
    answer = answers({ ...PAID, trade_state: tradeState });
    expect(await query()).toEqual({
      kind: 'ok',
      value: {
        tradeState,
        tradeStateDesc: '支付成功',
        outTradeNo: 'A1',
        transactionId: '4200000478201912254663157927',
        tradeType: 'NATIVE',
        openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
        bankType: 'OTHERS',
        totalFee: 88,
        cashFee: 86,
        attach: undefined,
        timeEnd: new Date('2014-09-03T05:15:40.000Z'),
        settlementTotalFee: undefined,
        couponFee: 2,
        coupons: [{ couponId: '10000', couponFee: 2, couponType: undefined }],
      },
    });
  });

  it.each(['NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR', 'ACCEPT'])(
    'tells an unpaid one: %s',
    async (tradeState) => {
      answer = answers({ out_trade_no: 'A1', trade_state: tradeState, device_info: '' });
      expect(await query()).toMatchObject({ kind: 'ok', value: { tradeState, outTradeNo: 'A1', totalFee: undefined } });
    },
  );

  it('tells a state of the future as UNKNOWN', async () => {
    answer = answers({ ...PAID, trade_state: 'HALF_PAID' });
    expect(await query()).toMatchObject({ kind: 'ok', value: { tradeState: 'UNKNOWN' } });
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['about another order', { out_trade_no: 'A2' }, 'answer for another order'],
    ['about the same number in other case', { out_trade_no: 'a1' }, 'answer for another order'],
    ['about no order', { out_trade_no: undefined }, 'answer without out_trade_no'],
    ['without a state', { trade_state: '' }, 'answer without trade_state'],
    ['paid without a number', { transaction_id: undefined }, 'paid without transaction_id'],
    ['paid without an amount', { total_fee: undefined }, 'paid without total_fee'],
    ['with a decimal amount', { total_fee: '88.00' }, 'answer with a malformed total_fee'],
    ['with a malformed number', { transaction_id: '4.2e27' }, 'answer with a malformed transaction_id'],
    ['in another currency', { fee_type: 'USD' }, 'answer in another currency'],
    ['with a time that does not exist', { time_end: '20140230000000' }, 'answer with a malformed time_end'],
  ])('is unknown when the answer is %s', async (_what, changes, reason) => {
    answer = answers({ ...PAID, ...changes });
    expect(await query()).toEqual(unknown(reason));
  });

  it('by the number of WeChat Pay compares that number', async () => {
    answer = answers(PAID);
    expect(await client.orderQuery({ transactionId: PAID.transaction_id })).toMatchObject({ kind: 'ok' });
    expect(await client.orderQuery({ transactionId: '42' })).toEqual(unknown('answer for another order'));
  });

  it('is refused for an order that does not exist', async () => {
    answer = refuses('ORDERNOTEXIST');
    expect(await query()).toEqual({ kind: 'refused', code: 'ORDERNOTEXIST', text: '说明' });
  });
});

describe('closeorder', () => {
  it('is done by success, and by an order that was closed before', async () => {
    answer = answers({ result_msg: 'OK' });
    expect(await client.closeOrder({ outTradeNo: 'A1' })).toEqual({ kind: 'ok', value: { outTradeNo: 'A1' } });
    answer = refuses('ORDERCLOSED');
    expect(await client.closeOrder({ outTradeNo: 'A1' })).toEqual({ kind: 'ok', value: { outTradeNo: 'A1' } });
  });

  it.each(['ORDERPAID', 'ORDERNOTEXIST', 'TRADE_STATE_ERROR'])('is refused with %s', async (code) => {
    answer = refuses(code);
    expect(await client.closeOrder({ outTradeNo: 'A1' })).toEqual({ kind: 'refused', code, text: '说明' });
  });

  it('is not done by an ORDERCLOSED that nobody signed', async () => {
    answer = answersText('<xml><return_code>FAIL</return_code><err_code>ORDERCLOSED</err_code></xml>');
    expect(await client.closeOrder({ outTradeNo: 'A1' })).toMatchObject({ kind: 'refused', code: 'FAIL' });
  });
});

describe('the outcome is unknown (E3, E6)', () => {
  it.each<[string, () => Answer, string]>([
    ['HTML', () => answersText('<html>502 Bad Gateway</html>'), 'unreadable answer'],
    ['an empty answer', () => answersText(''), 'unreadable answer'],
    ['half an answer', () => answersText(message(PAID).slice(0, 300)), 'unreadable answer'],
    ['a compressed answer', () => answersText(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0])), 'unreadable answer'],
    ['an answer that would be 32 MB, unpacked', () => answersPacked(32_000_000), 'unreadable answer'],
    ['another sign', () => answersText(message(PAID).replace('4200000478', '4200000479')), 'wrong sign'],
    ['the weaker algorithm', () => answers(PAID, 'MD5'), 'wrong sign'],
    ['another appid', () => answers({ ...PAID, appid: 'wx0000000000000000' }), 'answer for another appid'],
    ['another merchant', () => answers({ ...PAID, mch_id: '1900000110' }), 'answer for another mch_id'],
    ['a system error', () => refuses('SYSTEMERROR'), 'SYSTEMERROR'],
    ['HTTP 502, whatever it says', () => answersText(message(PAID), 502), 'HTTP 502'],
    ['HTTP 429', () => answersText('', 429), 'HTTP 429'],
    ['a huge answer', () => answersText(Buffer.alloc(65_537, 0x20)), 'answer above 64 KiB'],
    ['an endless answer', () => endless, 'answer above 64 KiB'],
    ['a broken connection', () => (response) => response.destroy(), 'connection: ECONNRESET'],
    ['a connection broken within the answer', () => brokenWithin, 'connection: ECONNRESET'],
  ])('after %s', async (_what, make, reason) => {
    answer = make();
    expect(await query()).toEqual(unknown(reason));
  });

  it('by the status alone, which tells whether a repeat can help', async () => {
    answer = answersText('No required SSL certificate was sent', 400);
    expect(await query()).toEqual(unknown('CERT_ERROR'));
    answer = answersText('Bad Request', 400);
    expect(await query()).toEqual(unknown('HTTP 400', false));
  });

  it('after a redirect, which is not followed (E12)', async () => {
    answer = (response) => response.writeHead(307, { location: url('/elsewhere') }).end();
    expect(await query()).toEqual(unknown('HTTP 307', false));
    expect(requests.map(({ path }) => path)).toEqual(['/pay/orderquery']);
  });

  it.each<[string, boolean]>([
    ['SYSTEMERROR', true],
    ['FREQUENCY_LIMITED', false],
  ])('of an earlier try in spite of a refusal: after %s %p', async (first, mayBeDone) => {
    client = newClient({ retry: { tries: 2, pauseMs: 1, limitedPauseMs: 1 } });
    answer = (...call) => refuses(requests.length === 1 ? first : 'NOAUTH')(...call);
    const refused = { kind: 'refused', code: 'NOAUTH', text: '说明' };
    expect(await client.unifiedOrder(ORDER)).toEqual(mayBeDone ? { ...refused, afterUnknown: true } : refused);
    expect(requests).toHaveLength(2);
  });

  it('when nobody listens (E1)', async () => {
    const port = await freePort();
    client = newClient({ baseUrl: `http://127.0.0.1:${port}` });
    expect(await query()).toEqual(unknown('connection: ECONNREFUSED'));
  });

  it('when nobody knows the host’s name (E1)', async () => {
    const lookup = jest.spyOn(dns, 'lookup').mockImplementation(((_name: string, _how: object, done: NoName) => {
      done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    }) as unknown as typeof dns.lookup);
    client = newClient({ baseUrl: 'https://api.mch.example.test', retry: { tries: 2, pauseMs: 1 } });
    expect(await query()).toEqual(unknown('connection: ENOTFOUND'));
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('when the deadline passes: the client’s own, or the caller’s', async () => {
    answer = () => undefined;
    client = newClient({ timeouts: { totalMs: 30 } });
    expect(await query()).toEqual(unknown('deadline'));
    client = newClient();
    expect(await query({ deadlineMs: 30 })).toEqual(unknown('deadline'));
    expect(await query({ deadlineMs: Infinity, signal: AbortSignal.timeout(30) })).toEqual(unknown('aborted'));
  });

  it('when the answer trickles past the deadline', async () => {
    answer = (response) => response.write('<xml>');
    expect(await query({ deadlineMs: 50 })).toEqual(unknown('deadline'));
  });

  it('when the connection is not made in time', async () => {
    const silent = net.createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    client = newClient({ baseUrl: `https://127.0.0.1:${port}`, timeouts: { connectMs: 30 } });
    expect(await query()).toEqual(unknown('connect deadline'));
    silent.close();
  });

  it('when the caller gives up, before or while waiting', async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    expect(await query({ signal: controller.signal })).toEqual(unknown('aborted'));
    expect(await query({ signal: controller.signal })).toEqual(unknown('aborted'));
    expect(await query({ deadlineMs: 0 })).toEqual(unknown('deadline'));
    expect(requests).toHaveLength(1);
  });

  it('without ever naming the key or what was answered', async () => {
    answer = answersText(`<html>${KEY}</html>`);
    expect(JSON.stringify(await query())).not.toContain(KEY);
  });
});

describe('the circuit breaker (E5, E11)', () => {
  const fail20 = async () => {
    answer = answersText('', 503);
    for (let call = 0; call < 20; call++) expect(await query()).toEqual(unknown('HTTP 503'));
  };

  it('opens after 20 failures, for that endpoint only', async () => {
    await fail20();
    expect(await query()).toEqual(unknown('circuit open'));
    expect(requests).toHaveLength(20);
    expect(await client.closeOrder({ outTradeNo: 'A1' })).toEqual(unknown('HTTP 503'));
  });

  it('stays closed while half of the calls are answered, refusals included', async () => {
    for (let call = 0; call < 40; call++) {
      answer = call % 2 === 0 ? refuses('ORDERNOTEXIST') : answersText('', 503);
      expect(await query()).not.toEqual(unknown('circuit open'));
    }
  });

  it('stays closed while callers give up', async () => {
    for (let call = 0; call < 30; call++)
      expect(await query({ signal: AbortSignal.abort() })).toEqual(unknown('aborted'));
    answer = answers(PAID);
    expect(await query()).toMatchObject({ kind: 'ok' });
  });

  it('tries one call after 5 s, keeps the others out meanwhile, and closes when it is answered', async () => {
    await fail20();
    const opened = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => opened + 5_001);
    const arrived = new Promise<http.ServerResponse>((resolve) => {
      answer = resolve;
    });
    const probe = query();
    expect(await query()).toEqual(unknown('circuit open'));
    (await arrived).end(message(PAID));
    expect(await probe).toMatchObject({ kind: 'ok' });
    answer = answers(PAID);
    expect(await query()).toMatchObject({ kind: 'ok' });
  });

  it('opens again when that call fails or is given up', async () => {
    await fail20();
    const opened = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => opened + 5_001);
    expect(await query({ signal: AbortSignal.abort() })).toEqual(unknown('aborted'));
    expect(await query()).toEqual(unknown('circuit open'));
  });
});

const endless: Answer = (response) => {
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(16_384, 0x20)));
  };
  response.on('drain', more);
  more();
};

const brokenWithin: Answer = (response) => {
  response.writeHead(200, { 'content-length': '2000' });
  response.write('<xml>', () => response.destroy());
};

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
