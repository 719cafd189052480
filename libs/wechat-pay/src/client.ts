import { type Bill } from './bill/bill.ts';
import { downloadBillFields, type DownloadBillRequest, openedBill } from './bill/download-bill.ts';
import { allRefunds } from './calls/all-refunds.ts';
import { algorithm, notifyUrl } from './calls/checks.ts';
import { closedOrder, type ClosedOrder, closeOrderFields, type CloseOrderRequest } from './calls/close-order.ts';
import { orderQueryFields, type OrderQueryRequest, orderState, type OrderState } from './calls/order-query.ts';
import { acceptedRefund, type AcceptedRefund, refundFields, type RefundRequest } from './calls/refund.ts';
import {
  type OrderRefundsRequest,
  refundedOrder,
  type RefundedOrder,
  refundQueryFields,
  type RefundQueryRequest,
  type RefundState,
} from './calls/refund-query.ts';
import { longUrlField, shortUrl } from './calls/short-url.ts';
import {
  preparedOrder,
  type PreparedOrder,
  unifiedOrderFields,
  type UnifiedOrderRequest,
} from './calls/unified-order.ts';
import { InvalidRequest } from './invalid-request.ts';
import { baseUrls, patience, type Timeouts, type WechatPayOptions } from './options.ts';
import { type Fields, MAX_LIST_FIELDS, nonceStr, signFields, type SignType, writeXml } from './protocol/index.ts';
import { checkMerchant, secureContext } from './settings.ts';
import { type CallResult } from './wire/call-result.ts';
import { type CallOptions, Deadline } from './wire/deadline.ts';
import { answered, Endpoint, type RetryPolicy, unanswered } from './wire/endpoint.ts';
import { Host } from './wire/host.ts';
import { Hosts } from './wire/hosts.ts';
import { judge, type Judgement } from './wire/judge.ts';
import { MerchantLimits } from './wire/rate-limit.ts';

/**
 * API v2 for one merchant. Calls never throw for what the wire or WeChat Pay does; see CallResult for what their
 * results allow. Each endpoint has its own circuit breaker. What was never sent is tried again, at the next host first;
 * after that only system errors and `too many calls` are repeated, for calls that may be made twice, and a refund
 * never: all within the caller's deadline.
 */
export class WechatPayClient {
  private readonly options: WechatPayOptions;
  private readonly timeouts: Timeouts;
  private readonly retry: RetryPolicy;
  private readonly limits: MerchantLimits;
  private readonly mwebHosts: readonly URL[];
  private readonly plain: Hosts;
  private readonly secure: Hosts;
  private readonly endpoints;

  /** @throws InvalidRequest naming the setting that cannot work. */
  constructor(options: WechatPayOptions) {
    checkMerchant(options);
    notifyUrl(options.notifyUrl);
    algorithm(options.signType);
    this.options = options;
    const { timeouts, retry } = patience(options);
    this.timeouts = timeouts;
    this.retry = retry;
    this.limits = options.limits ?? new MerchantLimits();
    const { plain, secure, mweb } = baseUrls(options);
    const { mchId, certificate, ca } = options;
    this.mwebHosts = mweb;
    const rooted = ca === undefined ? undefined : secureContext(mchId, undefined, ca);
    const certified = secureContext(mchId, certificate, ca);
    const { connectMs } = this.timeouts;
    this.plain = new Hosts(
      plain.map((url) => new Host(url, connectMs, rooted)),
      connectMs,
    );
    this.secure = new Hosts(
      secure.map((url) => new Host(url, connectMs, certified)),
      connectMs,
    );
    this.endpoints = {
      unifiedOrder: this.repeatable('/pay/unifiedorder'),
      orderQuery: this.repeatable('/pay/orderquery'),
      closeOrder: this.repeatable('/pay/closeorder'),
      // Ten refunds with their coupons have more fields than any other answer.
      refundQuery: this.repeatable('/pay/refundquery', MAX_LIST_FIELDS),
      shortUrl: this.repeatable('/tools/shorturl'),
      refund: this.refunding('/secapi/pay/refund'),
      downloadBill: this.streaming('/pay/downloadbill'),
    };
  }

