import { InvalidRequest } from '../invalid-request.ts';
import { signFields, type SignType } from '../protocol/index.ts';
import { type MerchantKeys } from '../wire/judge.ts';
import { algorithm, nonce, text } from './checks.ts';

/** What a page or an app needs for opening the cashier. */
export interface CashierRequest {
  readonly prepayId: string;
  /** The algorithm of the order: another one is refused by the cashier. */
  readonly signType: SignType;
  /** Now by default. */
  readonly at?: Date | undefined;
  readonly nonceStr?: string | undefined;
}

/** Names and case exactly as `WeixinJSBridge` and `wx.requestPayment` take them; the time is a text. */
export interface JsapiParameters {
  readonly appId: string;
  readonly timeStamp: string;
  readonly nonceStr: string;
  readonly package: string;
  readonly signType: SignType;
  readonly paySign: string;
}

/** Names and case exactly as the SDK for apps takes them. */
export interface AppParameters {
  readonly appid: string;
  readonly partnerid: string;
  readonly prepayid: string;
  readonly package: 'Sign=WXPay';
  readonly noncestr: string;
  readonly timestamp: string;
  readonly sign: string;
}

/**
 * Signs what a page inside WeChat hands to `getBrandWCPayRequest`, or a mini-program to `wx.requestPayment` (which
 * takes all but `appId`, although it is signed). What the page is told afterwards is never a proof of payment.
 * Source: pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=7_7.
 * @throws InvalidRequest
 */
export function jsapiParameters({ appid, apiKey }: MerchantKeys, request: CashierRequest): JsapiParameters {
  const { prepayId, signType } = checked(request);
  const fields = {
    appId: appid,
    timeStamp: seconds(request.at),
    nonceStr: nonce('nonceStr', request.nonceStr),
    package: `prepay_id=${prepayId}`,
    signType,
  };
  return { ...fields, paySign: signFields(fields, apiKey, signType) };
}

/**
 * Signs what an app hands to the SDK of WeChat.
 * Source: pay.weixin.qq.com/wiki/doc/api/app/app.php?chapter=9_12.
 * @throws InvalidRequest
 */
export function appParameters({ appid, mchId, apiKey }: MerchantKeys, request: CashierRequest): AppParameters {
  const { prepayId, signType } = checked(request);
  const fields = {
    appid,
    partnerid: mchId,
    prepayid: prepayId,
    package: 'Sign=WXPay' as const,
    noncestr: nonce('noncestr', request.nonceStr),
    timestamp: seconds(request.at),
  };
  return { ...fields, sign: signFields(fields, apiKey, signType) };
}

function checked(request: CashierRequest): CashierRequest {
  if (!/^[\x21-\x7e]+$/.test(text('prepay_id', request.prepayId, 1, 64)))
    throw new InvalidRequest('prepay_id', 'is not one');
  algorithm(request.signType);
  return request;
}

/** Whole seconds since 1970, as the ten digits that the protocol writes. @throws InvalidRequest */
export function seconds(at = new Date()): string {
  const text = String(Math.floor(at.getTime() / 1000));
  if (!/^\d{10}$/.test(text)) throw new InvalidRequest('time_stamp', 'is not a time of ten digits');
  return text;
}
