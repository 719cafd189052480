import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { encryptRefundNotice } from '#wechat-pay/testing';
import { MerchantLimits } from '#wechat-pay';
import type { Attempt } from '../../domain/attempt.ts';
import { GatewayWechat } from './gateway.wechat.ts';
import { RefundsWechat } from './refunds.wechat.ts';

Logger.overrideLogger(false);

const account = { appid: 'wx8888888888888888', mchId: '1900000109', apiKey: 'TESTONLYv2key0123456789abcdefABC' };
const settings = {
  ...account,
  furtherAppids: ['wx7777777777777777'],
  signType: 'HMAC-SHA256',
  baseUrl: 'http://127.0.0.1:3003',
  secureBaseUrl: 'https://127.0.0.1:3443',
  notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
  refundNotifyUrl: 'https://pay.example.test/weixin/pay/notify/refund',
  certFile: undefined,
  certKeyFile: undefined,
  caFile: undefined,
} as const;
const refunds = new RefundsWechat(settings);

describe('the notification of a refund', () => {
  it.each([account.appid, 'wx7777777777777777'])('is ours for %s', (appid) => {
    const raw = Buffer.from(encryptRefundNotice({ ...account, appid }));
    expect(refunds.openNotice(raw)).toMatchObject({ state: 'SUCCESS' });
  });

  it('is not ours for another appid', () => {
    const raw = Buffer.from(encryptRefundNotice({ ...account, appid: 'wx0000000000000000' }));
    expect(refunds.openNotice(raw)).toBeUndefined();
  });
});

describe('the limits of the merchant', () => {
  it('are one for payments and refunds', async () => {
    // Nobody answers there: what counts is that the call was made, and that the next one was not.
    const nowhere = { ...settings, baseUrl: 'http://127.0.0.1:9', limits: new MerchantLimits({ ordersPerSecond: 1 }) };
    expect(await new RefundsWechat(nowhere).query('R1', 500)).toMatchObject({ kind: 'unknown' });
    const known = { outTradeNo: 'TEST0000000000000000AA', ...account, signType: 'HMAC-SHA256' };
    const attempt = { ...known, notifyUrl: settings.notifyUrl } as unknown as Attempt;
    expect(await new GatewayWechat(nowhere).query(attempt, 'query', 500)).toEqual({
      kind: 'unknown',
      reason: 'rate limit',
    });
  });
});
