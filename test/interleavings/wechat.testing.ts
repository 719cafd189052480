import type { Attempt, PrepayRequest } from '../../apps/pay/src/domain/attempt.ts';
import type { Payment } from '../../apps/pay/src/domain/payment.ts';
import type { RefundAtWechat, RefundRequest } from '../../apps/pay/src/domain/refund.ts';
import {
  type ClosedAtWechat,
  Gateway,
  type OpenedNotice,
  type Prepared,
  type Queried,
  type RefundAccepted,
  RefundGateway,
  type RefundQueried,
} from '../../apps/pay/src/flow/ports.ts';
import { type Around, row } from './around.testing.ts';
import { ACCOUNT } from './pay-books.testing.ts';

interface Trade {
  outTradeNo: string;
  totalFee: number;
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED';
  transactionId: string;
  /** What WeChat took, which may be another amount. */
  takenFee: number;
}

/** What becomes of a call on its way: nothing, it never arrives, or its answer never comes back. */
export type Fate = 'answered' | 'call lost' | 'answer lost';

/**
 * WeChat as far as money is concerned: a trade is payable until it is closed, a refund number stands for one refund. It
 * refuses nothing that we should have kept to ourselves (caps above all), so that the ledger shows what was asked of it.
 */
export class Wechat {
  readonly trades = new Map<string, Trade>();
  readonly refunds = new Map<string, RefundAtWechat>();
  /** Numbers that were asked for with two different amounts. */
  readonly contradictions: string[] = [];
  /** The fate of the next calls; when none is left, calls are answered. */
  readonly fates: Fate[] = [];
  /** Transactions of money that was taken although the trade had been closed. */
  readonly takenAfterClose = new Set<string>();
  /** What it takes instead of what was asked for. */
  takes: number | undefined;
  /** Takes money even for a closed trade. A real one should not; our books have to survive it. */
  strange = false;

  fingerprint(): string {
    const { contradictions, fates, takenAfterClose } = this;
    const oddities = [contradictions, fates.length, [...takenAfterClose]];
    return JSON.stringify([[...this.trades.values()], [...this.refunds.values()], oddities]);
  }

  /** The buyer pays. Answers whether the trade could be paid. */
  capture(outTradeNo: string): boolean {
    const trade = this.trades.get(outTradeNo);
    const open = trade?.state === 'NOTPAY' || (trade?.state === 'CLOSED' && this.strange);
    if (!trade || !open) return false;
    if (trade.state === 'CLOSED') this.takenAfterClose.add(trade.transactionId);
    Object.assign(trade, { state: 'SUCCESS', takenFee: this.takes ?? trade.totalFee });
    return true;
  }

  /** The trade as a verified message says it. */
  payment({ outTradeNo, transactionId, takenFee }: Trade, source: Payment['source']): Payment {
    const said = { tradeType: 'NATIVE', openid: undefined, bankType: undefined, paidAt: new Date(0), source };
    return { kind: 'paid', outTradeNo, transactionId, totalFee: takenFee, ...ACCOUNT, ...said };
  }

  /** WeChat's next step for a refund it has taken on. */
  giveBack(outRefundNo: string): void {
    const refund = row(this.refunds, outRefundNo);
    if (refund.state === 'PROCESSING') refund.state = 'SUCCESS';
  }
}

/** The gateways of `pay`: each call is one turn, in which WeChat does what it is asked for. */
export class GatewayToWechat extends Gateway {
  constructor(
    private readonly around: Around,
    private readonly wechat: Wechat,
  ) {
    super();
  }

  override prepare(request: PrepayRequest): Promise<Prepared> {
    const { outTradeNo, totalFee } = request;
    return call(this.around, this.wechat, `WeChat prepares ${outTradeNo}`, (): Prepared => {
      const { trades } = this.wechat;
      const state = trades.get(outTradeNo)?.state ?? 'NOTPAY';
      if (state !== 'NOTPAY') return { kind: state === 'SUCCESS' ? 'paid' : 'closed' };
      const transactionId = `T${outTradeNo}`;
      if (!trades.has(outTradeNo)) trades.set(outTradeNo, { outTradeNo, totalFee, state, transactionId, takenFee: 0 });
      return { kind: 'prepared', prepayId: `P${outTradeNo}`, ...given(request) };
    });
  }