  /**
   * Makes an order, or refreshes its code or page when repeated with equal content.
   * @throws InvalidRequest for a field that WeChat Pay would refuse; nothing was sent then.
   */
  async unifiedOrder(order: UnifiedOrderRequest, call: CallOptions = {}): Promise<CallResult<PreparedOrder>> {
    const fields = unifiedOrderFields(order, this.options.notifyUrl);
    const answer = await this.endpoints.unifiedOrder.call(this.signed(fields), this.deadline(call));
    return answer.kind === 'ok' ? preparedOrder(answer.value, order, this.mwebHosts) : answer;
  }

  /**
   * Asks for the state of an order. `refused` ORDERNOTEXIST: nothing was created under this number (yet, when the
   * order call timed out a moment ago).
   * @throws InvalidRequest as unifiedOrder.
   */
  async orderQuery(request: OrderQueryRequest, call: CallOptions = {}): Promise<CallResult<OrderState>> {
    const xml = this.signed(orderQueryFields(request));
    const answer = await this.endpoints.orderQuery.call(xml, this.deadline(call));
    return answer.kind === 'ok' ? orderState(answer.value, request) : answer;
  }

  /**
   * Closes an unpaid order. Only `ok` guarantees that no payment follows; `refused` ORDERPAID means that money arrived.
   * @throws InvalidRequest as unifiedOrder.
   */
  async closeOrder(request: CloseOrderRequest, call: CallOptions = {}): Promise<CallResult<ClosedOrder>> {
    const xml = this.signed(closeOrderFields(request));
    return closedOrder(await this.endpoints.closeOrder.call(xml, this.deadline(call)), request);
  }

  /**
   * Asks for a refund, with the merchant's certificate. `ok` says that it was taken on, not that it is done. `unknown`
   * keeps the number: ask refundQuery, and repeat with the same out_refund_no. NOTENOUGH, CERT_ERROR and ORDER_NOT_READY
   * are `unknown` too, because the same number goes through once their cause is removed. A refusal of a repeat says
   * nothing about the first try: ask refundQuery before giving the number up.
   * @throws InvalidRequest as unifiedOrder, and for a client without a certificate.
   */
  async refund(request: RefundRequest, call: CallOptions = {}): Promise<CallResult<AcceptedRefund>> {
    const fields = refundFields(request);
    if (this.options.certificate === undefined)
      throw new InvalidRequest('certificate', 'is needed for refunds: set p12, or cert and key');
    const answer = await this.endpoints.refund.call(this.signed(fields), this.deadline(call, this.timeouts.refundMs));
    return acceptedRefund(answer, request);
  }

  /**
   * Asks for one refund, or for up to ten of an order's. `refused` REFUNDNOTEXIST: no such refund was taken on.
   * @throws InvalidRequest as unifiedOrder.
   */
  async refundQuery(request: RefundQueryRequest, call: CallOptions = {}): Promise<CallResult<RefundedOrder>> {
    const xml = this.signed(refundQueryFields(request));
    const answer = await this.endpoints.refundQuery.call(xml, this.deadline(call));
    return answer.kind === 'ok' ? refundedOrder(answer.value, request) : answer;
  }

  /**
   * Gives all refunds of an order, however many pages that takes; the deadline is for each page.
   * @throws RefundsIncomplete when a page cannot be had: what was given until then is not all. InvalidRequest too.
   */
  refunds(request: OrderRefundsRequest, call: CallOptions = {}): AsyncGenerator<RefundState, void, undefined> {
    return allRefunds(request, (page) => this.refundQuery(page, call));
  }

