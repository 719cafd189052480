/** All orders in memory, with an index for every question that is asked per request. */
import type { CodeFacts, LedgerEntry } from './ledger-entry.ts';
import { refundMachine, type Refund } from './refund.ts';
import { orderMachine, type Notice, type Order, type OrderMove } from './order.ts';

type EntryOf<K extends LedgerEntry['kind']> = Extract<LedgerEntry, { kind: K }>;

/** Old entries of the list of codes are swept out when they outnumber the open ones by this. */
const SWEEP_SLACK = 1_000;

/** An entry that the machine does not allow: a damaged ledger, or a defect of ours. */
export class ImpossibleEntry extends Error {}

export class OrderBook {
  readonly #byNumber = new Map<string, Order>();
  readonly #byTransaction = new Map<string, Order>();
  readonly #byCode = new Map<string, Order>();
  readonly #byPrepay = new Map<string, Order>();
  readonly #byRefund = new Map<string, { order: Order; refund: Refund }>();
  readonly #longUrls = new Map<string, string>();
  #codesMade: string[] = [];
  #unpaid = 0;
  #paid: Order[] = [];

  byNumber(outTradeNo: string): Order | undefined {
    return this.#byNumber.get(outTradeNo);
  }

  byTransaction(transactionId: string): Order | undefined {
    return this.#byTransaction.get(transactionId);
  }

  /** The order that this is the latest code of; a replaced code belongs to nothing. */
  byCode(codeUrl: string): Order | undefined {
    return this.#byCode.get(codeUrl);
  }

  /** The order that this is the latest `prepay_id` of. */
  byPrepay(prepayId: string): Order | undefined {
    return this.#byPrepay.get(prepayId);
  }

  /** By the merchant's or by WeChat's refund number. */
  byRefund(number: string): { order: Order; refund: Refund } | undefined {
    return this.#byRefund.get(number);
  }

  /** What was shortened to this. */
  longUrl(shortUrl: string): string | undefined {
    return this.#longUrls.get(shortUrl);
  }

  /** Orders that can be paid, the newest code first, at most `limit`. */
  openCodes(limit: number): Order[] {
    const found: Order[] = [];
    for (let i = this.#codesMade.length - 1; i >= 0 && found.length < limit; i -= 1) {
      const order = this.#byCode.get(this.#codesMade[i] ?? '');
      if (order && isUnpaid(order)) found.push(order);
    }
    return found;
  }

  /** Paid orders, the newest payment first, at most `limit`. */
  payments(limit: number): Order[] {
    return this.#paid.slice(-limit).reverse();
  }

  /** All orders; for a restart only. */
  all(): Iterable<Order> {
    return this.#byNumber.values();
  }

  allows(order: Order, move: OrderMove): boolean {
    return orderMachine[order.state][move] !== undefined;
  }

  /**
   * The only place where an order changes, live and when a ledger is read again.
   * @throws ImpossibleEntry when the machine does not allow it
   */
  apply(entry: LedgerEntry): void {
    switch (entry.kind) {
      case 'ordered':
        this.#add(entry);
        break;
      case 'ordered-again':
        this.#giveCode(this.#move(entry.outTradeNo, 'orderAgain'), entry);
        break;
      case 'captured':
        this.#capture(entry);
        break;
      case 'attempt-failed':
        this.#fail(entry);
        break;
      case 'closed':
        this.#move(entry.outTradeNo, 'close');
        break;
      case 'notified':
        this.#note(entry);
        break;
      case 'refunded':
        this.#refund(entry);
        break;
      case 'refund-ended':
        this.#endRefund(entry);
        break;
      case 'shortened':
        this.#longUrls.set(entry.shortUrl, entry.longUrl);
        break;
      case 'reset':
        this.#clear();
        break;
      case 'clock':
      case 'rules':
      case 'scanned':
      case 'forged':
        break;
    }
  }

  #add(entry: EntryOf<'ordered'>): void {
    if (this.#byNumber.has(entry.outTradeNo)) throw new ImpossibleEntry(`${entry.outTradeNo} was ordered already`);
    const { outTradeNo, appid, mchId, tradeType, body, totalFee, notifyUrl, attach, deviceInfo, content } = entry;
    const { openid, productId } = entry;
    const { signType, prepayId, codeUrl, codeExpiresOn, createdOn, expiresOn } = entry;
    const order: Order = {
      ...{ outTradeNo, appid, mchId, tradeType, body, totalFee, notifyUrl, attach, deviceInfo, content },
      ...{ signType, prepayId, codeUrl, codeExpiresOn, createdOn, expiresOn },
      ...{ openid, productId },
      state: 'NOTPAY',
      refunds: [],
      notices: [],
    };
    this.#byNumber.set(order.outTradeNo, order);
    this.#unpaid += 1;
    this.#giveCode(order, entry);
  }

