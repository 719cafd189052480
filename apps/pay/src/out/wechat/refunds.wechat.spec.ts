import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { encryptRefundNotice } from '#wechat-pay/testing';
import { RefundsWechat } from './refunds.wechat.ts';

Logger.overrideLogger(false);

const account = { appid: 'wx8888888888888888', mchId: '1900000109', apiKey: 'TESTONLYv2key0123456789abcdefABC' };
const refunds = new RefundsWechat({
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
});

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
