/** Everything the steps of `pay` need from outside. Abstract classes, because Nest injects by them. */
import type { Attempt, PrepayRequest, SignType } from '../domain/attempt.ts';
import type { CloseReason, NewPayable, OrderStatus, Payable, PrepayRefusal } from '../domain/payable.ts';
import type { FailedPayment, Payment, PaymentResult, SettleOutcome } from '../domain/payment.ts';
import type { Refund, RefundAtWechat, RefundEnd, RefundOrigin, RefundRequest, RefundState } from '../domain/refund.ts';
import type { Way } from '../domain/way.ts';

/** One order with all its attempts, as MySQL knew it at `now` (database time). */
export interface Standing {
  payable: Payable;
  attempts: Attempt[];
  now: Date;
}

/** What a new attempt is made from, beside what the payable says. */
export type AttemptWish = Pick<PrepayRequest, 'signType' | 'notifyUrl' | 'spbillCreateIp'> & {
  way: Way;
  minExpireSeconds: number;
  /** How long the call to WeChat may take. */
  callMs: number;
};

/** How an order has ended; of a paid one, by which transaction, when its teller says so. */
export interface OrderNews {
  orderNo: string;
  status: OrderStatus;
  transactionId?: string | undefined;
}

export type BegunPrepay =
  | { kind: 'call'; attempt: Attempt }
  | { kind: 'ready'; attempt: Attempt }
  /** Open, but made to be paid in another way, or by somebody else. */
  | { kind: 'other-way'; attempt: Attempt }
  /** Somebody is waiting for WeChat's answer about the open attempt. */
  | { kind: 'busy' }
  | { kind: 'refused'; reason: PrepayRefusal }
  | { kind: 'unknown-order' };

/** What WeChat answers: `codeUrl` for NATIVE, `mwebUrl` for MWEB. */
export interface PreparedAtWechat {
  prepayId: string;
  codeUrl: string | null;
  mwebUrl: string | null;
}

/** Payables and attempts in MySQL. Amounts and states that decide anything come from here only. */
export abstract class Attempts {
  /** By order number or by an attempt's number. */
  abstract find(number: string): Promise<Standing | undefined>;
  /** Stores payables that are new; what is known already stays as it is. */
  abstract place(payables: readonly NewPayable[]): Promise<void>;
  /** Under the payable's lock: what is open, or an attempt committed and leased to this caller for one call. */
  abstract begin(orderNo: string, wish: AttemptWish): Promise<BegunPrepay>;
  /** Stores it under the payable's lock. `stale`: another call came between; `over`: must never be handed out. */
  abstract storePrepared(attempt: Attempt, prepared: PreparedAtWechat): Promise<'stored' | 'stale' | 'over'>;
  /** Ends the lease of a call that brought nothing, so that a repeat need not wait. */
  abstract release(attempt: Attempt): Promise<void>;
  /** WeChat knows the attempt: CREATED → NOTPAY. */
  abstract seen(outTradeNo: string): Promise<void>;
  /**
   * WeChat has confirmed the end of an open attempt. `absentForMs`: only when the last call's deadline is at least
   * that long ago. Answers whether the attempt is final now.
   */
  abstract finish(outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number): Promise<boolean>;
  /** Stores how orders ended; answers which are unknown here. Never goes back. */
  abstract recordOrderStatus(news: readonly OrderNews[]): Promise<Set<string>>;
}

export interface Settled {
  outcome: SettleOutcome;
  /** The order the attempt belongs to; undefined for a number that is not ours. */
  orderNo: string | undefined;
}

/** Settling in MySQL: attempt, notice, anomaly and outbox rows in one transaction, published straight after it. */
export abstract class Payments {
  /** One outcome per result, in order. Concurrent calls share a transaction. */
  abstract settle(results: readonly PaymentResult[]): Promise<Settled[]>;
  /** Keeps a verified notice that could not be confirmed, and makes its attempt due for a query now. */
  abstract keepUnclear(result: PaymentResult): Promise<void>;
  /** Tells `order` about successes again. */
  abstract tellAgain(outTradeNos: readonly string[]): Promise<void>;
}

