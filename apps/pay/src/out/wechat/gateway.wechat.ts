import { Injectable, Logger } from '@nestjs/common';
import {
  appParameters,
  type CallResult,
  InvalidRequest,
  jsapiParameters,
  MerchantLimits,
  openPaymentNotice,
  type OrderState,
  type PaidOrder,
  type PaymentNotice,
  type UnifiedOrderRequest,
  WechatPayClient,
} from '#wechat-pay';
import { failPoint, protection } from '#platform';
import type { Attempt, PrepayRequest } from '../../domain/attempt.ts';
import type { FailedPayment, Payment, RawNotice } from '../../domain/payment.ts';
import {
  type AppCashier,
  type ClosedAtWechat,
  Gateway,
  type JsapiCashier,
  type OpenedNotice,
  type Prepared,
  type Queried,
  type Signed,
} from '../../flow/ports.ts';
import { reportIfStrange } from './distrust.ts';

type OpenedPayment = ReturnType<typeof openPaymentNotice>;

/**
 * Refusals that may mean a number which WeChat knows already; all others leave nothing there
 * (protocol: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1).
 */
const MAY_EXIST = new Set(['INVALID_REQUEST', 'OUT_TRADE_NO_USED']);

const believesPaidAtClose = protection('paid-at-close');

export interface WechatAccount {
  baseUrl: string;
  appid: string;
  mchId: string;
  apiKey: string;
  /** Those of the merchant's app and mini-program, whose messages are ours as well. */
  furtherAppids?: readonly string[];
  notifyUrl: string;
  /** Further addresses that may serve the page for MWEB. */
  mwebUrls?: readonly string[];
  /** WeChat counts calls per merchant, whatever the appid and whoever calls: all clients share one. */
  limits?: MerchantLimits;
}

/**
 * WeChat Pay's API v2. An attempt keeps the appid and the algorithm it was made with when the settings change, so there
 * is a client for each.
 */
@Injectable()
export class GatewayWechat extends Gateway {
  private readonly logger = new Logger('wechat');
  private readonly clients = new Map<string, WechatPayClient>();
  private readonly limits: MerchantLimits;

  constructor(private readonly account: WechatAccount) {
    super();
    this.limits = account.limits ?? new MerchantLimits();
    // Made at start, so that an account that cannot work stops it.
    this.client({ appid: account.appid, signType: 'HMAC-SHA256', notifyUrl: account.notifyUrl });
  }

  override async prepare(request: PrepayRequest, deadlineMs: number): Promise<Prepared> {
    failPoint('prepay.before-call', request);
    const answer = await this.call(() => this.client(request).unifiedOrder(unifiedOrder(request), { deadlineMs }));
    failPoint('prepay.answered', request);
    if (answer.kind === 'ok') {
      const { prepayId, codeUrl = null, mwebUrl = null } = answer.value;
      return { kind: 'prepared', prepayId, codeUrl, mwebUrl };
    }
    if (answer.kind === 'unknown') {
      return { kind: 'unknown', reason: answer.reason, timedOut: /time.?out|deadline|abort/i.test(answer.reason) };
    }
    if (answer.code === 'ORDERPAID') return { kind: 'paid' };
    if (answer.code === 'ORDERCLOSED') return { kind: 'closed' };
    const { code, text, afterUnknown = false } = answer;
    return { kind: 'refused', code, text, leavesNothing: !afterUnknown && !MAY_EXIST.has(code) };
  }

  override async query(attempt: Attempt, source: 'query' | 'close', deadlineMs: number): Promise<Queried> {
    const { outTradeNo } = attempt;
    const answer = await this.call(() => this.client(attempt).orderQuery({ outTradeNo }, { deadlineMs }));
    failPoint('query.answered', { outTradeNo, source });
    if (answer.kind === 'unknown') return { kind: 'unknown', reason: answer.reason };
    if (answer.kind === 'refused') {
      return answer.code === 'ORDERNOTEXIST' ? { kind: 'absent' } : { kind: 'unknown', reason: answer.code };
    }
    return this.read(answer.value, attempt, source);
  }

  override async close({ outTradeNo, ...attempt }: Attempt, deadlineMs: number): Promise<ClosedAtWechat> {
    failPoint('close.before-call', outTradeNo);
    const answer = await this.call(() => this.client(attempt).closeOrder({ outTradeNo }, { deadlineMs }));
    failPoint('close.answered', outTradeNo);
    if (answer.kind === 'ok') return { kind: 'closed' };
    if (answer.kind === 'unknown') return { kind: 'unknown', reason: answer.reason };
    if (answer.code === 'ORDERPAID') return { kind: believesPaidAtClose ? 'paid' : 'closed' };
    if (answer.code === 'ORDERNOTEXIST') return { kind: 'absent' };
    return { kind: 'refused', code: answer.code };
  }

  override jsapiCashier({ appid, signType }: Signed, prepayId: string): JsapiCashier {
    return jsapiParameters({ ...this.account, appid }, { prepayId, signType });
  }

  override appCashier({ appid, signType }: Signed, prepayId: string): AppCashier {
    return appParameters({ ...this.account, appid }, { prepayId, signType });
  }

  override openNotice(raw: Buffer, remoteIp: string): OpenedNotice {
    failPoint('notify.received', raw);
    const opened = this.opened(raw);
    if (opened.kind === 'refused') return opened;
    failPoint('notify.verified', raw);
    // Money of another account goes the way of all money: it fits no attempt of ours, and becomes an anomaly.
    if (opened.kind !== 'failed') return { kind: 'result', result: noticed(opened.notice, { raw, remoteIp }) };
    const { mchId, appid, outTradeNo, transactionId, errCode, errCodeDes, signType } = opened.notice;
    const reason = `${errCode} ${errCodeDes}`.trim();
    const failure = { kind: 'failed', outTradeNo, transactionId, mchId, appid, tradeState: 'FAIL', reason } as const;
    return { kind: 'result', result: { ...failure, source: 'notify', signType, notice: { raw, remoteIp } } };
  }

