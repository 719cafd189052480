// One attempt as it is written down before WeChat is called, and money for it, for specs to vary.
import type { Attempt } from './attempt.ts';
import type { Payment } from './payment.ts';

const NUMBER = 'TEST0000000000000000AA';
const at = new Date('2026-11-21T10:00:00Z');

export const sampleAttempt: Attempt = {
  orderNo: NUMBER,
  seq: 1,
  outTradeNo: NUMBER,
  mchId: '1900000109',
  appid: 'wx8888888888888888',
  tradeType: 'NATIVE',
  signType: 'HMAC-SHA256',
  totalFee: 100,
  body: 'tea',
  productId: NUMBER,
  notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
  spbillCreateIp: '127.0.0.1',
  timeStart: at,
  timeExpire: at,
  prepaySeq: 1,
  state: 'CREATED',
  calledAt: at,
  callingUntil: null,
  payerOpenid: null,
  scene: null,
  prepayId: null,
  codeUrl: null,
  mwebUrl: null,
  preparedAt: null,
  transactionId: null,
  paidAt: null,
  openid: null,
  settleSource: null,
  nextCheckAt: at,
  checkTries: 0,
  createdAt: at,
};

export const samplePayment: Payment = {
  kind: 'paid',
  outTradeNo: NUMBER,
  transactionId: '4200000478201912254663157927',
  totalFee: 100,
  mchId: sampleAttempt.mchId,
  appid: sampleAttempt.appid,
  tradeType: 'NATIVE',
  openid: undefined,
  bankType: undefined,
  paidAt: at,
  source: 'query',
};