export interface CloseCommand {
  orderNo: string;
  reason: Exclude<CloseReason, 'paid'>;
}

/** Commands to close, stored until WeChat has answered for every attempt. */
export abstract class Closings {
  /** Answers which orders are unknown here. */
  abstract record(commands: readonly CloseCommand[]): Promise<Set<string>>;
  /** Leases due commands to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<string[]>;
  /**
   * Answers the command once all attempts are final, and again until `order` has said how it ended; else sets the next
   * try by back-off. Nothing is answered while money of another amount waits for an operator's decision.
   */
  abstract conclude(orderNo: string): Promise<'paid' | 'closed' | 'later'>;
}

export interface DueOrder {
  orderNo: string;
  dueInMs: number;
}

/** When attempts are looked at again; `next_check_at` in MySQL is the truth. */
export abstract class Checks {
  /** Leases attempts due within `dueWithinMs` (negative: overdue by it); none is due again before `leaseMs`. */
  abstract claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<Attempt[]>;
  /** The same for the attempts of these orders. */
  abstract claimOf(orderNos: readonly string[], dueWithinMs: number, leaseMs: number): Promise<Attempt[]>;
  /** Sets the next check of attempts by their present state and the rule of `domain/schedule.ts`. */
  abstract reschedule(outTradeNos: readonly string[]): Promise<void>;
  /** When each order has to be looked at again; one that is missing in the answer: never. */
  abstract dueIn(orderNos: readonly string[]): Promise<DueOrder[]>;
  /** Orders with a check ahead, at most `limit`, ascending from behind `after`. */
  abstract page(after: string, limit: number): Promise<DueOrder[]>;
  /** May a buyer's query ask WeChat now? At most once per order in `everyMs`, over all instances. */
  abstract mayAsk(orderNo: string, everyMs: number): Promise<boolean>;
}

/** The same in Redis, faster. Every method answers undefined (or does nothing) when Redis is away. */
export abstract class PendingOrders {
  abstract claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<string[] | undefined>;
  abstract schedule(orders: readonly DueOrder[]): Promise<true | undefined>;
  abstract remove(orderNos: readonly string[]): Promise<void>;
  /** Is the set known to hold every pending order? */
  abstract isComplete(): Promise<boolean | undefined>;
  abstract markComplete(): Promise<void>;
  /** True for one caller in `everyMs`. */
  abstract mayAsk(orderNo: string, everyMs: number): Promise<boolean | undefined>;
}

/** Makes two simultaneous prepays cost one call. It only saves work: MySQL decides. */
export abstract class PrepayLock {
  /** A release function; `busy` when somebody else holds it; `away` when Redis is. */
  abstract acquire(orderNo: string, ttlMs: number): Promise<(() => Promise<void>) | 'busy' | 'away'>;
}

export type Prepared =
  | ({ kind: 'prepared' } & PreparedAtWechat)
  | { kind: 'paid' }
  | { kind: 'closed' }
  | { kind: 'refused'; code: string; text: string }
  | { kind: 'unknown'; reason: string; timedOut: boolean };

export type Queried =
  /** `refunded`: WeChat knows refunds of it, which may have been made without us. */
  | { kind: 'paid'; payment: Payment; refunded?: boolean }
  | { kind: 'unpaid' }
  | { kind: 'failed'; failure: FailedPayment }
  | { kind: 'closed' }
  | { kind: 'revoked'; failure: FailedPayment }
  | { kind: 'absent' }
  | { kind: 'unknown'; reason: string };

export type ClosedAtWechat =
  | { kind: 'closed' | 'paid' | 'absent' }
  /** A clear no: it stays open, for now. */
  | { kind: 'refused'; code: string }
  | { kind: 'unknown'; reason: string };

/** What a page inside WeChat or a mini-program hands to WeChat; names, case and the text time as it wants them. */
export interface JsapiCashier {
  appId: string;
  timeStamp: string;
  nonceStr: string;
  package: string;
  signType: SignType;
  paySign: string;
}

/** What an app hands to WeChat's SDK. */
export interface AppCashier {
  appid: string;
  partnerid: string;
  prepayid: string;
  package: string;
  noncestr: string;
  timestamp: string;
  sign: string;
}

