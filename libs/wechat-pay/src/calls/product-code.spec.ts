import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answers, KEYS, newClient, refuses, TestServer, unknown } from '../../test-support/server.ts';
import { vector } from '../../test-support/vectors.ts';
import { appParameters, InvalidRequest, jsapiParameters, productCodeUrl, productScanReply } from '../index.ts';
import { readXml, verifyFields } from '../protocol/index.ts';

const PREPAY_ID = 'wx201410272009395522657a690389285100';
const at = (seconds: string) => new Date(Number(seconds) * 1000 + 999);

describe('the second signature', () => {
  it.each([
    ['v2-sign-07', 'MD5'],
    ['v2-sign-08', 'HMAC-SHA256'],
  ] as const)('for a page inside WeChat is as in %s', (id, signType) => {
    const { input, expected } = vector(id);
    const request = { prepayId: PREPAY_ID, signType, at: at('1414411784'), nonceStr: 'gbmkkBJUPkWkYZAW' };
    expect(jsapiParameters(KEYS, request)).toEqual({ ...input.params, paySign: expected });
  });

  it('for an app is as in v2-sign-09', () => {
    const { input, expected } = vector('v2-sign-09');
    const nonceStr = '5K8264ILTKCH16CQ2502SI8ZNMTM67VS';
    const request = { prepayId: PREPAY_ID, signType: 'MD5', at: at('1412000000'), nonceStr } as const;
    expect(appParameters(KEYS, request)).toEqual({ ...input.params, sign: expected });
    expect(appParameters(KEYS, { ...request, signType: 'HMAC-SHA256' }).sign).toHaveLength(64);
  });

  it('is made for now, with a nonce of its own', () => {
    const [one, other] = [1, 2].map(() => jsapiParameters(KEYS, { prepayId: PREPAY_ID, signType: 'MD5' }));
    expect(one?.timeStamp).toMatch(/^\d{10}$/);
    expect(one?.nonceStr).not.toBe(other?.nonceStr);
  });

  it('is not made for what cannot be an order, or a time of another length', () => {
    for (const prepayId of ['', 'a b', 'x'.repeat(65)])
      for (const make of [jsapiParameters, appParameters])
        expect(() => make(KEYS, { prepayId, signType: 'MD5' })).toThrow(InvalidRequest);
    const request = { prepayId: PREPAY_ID, signType: 'MD5', at: new Date(NaN) } as const;
    expect(() => jsapiParameters(KEYS, request)).toThrow('time_stamp');
  });

  it('is not made with an algorithm or a nonce that the cashier does not take', () => {
    for (const make of [jsapiParameters, appParameters]) {
      const made = (changes: object) => () => make(KEYS, { prepayId: PREPAY_ID, signType: 'MD5', ...changes });
      expect(made({ prepayId: undefined })).toThrow('prepay_id');
      for (const signType of ['SHA1', undefined]) expect(made({ signType })).toThrow('sign_type');
      for (const nonceStr of ['', 'n'.repeat(33), 'a&b=c']) expect(made({ nonceStr })).toThrow(/noncestr/i);
    }
  });
});

describe('a product code', () => {
  const code = { productId: '88888', at: at('1415949957'), nonceStr: 'f6808210402125e30663234f94c87a8c' };

  it('is as in v2-sign-10', () => {
    expect(productCodeUrl(KEYS, code)).toBe(vector('v2-sign-10').url);
  });

  it('is signed raw and written URL-encoded', () => {
    const query = new URL(productCodeUrl(KEYS, { ...code, productId: 'a&sign=1 茶' })).searchParams;
    expect(query.getAll('sign')).toHaveLength(1);
    expect(verifyFields(Object.fromEntries(query), KEYS.apiKey, ['MD5'])).toBe('MD5');
  });

  it.each(['', 'p'.repeat(33), '茶'.repeat(11), '😀'])('is not made for the product %j', (productId) => {
    expect(() => productCodeUrl(KEYS, { ...code, productId })).toThrow('product_id');
  });

  it.each(['', 'n'.repeat(33), 'a&b=c'])('is not made with the nonce %j', (nonceStr) => {
    expect(() => productCodeUrl(KEYS, { ...code, nonceStr })).toThrow('nonce_str');
  });

  it('is answered as in v2-sign-12', () => {
    const { input, expected } = vector('v2-sign-12');
    const reply = productScanReply(KEYS, { prepayId: PREPAY_ID }, 'MD5', input.params['nonce_str']);
    expect({ ...readXml(Buffer.from(reply)) }).toEqual({ ...input.params, sign: expected });
  });

  it('is answered with a text for the user when there is nothing to buy', () => {
    const reply = readXml(Buffer.from(productScanReply(KEYS, { refusal: '已售完' }, 'HMAC-SHA256')));
    expect(verifyFields(reply, KEYS.apiKey, ['HMAC-SHA256'])).toBe('HMAC-SHA256');
    expect(reply).toMatchObject({ return_code: 'SUCCESS', result_code: 'FAIL', err_code_des: '已售完' });
    expect(reply).not.toHaveProperty('prepay_id');
    expect(() => productScanReply(KEYS, { refusal: '' })).toThrow('err_code_des');
    expect(() => productScanReply(KEYS, { prepayId: 'x'.repeat(65) })).toThrow('prepay_id');
  });
});

describe('a short URL', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await new TestServer().listen();
  });

  afterAll(() => server.close());

  async function shortened(longUrl: string) {
    const client = newClient({ baseUrl: server.url, signType: 'MD5' });
    try {
      return await client.shortUrl(longUrl);
    } finally {
      client.close();
    }
  }

  it('is asked for with the raw URL signed, and the encoded one sent', async () => {
    server.answer = answers({ short_url: 'weixin://wxpay/s/XXXXXX' });
    const longUrl = vector('v2-sign-11').input.params['long_url'] ?? '';
    expect(await shortened(longUrl)).toEqual({ kind: 'ok', value: { shortUrl: 'weixin://wxpay/s/XXXXXX' } });
    const [{ path, fields }] = server.requests as [(typeof server.requests)[0]];
    expect(path).toBe('/tools/shorturl');
    expect(fields['long_url']).toBe(encodeURIComponent(longUrl));
    expect(verifyFields({ ...fields, long_url: longUrl }, KEYS.apiKey, ['MD5'])).toBe('MD5');
    expect(verifyFields(fields, KEYS.apiKey, ['MD5'])).toBeUndefined();
  });

  it('is a weixin:// URL or unknown', async () => {
    for (const short_url of ['https://evil.example.test', '', undefined]) {
      server.answer = answers({ short_url });
      expect(await shortened('weixin://wxpay/bizpayurl')).toEqual(unknown('answer without a weixin:// short_url'));
    }
    server.answer = refuses('APPID_NOT_EXIST');
    expect(await shortened('weixin://wxpay/bizpayurl')).toMatchObject({ kind: 'refused', code: 'APPID_NOT_EXIST' });
  });

  it('is not asked for something too long, or nothing to pay with', async () => {
    await expect(shortened('https://shop.example.test')).rejects.toThrow('long_url');
    await expect(shortened(`weixin://${'w'.repeat(504)}`)).rejects.toThrow('long_url');
    await expect(shortened('')).rejects.toThrow('long_url');
  });
});
