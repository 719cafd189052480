// MySQL and WeChat as the specs of the steps see them: one map that judges by the real rules, and answers that a spec lays
// out. Concurrency is MySQL's business and is tested with the real one.
import { type Attempt, attemptMachine, handed, isOpen, MAX_ATTEMPTS, outTradeNoOf } from '../domain/attempt.ts';
import { type NewPayable, type OrderStatus, type Payable, prepayRefusal } from '../domain/payable.ts';
import { judge, type Payment, type PaymentResult } from '../domain/payment.ts';
import { appidOf, isSameWay, type Way } from '../domain/way.ts';
import {
  type AppCashier,
  type BegunPrepay,
  type ClosedAtWechat,
  type CloseCommand,
  Gateway,
  type JsapiCashier,
  type OpenedNotice,
  type Prepared,
  type PreparedAtWechat,
  type Queried,
  type Settled,
  type Signed,
  type Standing,
} from './ports.ts';

export const NO = 'TEST0000000000000000AA';
const account = { mchId: '1900000109', appid: 'wx8888888888888888' };
export const code = {
  kind: 'prepared',
  prepayId: 'wx2014',
  codeUrl: 'weixin://wxpay/bizpayurl?pr=NwY5Mz9',
  mwebUrl: null,
} as const;
export const mweb = { ...code, codeUrl: null, mwebUrl: 'https://wx.tenpay.com/checkmweb?prepay_id=wx2014' } as const;
export const prepayId = { ...code, codeUrl: null } as const;
export const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

/** MySQL as one map that judges by the real rules. Its concurrency is tested where the real one is. */
export class Store {
  readonly orders = new Map<string, { payable: Payable; attempts: Attempt[] }>();
  readonly told: string[] = [];
  readonly unclear: PaymentResult[] = [];
  readonly closing = new Set<string>();
  /** By `out_trade_no`: the newest call, while it and all before were refused. */
  readonly refusedSeq = new Map<string, number>();
  failing: Error | undefined;
  /** A settle waits for this: a commit that takes its time. */
  before: Promise<void> | undefined;

