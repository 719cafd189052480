import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificates } from '../../test-support/certificates.ts';
import {
  answers,
  answersText,
  deadUrl,
  failsWith,
  KEYS,
  newClient,
  refuses,
  TestServer,
  unknown,
} from '../../test-support/server.ts';
import { InvalidRequest, MerchantLimits, type RefundRequest, type WechatPayClient } from '../index.ts';
import { verifyFields } from '../protocol/index.ts';
import { type WechatPayOptions } from '../options.ts';
import { refundFields } from './refund.ts';

const REFUND = { transactionId: '4200000478201912254663157927', outRefundNo: 'R1', totalFee: 100, refundFee: 40 };
const ACCEPTED = {
  transaction_id: REFUND.transactionId,
  out_trade_no: 'A1',
  out_refund_no: 'R1',
  refund_id: '50000408942018111907145868882',
  total_fee: '100',
  refund_fee: 40,
  settlement_refund_fee: 38,
  cash_fee: 95,
  cash_refund_fee: 38,
  coupon_refund_fee: 2,
  coupon_refund_count: 2,
  coupon_refund_id_0: '10000',
  coupon_refund_fee_0: 1,
  coupon_type_0: 'CASH',
  coupon_refund_id_1: '10001',
  coupon_refund_fee_1: 1,
};

const certificates = makeCertificates(KEYS.mchId);
const stranger = makeCertificates(KEYS.mchId);
const { ca, p12, merchant } = certificates;
let server: TestServer;
const clients: WechatPayClient[] = [];

beforeAll(async () => {
  server = await new TestServer({ ...certificates.server, ca, requestCert: true, rejectUnauthorized: true }).listen();
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  server.requests.length = 0;
});

afterAll(() => server.close());

function client(options: Partial<WechatPayOptions> = {}): WechatPayClient {
  const made = newClient({ baseUrl: server.url, ca, certificate: { p12 }, ...options });
  clients.push(made);
  return made;
}

const refused = (build: () => unknown): string | undefined => {
  try {
    build();
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
};

describe('a refund with the merchant’s certificate', () => {
  it.each<[string, Partial<WechatPayOptions>]>([
    ['as p12, opened by the mch_id', {}],
    ['as p12 with its passphrase', { certificate: { p12: new Uint8Array(p12), passphrase: KEYS.mchId } }],
    ['as PEM', { certificate: merchant }],
    [
      'as PEM text',
      { certificate: { cert: merchant.cert.toString(), key: merchant.key.toString() }, ca: ca.toString() },
    ],
  ])('%s is taken on', async (_what, options) => {
    server.answer = answers(ACCEPTED);
    expect(await client(options).refund(REFUND)).toEqual({
      kind: 'ok',
      value: {
        transactionId: REFUND.transactionId,
        outTradeNo: 'A1',
        outRefundNo: 'R1',
        refundId: '50000408942018111907145868882',
        totalFee: 100,
        refundFee: 40,
        settlementRefundFee: 38,
        settlementTotalFee: undefined,
        cashFee: 95,
        cashRefundFee: 38,
        couponRefundFee: 2,
        coupons: [
          { couponRefundId: '10000', couponRefundFee: 1, couponType: 'CASH' },
          { couponRefundId: '10001', couponRefundFee: 1, couponType: undefined },
        ],
      },
    });
    const [{ path, fields }] = server.requests as [(typeof server.requests)[0]];
    expect(path).toBe('/secapi/pay/refund');
    expect(verifyFields(fields, KEYS.apiKey, ['HMAC-SHA256'])).toBe('HMAC-SHA256');
    expect(fields).toMatchObject({ transaction_id: REFUND.transactionId, total_fee: '100', refund_fee: '40' });
  });

  it('goes to the hosts for certificates, when there are some', async () => {
    server.answer = answers(ACCEPTED);
    const asked = client({ baseUrl: await deadUrl(), secureBaseUrls: [server.url] });
    expect(await asked.refund(REFUND)).toMatchObject({ kind: 'ok' });
  });

  it('goes to the second host when the main one cannot be reached', async () => {
    server.answer = answers(ACCEPTED);
    const asked = client({ baseUrl: undefined, baseUrls: [await deadUrl('https'), server.url] });
    expect(await asked.refund(REFUND)).toMatchObject({ kind: 'ok' });
  });

  it('shares the limit for refunds, not the one for orders', async () => {
    server.answer = answers(ACCEPTED);
    const asked = client({ limits: new MerchantLimits({ ordersPerSecond: 1, refundsPerSecond: 1 }) });
    await asked.orderQuery({ outTradeNo: 'A1' });
    expect(await asked.refund(REFUND)).toMatchObject({ kind: 'ok' });
    expect(await asked.refund(REFUND, { deadlineMs: 500 })).toEqual(unknown('rate limit'));
  });
});

describe('a refund is not sent', () => {
  it('without a certificate', async () => {
    await expect(client({ certificate: undefined }).refund(REFUND)).rejects.toMatchObject({ field: 'certificate' });
    expect(server.requests).toEqual([]);
  });

  it('to a server of another root (E1)', async () => {
    expect(await client({ ca: stranger.ca }).refund(REFUND)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringMatching(/^connection: (?:UNABLE_TO_VERIFY|SELF_SIGNED|DEPTH_ZERO|CERT_SIGNATURE)/),
    });
    expect(await client({ ca: undefined }).refund(REFUND)).toMatchObject({ kind: 'unknown' });
    expect(server.requests).toEqual([]);
  });
});