  override query({ outTradeNo }: Attempt, source: 'query' | 'close'): Promise<Queried> {
    return call(this.around, this.wechat, `WeChat is asked about ${outTradeNo}`, (): Queried => {
      const trade = this.wechat.trades.get(outTradeNo);
      if (!trade) return { kind: 'absent' };
      if (trade.state !== 'SUCCESS') return { kind: trade.state === 'NOTPAY' ? 'unpaid' : 'closed' };
      const refunded = [...this.wechat.refunds.values()].some((one) => one.transactionId === trade.transactionId);
      return { kind: 'paid', payment: this.wechat.payment(trade, source), ...(refunded && { refunded }) };
    });
  }

  override close({ outTradeNo }: Attempt): Promise<ClosedAtWechat> {
    const closing = call(this.around, this.wechat, `WeChat closes ${outTradeNo}`, (): ClosedAtWechat => {
      const trade = this.wechat.trades.get(outTradeNo);
      if (!trade) return { kind: 'absent' };
      if (trade.state === 'SUCCESS') return { kind: this.around.has('paid at close') ? 'paid' : 'closed' };
      trade.state = 'CLOSED';
      return { kind: 'closed' };
    });
    if (this.around.has('unknown stays unknown')) return closing;
    return closing.then((answer) => (answer.kind === 'unknown' ? { kind: 'closed' } : answer));
  }

  override jsapiCashier(): never {
    throw new Error('nobody pays inside WeChat here');
  }
  override appCashier(): never {
    throw new Error('nobody pays from an app here');
  }

  /** The bytes of a notification here are the number it is about. */
  override openNotice(raw: Buffer, remoteIp: string): OpenedNotice {
    const trade = row(this.wechat.trades, raw.toString());
    return { kind: 'result', result: { ...this.wechat.payment(trade, 'notify'), notice: { raw, remoteIp } } };
  }
}

export class RefundGatewayToWechat extends RefundGateway {
  constructor(
    private readonly around: Around,
    private readonly wechat: Wechat,
    private readonly taken: (outRefundNo: string) => void,
  ) {
    super();
  }

  override refund({
    outRefundNo,
    transactionId,
    outTradeNo,
    totalFee,
    amountFen,
  }: RefundRequest): Promise<RefundAccepted> {
    return call(this.around, this.wechat, `WeChat takes refund ${outRefundNo} on`, (): RefundAccepted => {
      const known = this.wechat.refunds.get(outRefundNo);
      if (known && known.amountFen !== amountFen) this.wechat.contradictions.push(outRefundNo);
      const refundId = `W${outRefundNo}`;
      if (known) return { kind: 'accepted', refundId };
      const fresh = { outRefundNo, refundId, transactionId, outTradeNo, totalFee, amountFen };
      this.wechat.refunds.set(outRefundNo, { ...fresh, state: 'PROCESSING' });
      this.taken(outRefundNo);
      return { kind: 'accepted', refundId };
    });
  }

  override query(outRefundNo: string): Promise<RefundQueried> {
    return call(this.around, this.wechat, `WeChat is asked about refund ${outRefundNo}`, (): RefundQueried => {
      const refund = this.wechat.refunds.get(outRefundNo);
      return refund ? { kind: 'found', refund: { ...refund } } : { kind: 'absent' };
    });
  }

  override list(transactionId: string): Promise<RefundAtWechat[] | undefined> {
    return this.around.turns.take(`WeChat lists refunds of ${transactionId}`, () =>
      [...this.wechat.refunds.values()].filter((one) => one.transactionId === transactionId).map((one) => ({ ...one })),
    );
  }

  override openNotice(raw: Buffer): RefundAtWechat | undefined {
    return { ...row(this.wechat.refunds, raw.toString()) };
  }
}

/** What a buyer pays by: a code to scan, or a page of WeChat. */
const given = ({ outTradeNo, tradeType }: PrepayRequest) =>
  tradeType === 'MWEB'
    ? { codeUrl: null, mwebUrl: `https://wx.example.test/${outTradeNo}` }
    : { codeUrl: `weixin://wxpay/bizpayurl?pr=${outTradeNo}`, mwebUrl: null };

/** One call: WeChat does it, and we hear of it, unless its fate is another. */
function call<T>(
  { turns }: Around,
  wechat: Wechat,
  what: string,
  deed: () => T,
): Promise<T | { kind: 'unknown'; reason: string; timedOut: boolean }> {
  return turns.take(what, () => {
    const fate = wechat.fates.shift() ?? 'answered';
    const answer = fate === 'call lost' ? undefined : deed();
    return fate === 'answered' && answer !== undefined ? answer : { kind: 'unknown', reason: fate, timedOut: true };
  });
}