  find(number: string): Promise<Standing | undefined> {
    if (this.failing) return Promise.reject(this.failing);
    const order = [...this.orders.values()].find(
      ({ payable, attempts }) => payable.orderNo === number || attempts.some((one) => one.outTradeNo === number),
    );
    return Promise.resolve(order && structuredClone({ ...order, now: new Date() }));
  }
  place(payables: readonly NewPayable[]): Promise<void> {
    for (const one of payables) {
      const payable: Payable = { ...one, ...account, state: 'OPEN', orderStatus: 'WAIT_PAY', closeReason: null };
      if (!this.orders.has(one.orderNo)) this.orders.set(one.orderNo, { payable, attempts: [] });
    }
    return Promise.resolve();
  }
  begin(orderNo: string, way: Way = { tradeType: 'NATIVE' }): Promise<BegunPrepay> {
    const { payable, attempts } = this.order(orderNo);
    const reason = prepayRefusal(
      payable,
      attempts.some(({ state }) => state === 'SUCCESS'),
      new Date(),
    );
    if (reason) return Promise.resolve({ kind: 'refused', reason });
    let open = attempts.find(isOpen);
    const isOther = open !== undefined && !isSameWay(open, way, payable);
    if ((isOther || !open) && attempts.length >= MAX_ATTEMPTS) {
      return Promise.resolve({ kind: 'refused', reason: 'TOO_MANY_ATTEMPTS' });
    }
    if (open && !isOther && handed(open, new Date())) return Promise.resolve({ kind: 'ready', attempt: open });
    if (open?.callingUntil) return Promise.resolve({ kind: 'busy' });
    if (open && isOther) return Promise.resolve({ kind: 'other-way', attempt: structuredClone(open) });
    if (!open) attempts.push((open = newAttempt(payable, attempts.length + 1, way)));
    open.prepaySeq += 1;
    open.callingUntil = inAnHour();
    return Promise.resolve({ kind: 'call', attempt: structuredClone(open) });
  }
  storePrepared(
    { outTradeNo, prepaySeq }: Attempt,
    { prepayId, codeUrl, mwebUrl }: PreparedAtWechat,
  ): Promise<'stored' | 'stale' | 'over'> {
    const { payable, attempt } = this.attempt(outTradeNo);
    if (payable.state !== 'OPEN' || !isOpen(attempt)) return Promise.resolve('over');
    attempt.callingUntil = null;
    if (attempt.prepaySeq !== prepaySeq) return Promise.resolve('stale');
    Object.assign(attempt, { state: 'NOTPAY', prepayId, codeUrl, mwebUrl, preparedAt: new Date() });
    return Promise.resolve('stored');
  }
  release({ outTradeNo }: Attempt): Promise<void> {
    this.attempt(outTradeNo).attempt.callingUntil = null;
    return Promise.resolve();
  }
  refused(attempt: Attempt): Promise<void> {
    const { outTradeNo, prepaySeq } = attempt;
    if ((this.refusedSeq.get(outTradeNo) ?? 0) === prepaySeq - 1) this.refusedSeq.set(outTradeNo, prepaySeq);
    return this.release(attempt);
  }
  seen(outTradeNo: string): Promise<void> {
    this.attempt(outTradeNo).attempt.state = 'NOTPAY';
    return Promise.resolve();
  }
  finish(outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number): Promise<boolean> {
    const { attempt } = this.attempt(outTradeNo);
    const isRefused = this.refusedSeq.get(outTradeNo) === attempt.prepaySeq;
    const tooSoon = absentForMs !== undefined && !isRefused && attempt.calledAt.getTime() + absentForMs > Date.now();
    if (tooSoon || !attemptMachine.may(attempt.state, state)) return Promise.resolve(false);
    attempt.state = state;
    return Promise.resolve(true);
  }
  recordOrderStatus(news: readonly { orderNo: string; status: OrderStatus }[]): Promise<Set<string>> {
    for (const { orderNo, status } of news) this.order(orderNo).payable.orderStatus = status;
    return Promise.resolve(new Set());
  }
  readonly settledAs: PaymentResult[] = [];
  async settle(results: readonly PaymentResult[]): Promise<Settled[]> {
    this.settledAs.push(...results);
    await this.before;
    return results.map((result) => {
      const order = [...this.orders.values()].find((one) =>
        one.attempts.some(({ outTradeNo }) => outTradeNo === result.outTradeNo),
      );
      const attempt = order?.attempts.find(({ outTradeNo }) => outTradeNo === result.outTradeNo);
      const outcome = judge(result, attempt);
      if (order && attempt && outcome === 'settled' && result.kind === 'paid') {
        Object.assign(attempt, { state: 'SUCCESS', transactionId: result.transactionId, paidAt: result.paidAt });
        if (order.payable.state === 'OPEN') order.payable.state = 'DONE';
        this.told.push(`succeeded ${result.transactionId}`);
      }
      if (outcome === 'failure-stored') this.told.push(`failed ${result.outTradeNo}`);
      if (outcome === 'amount-mismatch') this.told.push(`mismatched ${result.outTradeNo}`);
      return { outcome, orderNo: attempt?.orderNo };
    });
  }
  keepUnclear(result: PaymentResult): Promise<void> {
    this.unclear.push(result);
    return Promise.resolve();
  }
  tellAgain(outTradeNos: readonly string[]): Promise<void> {
    this.told.push(...outTradeNos.map((one) => `again ${one}`));
    return Promise.resolve();
  }
  record(commands: readonly CloseCommand[]): Promise<Set<string>> {
    for (const { orderNo, reason } of commands) {
      Object.assign(this.order(orderNo).payable, { state: 'CLOSING', closeReason: reason });
      this.closing.add(orderNo);
    }
    return Promise.resolve(new Set());
  }
  conclude(orderNo: string): Promise<'paid' | 'closed' | 'later'> {
    const { payable, attempts } = this.order(orderNo);
    if (attempts.some(isOpen)) return Promise.resolve('later');
    payable.state = 'DONE';
    return Promise.resolve(attempts.some(({ state }) => state === 'SUCCESS') ? 'paid' : 'closed');
  }
  order(orderNo: string): { payable: Payable; attempts: Attempt[] } {
    const order = this.orders.get(orderNo);
    if (!order) throw new Error(`no order ${orderNo}`);
    return order;
  }
  attempt(outTradeNo: string): { payable: Payable; attempt: Attempt } {
    for (const { payable, attempts } of this.orders.values()) {
      const attempt = attempts.find((one) => one.outTradeNo === outTradeNo);
      if (attempt) return { payable, attempt };
    }
    throw new Error(`no attempt ${outTradeNo}`);
  }
}