describe('the number is kept, to be repeated once the cause is removed (E4, E10, J3, J6), after', () => {
  it('a foreign certificate', async () => {
    const result = await client({ certificate: { p12: stranger.p12 } }).refund(REFUND);
    expect(result).toMatchObject({ kind: 'unknown', retryable: true });
    expect((result as { reason: string }).reason).toMatch(/^(?:CERT_ERROR|connection: (?:ECONNRESET|EPIPE))$/);
    expect(server.requests).toEqual([]);
  });

  it('the gateway’s page about a missing certificate', async () => {
    server.answer = answersText('<html>400 No required SSL certificate was sent</html>', 400);
    expect(await client().refund(REFUND)).toEqual(unknown('CERT_ERROR'));
  });

  it.each([
    'SYSTEMERROR',
    'BIZERR_NEED_RETRY',
    'FREQUENCY_LIMITED',
    'INVALID_REQ_TOO_MUCH',
    'NOTENOUGH',
    'CERT_ERROR',
    'ORDER_NOT_READY',
  ])('%s, which is never repeated by itself', async (code) => {
    server.answer = refuses(code);
    const asked = client({ retry: { tries: 3, pauseMs: 1, limitedPauseMs: 1 } });
    expect(await asked.refund(REFUND)).toEqual(unknown(code));
    expect(server.requests).toHaveLength(1);
  });

  it('too many calls, told without a code', async () => {
    server.answer = failsWith('频率限制');
    expect(await client().refund(REFUND)).toEqual(unknown('FREQUENCY_LIMITED'));
  });

  it.each<[string, Record<string, string | number | undefined>, string]>([
    ['another refund’s answer', { out_refund_no: 'R2' }, 'answer for another refund'],
    ['another order’s answer', { transaction_id: '42' }, 'answer for another order'],
    ['another amount', { refund_fee: 41 }, 'answer for another amount'],
    ['another amount of the order', { total_fee: 101 }, 'answer for another amount'],
    ['an answer without a refund_id', { refund_id: '' }, 'answer without refund_id'],
    ['a decimal amount', { cash_refund_fee: '38.00' }, 'answer with a malformed cash_refund_fee'],
    ['a malformed coupon', { coupon_refund_fee_1: '-1' }, 'answer with a malformed coupon_refund_fee_1'],
    ['another currency', { fee_type: 'USD' }, 'answer in another currency'],
  ])('%s', async (_what, changes, reason) => {
    server.answer = answers({ ...ACCEPTED, ...changes });
    expect(await client().refund(REFUND)).toEqual(unknown(reason));
  });

  it('a broken connection, without asking a second host', async () => {
    server.answer = (response) => response.destroy();
    const second = await new TestServer().listen();
    const asked = client({
      baseUrl: undefined,
      baseUrls: [server.url, second.url],
      retry: { tries: 3, pauseMs: 1, limitedPauseMs: 1 },
    });
    expect(await asked.refund(REFUND)).toEqual(unknown('connection: ECONNRESET'));
    expect(server.requests).toHaveLength(1);
    expect(second.requests).toEqual([]);
    await second.close();
  });
});