  #giveCode(order: Order, code: CodeFacts): void {
    this.#byCode.delete(order.codeUrl);
    this.#byPrepay.delete(order.prepayId);
    order.signType = code.signType;
    order.prepayId = code.prepayId;
    order.codeUrl = code.codeUrl;
    order.codeExpiresOn = code.codeExpiresOn;
    this.#byCode.set(order.codeUrl, order);
    this.#byPrepay.set(order.prepayId, order);
    this.#codesMade.push(order.codeUrl);
    if (this.#codesMade.length > 2 * this.#unpaid + SWEEP_SLACK) {
      this.#codesMade = this.#codesMade.filter((codeUrl) => {
        const owner = this.#byCode.get(codeUrl);
        return owner !== undefined && isUnpaid(owner);
      });
    }
  }

  #capture(entry: EntryOf<'captured'>): void {
    const order = entry.althoughClosed ? this.#overtaken(entry.outTradeNo) : this.#move(entry.outTradeNo, 'capture');
    const { transactionId, openid, bankType, totalFee, coupons, paidAt, paidOn } = entry;
    order.payment = { transactionId, openid, bankType, totalFee, coupons, paidAt, paidOn };
    order.notices.push({ result: 'SUCCESS', tries: [], accepted: false });
    this.#byTransaction.set(transactionId, order);
    this.#paid.push(order);
  }

  #fail(entry: EntryOf<'attempt-failed'>): void {
    switch (entry.outcome) {
      case 'payerror':
        this.#move(entry.outTradeNo, 'bankRefuses');
        break;
      case 'leave':
        this.#move(entry.outTradeNo, 'leave');
        break;
      case 'fail':
        this.#known(entry.outTradeNo).notices.push({ result: 'FAIL', tries: [], accepted: false });
        break;
      case 'notenough':
        break;
    }
  }

  #refund(entry: EntryOf<'refunded'>): void {
    const order = this.#move(entry.outTradeNo, 'refund');
    const { outRefundNo, refundId, refundFee, account, notifyUrl, coupons } = entry;
    const { acceptedAt, acceptedOn, endsOn, endsAs } = entry;
    const refund: Refund = {
      ...{ outRefundNo, refundId, refundFee, account, notifyUrl, coupons, acceptedAt, acceptedOn, endsOn, endsAs },
      status: 'PROCESSING',
    };
    order.refunds.push(refund);
    this.#byRefund.set(outRefundNo, { order, refund }).set(refundId, { order, refund });
  }

  #endRefund(entry: EntryOf<'refund-ended'>): void {
    const { order, refund } = this.#byRefund.get(entry.outRefundNo) ?? {};
    if (!order || !refund || !refundMachine[refund.status].includes(entry.status)) {
      throw new ImpossibleEntry(`${entry.outRefundNo} cannot become ${entry.status}`);
    }
    refund.status = entry.status;
    refund.endedAt = entry.endedAt;
    refund.endedOn = entry.endedOn;
    const { outRefundNo } = refund;
    if (refund.notifyUrl) order.notices.push({ result: 'SUCCESS', outRefundNo, tries: [], accepted: false });
  }

  #note(entry: EntryOf<'notified'>): void {
    const notice: Notice | undefined = this.#known(entry.outTradeNo).notices[entry.notice];
    if (!notice) throw new ImpossibleEntry(`${entry.outTradeNo} has no notice ${entry.notice}`);
    const { at, attempt, duplicate, status, replied, accepted, endedOn } = entry;
    notice.tries.push({ at, attempt, duplicate, status, replied, accepted, endedOn });
    notice.accepted ||= accepted;
  }

  #clear(): void {
    this.#byNumber.clear();
    this.#byTransaction.clear();
    this.#byCode.clear();
    this.#byPrepay.clear();
    this.#byRefund.clear();
    this.#longUrls.clear();
    this.#codesMade = [];
    this.#unpaid = 0;
    this.#paid = [];
  }

  /** A closed order that money has come for all the same: outside the machine, because no request can do that. */
  #overtaken(outTradeNo: string): Order {
    const order = this.#known(outTradeNo);
    if (order.state !== 'CLOSED') throw new ImpossibleEntry(`${outTradeNo} is ${order.state}, not closed`);
    order.state = 'SUCCESS';
    return order;
  }

  #known(outTradeNo: string): Order {
    const order = this.#byNumber.get(outTradeNo);
    if (!order) throw new ImpossibleEntry(`${outTradeNo} was never ordered`);
    return order;
  }

  #move(outTradeNo: string, move: OrderMove): Order {
    const order = this.#known(outTradeNo);
    const next = orderMachine[order.state][move];
    if (next === undefined) throw new ImpossibleEntry(`${outTradeNo} is ${order.state}: ${move} is impossible`);
    const wasUnpaid = isUnpaid(order);
    order.state = next;
    if (wasUnpaid && !isUnpaid(order)) this.#unpaid -= 1;
    return order;
  }
}

/** NOTPAY, USERPAYING and PAYERROR: somebody can still pay it. */
export const isUnpaid = (order: Order): boolean => orderMachine[order.state].capture !== undefined;