function newAttempt(payable: Payable, seq: number, way: Way): Attempt {
  const { orderNo, totalFee, expiresAt } = payable;
  const none = { callingUntil: null, transactionId: null, paidAt: null, openid: null };
  const unprepared = { prepayId: null, codeUrl: null, mwebUrl: null, preparedAt: null };
  const { tradeType } = way;
  const told = {
    body: 'tea',
    productId: orderNo,
    notifyUrl: 'https://pay.example.test/n',
    spbillCreateIp: '127.0.0.1',
  };
  const times = { timeStart: new Date(), timeExpire: expiresAt, calledAt: new Date(), createdAt: new Date() };
  return {
    ...{ orderNo, totalFee, seq, outTradeNo: outTradeNoOf(orderNo, seq), tradeType, signType: 'HMAC-SHA256' },
    payerOpenid: way.tradeType === 'JSAPI' ? way.openid : null,
    scene: way.tradeType === 'MWEB' ? way.scene : null,
    ...{
      ...unprepared,
      ...account,
      appid: appidOf(way, account.appid),
      ...none,
      ...told,
      ...times,
      settleSource: null,
      nextCheckAt: null,
      checkTries: 0,
    },
    ...{ prepaySeq: 0, state: 'CREATED' },
  };
}

/** WeChat answers what the test lays out; each call is noted. */
export class Wechat extends Gateway {
  readonly calls: string[] = [];
  private signatures = 0;
  onPrepare: () => Prepared | Promise<Prepared> = () => code;
  onQuery: () => Queried = () => ({ kind: 'unpaid' });
  onClose: () => ClosedAtWechat = () => ({ kind: 'closed' });
  notice: OpenedNotice = { kind: 'refused', reason: 'sign', message: 'the sign is wrong' };

  override async prepare({ outTradeNo }: { outTradeNo: string }): Promise<Prepared> {
    this.calls.push(`prepare ${outTradeNo}`);
    return this.onPrepare();
  }
  override query({ outTradeNo }: Attempt): Promise<Queried> {
    this.calls.push(`query ${outTradeNo}`);
    return Promise.resolve(this.onQuery());
  }
  override close({ outTradeNo }: Attempt): Promise<ClosedAtWechat> {
    this.calls.push(`close ${outTradeNo}`);
    return Promise.resolve(this.onClose());
  }
  override jsapiCashier({ appid, signType }: Signed, prepayId: string): JsapiCashier {
    this.signatures += 1;
    const signed = { timeStamp: '1414411784', nonceStr: String(this.signatures), signType, paySign: 'S' };
    return { appId: appid, package: `prepay_id=${prepayId}`, ...signed };
  }
  override appCashier({ appid, mchId }: Signed, prepayid: string): AppCashier {
    this.signatures += 1;
    const signed = { noncestr: String(this.signatures), timestamp: '1412000000', sign: 'S' };
    return { appid, partnerid: mchId, prepayid, package: 'Sign=WXPay', ...signed };
  }
  override openNotice(): OpenedNotice {
    return this.notice;
  }
}

export const paid = (over: Partial<Payment> = {}): Payment => ({
  ...{ kind: 'paid', outTradeNo: NO, transactionId: '4200000478201912254663157927', totalFee: 100, ...account },
  ...{ tradeType: 'NATIVE', openid: undefined, bankType: undefined, paidAt: new Date(), source: 'query' },
  ...over,
});