/** What a second signature is made with. */
export type Signed = Pick<Attempt, 'appid' | 'mchId' | 'signType'>;

export type OpenedNotice =
  { kind: 'result'; result: PaymentResult } | { kind: 'refused'; reason: string; message: string };

/** WeChat. Nothing here throws for what the wire does. */
export abstract class Gateway {
  abstract prepare(request: PrepayRequest, deadlineMs: number): Promise<Prepared>;
  abstract query(attempt: Attempt, source: 'query' | 'close', deadlineMs: number): Promise<Queried>;
  abstract close(attempt: Attempt, deadlineMs: number): Promise<ClosedAtWechat>;
  /** Signed anew each time; asks nobody. */
  abstract jsapiCashier(attempt: Signed, prepayId: string): JsapiCashier;
  abstract appCashier(attempt: Signed, prepayId: string): AppCashier;
  /** The only way to a notification's content: it is verified first. */
  abstract openNotice(raw: Buffer, remoteIp: string): OpenedNotice;
}

export type Identified =
  | { kind: 'openid'; openid: string }
  /** The code was good, but has been exchanged before. */
  | { kind: 'used' }
  | { kind: 'refused'; code: number; text: string }
  | { kind: 'unknown'; reason: string };

/** WeChat's OAuth, which tells who uses the browser inside it. Nothing here throws for what the wire does. */
export abstract class Openids {
  abstract readonly isConfigured: boolean;
  /** Where the browser is sent. @throws Error when not configured */
  abstract authorizeUrl(state: string): string;
  abstract exchange(code: string, deadlineMs: number): Promise<Identified>;
}

/** What operators do is written down. */
export abstract class Audits {
  /** Written when the deed is done: it calls WeChat, so no transaction could hold both. */
  abstract write(deed: {
    actor: string;
    action: string;
    subject: string;
    before: unknown;
    after: unknown;
  }): Promise<void>;
}

/** What `order` wants given back. */
export interface RefundCommand {
  orderNo: string;
  transactionId: string;
  outRefundNo: string;
  amountFen: number;
  reason: string;
}

/** `other`: the number stands for another refund already. */
export type RefundRecorded = 'recorded' | 'known' | 'unknown-payment' | 'other';

/** Refunds in MySQL. What ends one is told to `order` by the same transaction. */
export abstract class Refunds {
  /** Stores a command; for one that has ended already, tells the end again. */
  abstract record(command: RefundCommand): Promise<RefundRecorded>;
  abstract find(outRefundNo: string): Promise<Refund | undefined>;
  /** Where the newest refund of an order stands; null without one. */
  abstract stateOf(orderNo: string): Promise<RefundState | null>;
  /** Leases due refunds to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<Refund[]>;
  /**
   * Commits that WeChat is called now, unless another refund of the same payment was called less than `apartMs` ago:
   * then this one is due when that time is over.
   */
  abstract begin(refund: Refund, apartMs: number): Promise<'call' | 'later'>;
  /** WeChat has taken it on: REQUESTED → PROCESSING. */
  abstract accepted(outRefundNo: string, refundId: string): Promise<void>;
  /** Ends it once, whoever learned of it; answers whether it was this call. */
  abstract conclude(
    outRefundNo: string,
    end: RefundEnd,
    refundId: string | undefined,
    reason: string,
  ): Promise<boolean>;
  /** Ends the lease; due again in `inMs`, undefined: never. */
  abstract later(outRefundNo: string, inMs: number | undefined, error: string): Promise<void>;
  /** Tells `order` how a refund has ended once more. */
  abstract tellAgain(outRefundNo: string): Promise<void>;
  /** Due now. */
  abstract hurry(outRefundNo: string): Promise<void>;
  /** Stores a refund made without us, of a payment of ours; answers whether it is new. */
  abstract takeOver(seen: RefundAtWechat): Promise<boolean | 'unknown-payment'>;
}

