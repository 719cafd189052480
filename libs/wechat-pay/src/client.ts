import { type CallResult } from './call-result.ts';
import { closedOrder, type ClosedOrder, closeOrderFields, type CloseOrderRequest } from './close-order.ts';
import { Endpoint } from './endpoint.ts';
import { judge, type MerchantKeys } from './judge.ts';
import { orderQueryFields, type OrderQueryRequest, orderState, type OrderState } from './order-query.ts';
import { nonceStr, signFields, type SignType, writeXml } from './protocol/index.ts';
import { checkedBaseUrl, checkMerchant, checkNotifyUrl } from './settings.ts';
import { type CallOptions, type Timeouts, Transport } from './transport.ts';
import { preparedOrder, type PreparedOrder, unifiedOrderFields, type UnifiedOrderRequest } from './unified-order.ts';

export interface WechatPayOptions extends MerchantKeys {
  /** `https://api.mch.weixin.qq.com`, or the base of a simulator; plain http only for one on loopback or named `simulator`. */
  readonly baseUrl: string;
  /** Algorithm of requests, and by it of answers and notifications. */
  readonly signType: SignType;
  /** Where WeChat Pay posts payment notifications: public, without query. */
  readonly notifyUrl: string;
  /** Default: connect 3 s, whole call 10 s. */
  readonly timeouts?: Partial<Timeouts> | undefined;
}

const TIMEOUTS: Timeouts = { connectMs: 3_000, totalMs: 10_000 };

/**
 * API v2 for one merchant. Calls never throw for what the wire or WeChat Pay does; see CallResult for what their
 * results allow. Each endpoint has its own circuit breaker; nothing is repeated by itself.
 */
export class WechatPayClient {
  private readonly options: WechatPayOptions;
  private readonly transport: Transport;
  private readonly unifiedorder: Endpoint;
  private readonly orderquery: Endpoint;
  private readonly closeorder: Endpoint;

  /** @throws InvalidRequest naming the setting that cannot work. */
  constructor(options: WechatPayOptions) {
    checkMerchant(options);
    checkNotifyUrl(options.notifyUrl);
    this.options = options;
    this.transport = new Transport(checkedBaseUrl(options.baseUrl), { ...TIMEOUTS, ...options.timeouts });
    this.unifiedorder = this.endpoint('/pay/unifiedorder');
    this.orderquery = this.endpoint('/pay/orderquery');
    this.closeorder = this.endpoint('/pay/closeorder');
  }

  /**
   * Makes an order, or refreshes its code when repeated with equal content.
   * @throws InvalidRequest for a field that WeChat Pay would refuse; nothing was sent then.
   */
  async unifiedOrder(order: UnifiedOrderRequest, call: CallOptions = {}): Promise<CallResult<PreparedOrder>> {
    const fields = unifiedOrderFields(order, this.options.notifyUrl);
    const answer = await this.unifiedorder.call(this.signed(fields), call);
    return answer.kind === 'ok' ? preparedOrder(answer.value, order) : answer;
  }

  /**
   * Asks for the state of an order. `refused` ORDERNOTEXIST: nothing was created under this number (yet, when the
   * order call timed out a moment ago).
   * @throws InvalidRequest as unifiedOrder.
   */
  async orderQuery(request: OrderQueryRequest, call: CallOptions = {}): Promise<CallResult<OrderState>> {
    const answer = await this.orderquery.call(this.signed(orderQueryFields(request)), call);
    return answer.kind === 'ok' ? orderState(answer.value, request) : answer;
  }

  /**
   * Closes an unpaid order. Only `ok` guarantees that no payment follows; `refused` ORDERPAID means that money arrived.
   * @throws InvalidRequest as unifiedOrder.
   */
  async closeOrder(request: CloseOrderRequest, call: CallOptions = {}): Promise<CallResult<ClosedOrder>> {
    return closedOrder(await this.closeorder.call(this.signed(closeOrderFields(request)), call), request);
  }

  /** Closes the connections that are kept alive. */
  close(): void {
    this.transport.close();
  }

  private endpoint(path: string): Endpoint {
    // An answer is signed with the algorithm of its request. Who signs with HMAC takes no MD5 (downgrade); who signs
    // with MD5 may take the stronger one.
    const allowed: SignType[] = this.options.signType === 'MD5' ? ['MD5', 'HMAC-SHA256'] : ['HMAC-SHA256'];
    return new Endpoint(
      (xml, call) => this.transport.post(path, xml, call),
      (body) => judge(body, this.options, allowed),
    );
  }

  private signed(content: Readonly<Record<string, string>>): string {
    const { appid, mchId, apiKey, signType } = this.options;
    const fields: Record<string, string> = { appid, mch_id: mchId, nonce_str: nonceStr(), ...content };
    // MD5 is the default of the protocol and goes without saying.
    if (signType !== 'MD5') fields['sign_type'] = signType;
    fields['sign'] = signFields(fields, apiKey, signType);
    return writeXml(fields);
  }
}