  /** Ours by whichever appid of the merchant; else what it is to the first. */
  private opened(raw: Buffer): OpenedPayment {
    const { appid, furtherAppids = [], mchId, apiKey } = this.account;
    const by = (appid: string): OpenedPayment =>
      openPaymentNotice(raw, { keys: { appid, mchId, apiKey }, allowed: ['HMAC-SHA256', 'MD5'] });
    const first = by(appid);
    const isForeign = first.kind === 'refused' && first.reason === 'foreign-appid';
    return (isForeign ? furtherAppids.map(by).find(({ kind }) => kind === 'failed') : undefined) ?? first;
  }

  /** Closes the connections that are kept alive. */
  end(): void {
    for (const client of this.clients.values()) client.close();
  }

  private read(state: OrderState, { mchId, appid, tradeType }: Attempt, source: 'query' | 'close'): Queried {
    const { outTradeNo, transactionId, tradeState, tradeStateDesc } = state;
    const failure: FailedPayment = {
      kind: 'failed',
      outTradeNo,
      transactionId,
      mchId,
      appid,
      tradeState,
      reason: tradeStateDesc,
      source,
    };
    switch (tradeState) {
      case 'SUCCESS':
      case 'REFUND':
        return {
          kind: 'paid',
          payment: paymentOf(state, { mchId, appid, tradeType, source }),
          ...(tradeState === 'REFUND' && { refunded: true }),
        };
      case 'NOTPAY':
      case 'USERPAYING':
      case 'ACCEPT':
        return { kind: 'unpaid' };
      case 'PAYERROR':
        return { kind: 'failed', failure };
      case 'REVOKED':
        return { kind: 'revoked', failure };
      case 'CLOSED':
        return { kind: 'closed' };
      case 'UNKNOWN':
        this.logger.error({ outTradeNo, tradeStateDesc }, 'WeChat told a trade_state that is not known here');
        return { kind: 'unknown', reason: 'unknown trade_state' };
    }
  }

  private client({
    appid,
    signType,
    notifyUrl,
  }: Pick<PrepayRequest, 'appid' | 'signType' | 'notifyUrl'>): WechatPayClient {
    const key = `${appid} ${signType} ${notifyUrl}`;
    let client = this.clients.get(key);
    if (!client) {
      const { baseUrl, mchId, apiKey, mwebUrls } = this.account;
      const merchant = { appid, mchId, apiKey, limits: this.limits };
      client = new WechatPayClient({ baseUrl, mwebUrls, ...merchant, signType, notifyUrl });
      this.clients.set(key, client);
    }
    return client;
  }

  /** A request that cannot be sent at all is a refusal, seen in the log and by whoever asked. */
  private async call<T>(run: () => Promise<CallResult<T>>): Promise<CallResult<T>> {
    try {
      const answer = await run();
      if (answer.kind === 'unknown') reportIfStrange(this.logger, answer.reason);
      return answer;
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      this.logger.error(error, 'a request to WeChat was not sent');
      return { kind: 'refused', code: 'NOT_SENT', text: error.message };
    }
  }
}

/** @throws InvalidRequest for an attempt that lacks what its way needs; nothing is sent then */
function unifiedOrder({ tradeType, payerOpenid, scene, ...request }: PrepayRequest): UnifiedOrderRequest {
  switch (tradeType) {
    case 'NATIVE':
      return { ...request, tradeType };
    case 'JSAPI':
      if (payerOpenid === null) throw new InvalidRequest('openid', 'is missing');
      return { ...request, tradeType, openid: payerOpenid };
    case 'MWEB':
      if (scene === null) throw new InvalidRequest('scene_info', 'is missing');
      return { ...request, tradeType, sceneInfo: { h5: { type: 'Wap', ...scene } } };
    case 'APP':
      return { ...request, tradeType };
  }
}

const MAX_OPENID = 128;
const MAX_BANK_TYPE = 32;

/** Who paid and from which bank decides nothing: what we cannot keep is left out, and the money is booked all the same. */
const remarks = ({ openid, bankType }: Pick<PaidOrder, 'openid' | 'bankType'>) => ({
  openid: kept(openid, MAX_OPENID),
  bankType: kept(bankType, MAX_BANK_TYPE),
});
const kept = (text: string | undefined, atMost: number): string | undefined =>
  text !== undefined && text.length <= atMost && /^[\x20-\x7e]*$/.test(text) ? text : undefined;

const paymentOf = (
  { outTradeNo, transactionId, totalFee, tradeType, timeEnd, ...order }: PaidOrder,
  asked: Pick<Payment, 'mchId' | 'appid' | 'tradeType' | 'source'>,
): Payment => ({
  kind: 'paid',
  ...asked,
  outTradeNo,
  transactionId,
  totalFee,
  tradeType: tradeType ?? asked.tradeType,
  ...remarks(order),
  paidAt: timeEnd ?? new Date(),
});

const noticed = (
  { outTradeNo, transactionId, totalFee, mchId, appid, tradeType, timeEnd, signType, ...order }: PaymentNotice,
  notice: RawNotice,
): Payment => ({
  kind: 'paid',
  outTradeNo,
  transactionId,
  totalFee,
  mchId,
  appid,
  tradeType,
  ...remarks(order),
  paidAt: timeEnd,
  source: 'notify',
  signType,
  notice,
});