describe('a refund is refused', () => {
  it.each([
    'TRADE_OVERDUE',
    'ERROR',
    'USER_ACCOUNT_ABNORMAL',
    'INVALID_TRANSACTIONID',
    'ORDERNOTEXIST',
    'REFUND_FEE_MISMATCH',
    'INVALID_REQUEST',
    'PARAM_ERROR',
    'NOAUTH',
    'SIGNERROR',
  ])('by %s', async (code) => {
    server.answer = refuses(code);
    expect(await client().refund(REFUND)).toEqual({ kind: 'refused', code, text: '说明' });
  });
});

describe('the fields of a refund', () => {
  it('name the order by either number, and say where its notification goes', () => {
    const extras = { refundDesc: '退货', refundAccount: 'REFUND_SOURCE_RECHARGE_FUNDS' } as const;
    const rest = { outRefundNo: 'R1', totalFee: 100, refundFee: 40 };
    expect(refundFields({ ...rest, outTradeNo: 'A1', ...extras, notifyUrl: 'https://shop.example.test/r' })).toEqual({
      out_trade_no: 'A1',
      out_refund_no: 'R1',
      total_fee: '100',
      refund_fee: '40',
      refund_desc: '退货',
      refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
      notify_url: 'https://shop.example.test/r',
    });
    expect(refundFields({ ...REFUND, refundFee: 100, outRefundNo: 'x'.repeat(64) })['refund_fee']).toBe('100');
  });

  it.each<[string, Partial<Record<keyof RefundRequest | 'transactionId', unknown>>]>([
    ['transaction_id', { transactionId: 'a b' }],
    ['out_refund_no', { outRefundNo: '' }],
    ['out_refund_no', { outRefundNo: 'x'.repeat(65) }],
    ['out_refund_no', { outRefundNo: 'R/1' }],
    ['refund_fee', { refundFee: 0 }],
    ['refund_fee', { refundFee: 101 }],
    ['refund_fee', { refundFee: 0.29 * 100 }],
    ['total_fee', { totalFee: 1e10 }],
    ['refund_desc', { refundDesc: '茶'.repeat(27) }],
    ['refund_account', { refundAccount: 'MINE' }],
    ['notify_url', { notifyUrl: 'https://shop.example.test/r?x=1' }],
  ])('are refused before sending for %s: %j', (field, changes) => {
    expect(refused(() => refundFields({ ...REFUND, ...changes } as RefundRequest))).toBe(field);
  });
});

describe('a client with a certificate that cannot work is refused at once', () => {
  const made = (options: Partial<WechatPayOptions>) => refused(() => client(options).close());

  it.each<[string, Partial<WechatPayOptions>]>([
    ['certificate', { certificate: { p12, passphrase: 'another' } }],
    ['certificate', { certificate: { p12: Buffer.from('no p12') } }],
    ['certificate', { certificate: { cert: merchant.cert, key: stranger.merchant.key } }],
    ['certificate', { certificate: { cert: 'nothing', key: merchant.key } }],
    ['ca', { ca: 'nothing' }],
    ['ca', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
    ['base URL', { baseUrl: undefined }],
    ['base URL', { baseUrls: ['https://api2.mch.weixin.qq.com'] }],
    ['base URL', { secureBaseUrls: ['http://api.mch.weixin.qq.com'] }],
    ['base URL', { secureBaseUrls: [] }],
  ])('%s', (field, options) => {
    expect(made(options)).toBe(field);
  });

  it('without naming what is secret', () => {
    expect(() => client({ certificate: { p12, passphrase: 'TOPSECRET' } })).toThrow(
      /^certificate does not open with its passphrase/,
    );
  });
});
