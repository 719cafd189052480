import { describe, expect, it } from '@jest/globals';
import { KEYS } from '../../test-support/server.ts';
import { openPaymentNotice, openProductScan, type SignType } from '../index.ts';
import { signFailedPaymentNotice, signPaymentNotice, signProductScan } from '../testing/index.ts';

const BOTH: SignType[] = ['MD5', 'HMAC-SHA256'];
const open = (body: string, allowed = BOTH) => openProductScan(Buffer.from(body), { keys: KEYS, allowed });

describe('a scanned product code', () => {
  it('is opened', () => {
    const content = { product_id: '88888', nonce_str: 'n1', future_field: 'x' };
    expect(open(signProductScan({ ...KEYS, signType: 'MD5' }, content))).toEqual({
      kind: 'scanned',
      scan: {
        ...{ productId: '88888', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', nonceStr: 'n1' },
        ...{ isSubscribed: true, signType: 'MD5' },
      },
    });
    expect(open(signProductScan(KEYS, { is_subscribe: 'N' }))).toMatchObject({ scan: { isSubscribed: false } });
  });

  it.each<[string, string]>([
    ['unreadable', '<xml>'],
    ['unreadable', '<!DOCTYPE xml><xml/>'],
    ['unsigned', '<xml><product_id>1</product_id></xml>'],
    ['sign', signProductScan(KEYS).replace('P-1001', 'P-1002')],
    ['sign', signProductScan({ ...KEYS, apiKey: 'TESTONLYv3key0123456789abcdefABC' })],
    ['foreign-appid', signProductScan({ ...KEYS, appid: 'wx0000000000000000' })],
    ['foreign-mch_id', signProductScan({ ...KEYS, mchId: '1900000110' })],
    ['fields', signProductScan(KEYS, { product_id: '' })],
    ['fields', signProductScan(KEYS, { product_id: 'p'.repeat(33) })],
    ['fields', signProductScan(KEYS, { openid: undefined })],
    ['fields', signProductScan(KEYS, { nonce_str: undefined })],
  ])('is refused: %s', (reason, body) => {
    expect(open(body)).toEqual({ kind: 'refused', reason, message: expect.any(String) });
  });

  it('is refused with an algorithm that is not allowed', () => {
    expect(open(signProductScan({ ...KEYS, signType: 'MD5' }), ['HMAC-SHA256'])).toMatchObject({ reason: 'sign' });
  });
});

describe('the test signers', () => {
  const openPayment = (body: string) => openPaymentNotice(Buffer.from(body), { keys: KEYS, allowed: BOTH });

  it('write payments that open', () => {
    expect(openPayment(signPaymentNotice(KEYS, { out_trade_no: 'B2', total_fee: 88 }))).toMatchObject({
      kind: 'paid',
      notice: { outTradeNo: 'B2', totalFee: 88, cashFee: 88, signType: 'HMAC-SHA256' },
    });
    expect(openPayment(signPaymentNotice({ ...KEYS, signType: 'MD5' }))).toMatchObject({ notice: { signType: 'MD5' } });
  });

  it('write failures that open', () => {
    expect(openPayment(signFailedPaymentNotice(KEYS, { out_trade_no: 'B2' }))).toMatchObject({
      kind: 'failed',
      notice: { outTradeNo: 'B2', errCode: 'PAYERROR' },
    });
  });
});