/** A refund as an operator sees it: where it stands at WeChat, and what keeps it. */
export interface RefundShown {
  outRefundNo: string;
  orderNo: string;
  transactionId: string;
  amountFen: number;
  origin: RefundOrigin;
  state: RefundState;
  refundId: string | null;
  /** When WeChat was last called with it; null: never. */
  calledAt: Date | null;
  nextTryAt: Date | null;
  tries: number;
  /** Why the last try did not end it, or why WeChat refused it. */
  lastError: string;
  createdAt: Date;
}

export abstract class RefundList {
  /** Newest first; `before` is the number of the last one on the page before. */
  abstract page(query: { state?: RefundState; before?: string; limit: number }): Promise<RefundShown[]>;
}

export interface DueListing {
  transactionId: string;
  /** Before this one. */
  tries: number;
}

/** Payments whose refunds have still to be listed at WeChat: written with the settlement that saw that there are some. */
export abstract class RefundListings {
  /** Leases due payments to this caller. */
  abstract claim(limit: number, leaseMs: number): Promise<DueListing[]>;
  /** All of its refunds are known here. */
  abstract done(transactionId: string): Promise<void>;
  /** Ends the lease. */
  abstract later(transactionId: string, inMs: number): Promise<void>;
}

export type RefundAccepted =
  | { kind: 'accepted'; refundId: string }
  | { kind: 'refused'; code: string; text: string }
  | { kind: 'unknown'; reason: string };

export type RefundQueried =
  { kind: 'found'; refund: RefundAtWechat } | { kind: 'absent' } | { kind: 'unknown'; reason: string };

/** Refunds at WeChat. Nothing here throws for what the wire does. */
export abstract class RefundGateway {
  abstract refund(request: RefundRequest, deadlineMs: number): Promise<RefundAccepted>;
  abstract query(outRefundNo: string, deadlineMs: number): Promise<RefundQueried>;
  /** All refunds of a payment; undefined when they could not all be had. */
  abstract list(transactionId: string, deadlineMs: number): Promise<RefundAtWechat[] | undefined>;
  /** What an encrypted notification says, or undefined when it is not WeChat's. */
  abstract openNotice(raw: Buffer): RefundAtWechat | undefined;
}

/** `order`, asked directly when a buyer is faster than its event. */
export abstract class Orders {
  abstract payable(orderNo: string): Promise<NewPayable | 'unknown' | 'unreachable'>;
}

/** Somebody has scanned the permanent code of a product (mode 1). */
export interface ProductScan {
  productId: string;
  openid: string;
  /** The same for the same scan told again. */
  scanId: string;
  /** The algorithm it was signed with; the answer is signed with it too. */
  signType: SignType;
}

export type OpenedScan = { kind: 'scanned'; scan: ProductScan } | { kind: 'refused'; reason: string };

/** Permanent codes of products at WeChat (mode 1). */
export abstract class ProductCodes {
  /** What a product's QR code says; each call makes another one, and all stay good. */
  abstract url(productId: string): string;
  /** A shorter text for the same, which is easier to scan. */
  abstract shorten(url: string, deadlineMs: number): Promise<Shortened>;
  /** The only way to a scan's content: it is verified first. */
  abstract open(raw: Buffer): OpenedScan;
  /** The answer that WeChat waits for; a refusal is shown to who has scanned (at most 128 bytes). */
  abstract answer(signType: SignType, answer: { prepayId: string } | { refusal: string }): string;
}

export type Shortened =
  { kind: 'short'; url: string } | { kind: 'refused'; code: string; text: string } | { kind: 'unknown' };

/** What `order` sells, asked directly because WeChat waits. */
export abstract class Products {
  abstract has(productId: string): Promise<boolean | 'unreachable'>;
  /** The order of who has scanned: the one still unpaid, or a new one. */
  abstract orderFor(
    scan: ProductScan,
    withinMs: number,
  ): Promise<NewPayable | 'unknown-product' | 'sold-out' | 'busy' | 'unreachable'>;
}

/** Counters of what deserves an alarm or a graph. */
export abstract class Counts {
  abstract notice(outcome: string): void;
  abstract settled(source: string, outcome: string): void;
  abstract prepay(outcome: string): void;
  /** A refund was put off; `somebody`: it goes on only when its cause is removed by hand. */
  abstract refundWaits(what: 'time' | 'somebody'): void;
}