  /**
   * Opens a day's bill of trades, which is then iterated row by row while it arrives. `refused` NO_BILL_EXIST: no trades,
   * a wrong date, or too early; `unknown` BILL_CREATING: later. The deadline is for the whole bill. It is not signed: the
   * connection alone says whose it is. Download one at a time.
   * @throws InvalidRequest as unifiedOrder.
   */
  async downloadBill(request: DownloadBillRequest, call: CallOptions = {}): Promise<CallResult<Bill>> {
    const xml = this.signed(downloadBillFields(request));
    return this.endpoints.downloadBill.call(xml, this.deadline(call, this.timeouts.billMs));
  }

  /**
   * Shortens the URL of a product code, which makes it easier to scan.
   * @throws InvalidRequest as unifiedOrder.
   */
  async shortUrl(longUrl: string, call: CallOptions = {}): Promise<CallResult<{ readonly shortUrl: string }>> {
    // Signed raw, but sent URL-encoded.
    const fields = this.signedFields({ long_url: longUrlField(longUrl) });
    const xml = writeXml({ ...fields, long_url: encodeURIComponent(longUrl) });
    const answer = await this.endpoints.shortUrl.call(xml, this.deadline(call));
    return answer.kind === 'ok' ? shortUrl(answer.value) : answer;
  }

  /** Closes the connections that are kept alive. */
  close(): void {
    this.plain.close();
    this.secure.close();
  }

  private deadline(call: CallOptions, defaultMs = this.timeouts.totalMs): Deadline {
    return new Deadline(call, defaultMs);
  }

  /** A call that may be made twice: it only asks, or WeChat Pay knows it by the merchant's number. */
  private repeatable(path: string, maxFields?: number): Endpoint<Fields> {
    const attempt = async (xml: string, deadline: Deadline) => {
      const exchange = await this.plain.post(path, xml, deadline);
      return exchange.kind === 'none' ? unanswered(exchange) : answered(this.judge(exchange.body, maxFields), true);
    };
    return new Endpoint(attempt, this.limits.orders, this.retry);
  }

  /** Refunds are repeated by their caller alone, who first makes sure that the number is kept. */
  private refunding(path: string): Endpoint<Fields> {
    const attempt = async (xml: string, deadline: Deadline) => {
      const exchange = await this.secure.post(path, xml, deadline);
      return exchange.kind === 'none' ? unanswered(exchange) : answered(this.judge(exchange.body), false);
    };
    return new Endpoint(attempt, this.limits.refunds, this.retry);
  }

  private streaming(path: string): Endpoint<Bill> {
    const { billIdleMs } = this.timeouts;
    const attempt = async (xml: string, deadline: Deadline) => {
      const beginning = new Deadline(
        { signal: deadline.signal, deadlineMs: Math.min(deadline.leftMs(), billIdleMs) },
        billIdleMs,
      );
      const opened = await this.plain.open(path, xml, beginning);
      return openedBill(opened, deadline, billIdleMs, (body) => this.judge(body));
    };
    return new Endpoint(attempt, this.limits.orders, this.retry);
  }

  private judge(body: Buffer, maxFields?: number): Judgement {
    // An answer is signed with the algorithm of its request. Who signs with HMAC takes no MD5 (downgrade); who signs
    // with MD5 may take the stronger one.
    const allowed: SignType[] = this.options.signType === 'MD5' ? ['MD5', 'HMAC-SHA256'] : ['HMAC-SHA256'];
    return judge(body, this.options, allowed, maxFields);
  }

  private signed(content: Readonly<Record<string, string>>): string {
    return writeXml(this.signedFields(content));
  }

  private signedFields(content: Readonly<Record<string, string>>): Record<string, string> {
    const { appid, mchId, apiKey, signType } = this.options;
    const fields: Record<string, string> = { appid, mch_id: mchId, nonce_str: nonceStr(), ...content };
    // MD5 is the default of the protocol and goes without saying.
    if (signType !== 'MD5') fields['sign_type'] = signType;
    fields['sign'] = signFields(fields, apiKey, signType);
    return fields;
  }
}
