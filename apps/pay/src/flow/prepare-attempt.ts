// One round of prepay under the order's lock: closes what is open in another way, commits the attempt, calls WeChat and
// stores the answer. A new number is taken only after WeChat has confirmed that the old one is closed.
import { Injectable, Logger } from '@nestjs/common';
import { type Attempt, type Handed, handed, type SignType } from '../domain/attempt.ts';
import type { PrepayRefusal } from '../domain/payable.ts';
import { ABSENCE_SETTLES_MS, CLOSE_REFUSED_FOR_MS } from '../domain/schedule.ts';
import type { TradeType, Way } from '../domain/way.ts';
import { Ask } from './ask.ts';
import { CloseAttempt } from './close-attempt.ts';
import { Attempts, type BegunPrepay, Gateway, OpenPages, PendingOrders, type PreparedAtWechat } from './ports.ts';
import { Watch } from './watch.ts';

/** What is the same for all attempts of this installation. */
export class PrepaySettings {
  constructor(
    readonly signType: SignType,
    readonly notifyUrl: string,
    readonly minExpireSeconds: number,
  ) {}
}

export interface Prepared {
  kind: 'ready';
  attempt: Attempt;
  given: Handed;
}

export type PrepayRefused =
  | { kind: 'refused'; reason: PrepayRefusal }
  /** The way that is open now, which WeChat has not closed yet, and when asking again makes sense. */
  | { kind: 'closing'; tradeType: TradeType; retryAfterMs: number }
  /** The way that is open now, and was to be left alone. */
  | { kind: 'other-way'; tradeType: TradeType }
  | { kind: 'way-not-configured'; setting: string }
  | { kind: 'wechat-refused'; code: string; text: string }
  | { kind: 'wechat-unreachable'; timedOut: boolean }
  | { kind: 'unknown-order' }
  | { kind: 'order-unreachable' };

type Round = Prepared | PrepayRefused | 'again';

/** One call of unifiedorder. */
export const CALL_MS = 8_000;
/** Each of at most three calls that close the old attempt. */
const CLOSE_CALL_MS = 2_000;
/** All that a switch takes longer. */
export const SWITCH_MS = 3 * CLOSE_CALL_MS;
/** WeChat refuses although it has no documented reason to. */
const REFUSED_ANYWAY_MS = 10_000;

@Injectable()
export class PrepareAttempt {
  private readonly logger = new Logger('prepay');

  constructor(
    private readonly attempts: Attempts,
    private readonly gateway: Gateway,
    private readonly ask: Ask,
    private readonly closeAttempt: CloseAttempt,
    private readonly pending: PendingOrders,
    private readonly watch: Watch,
    private readonly pages: OpenPages,
    private readonly settings: PrepaySettings,
  ) {}

  /** `again`: the world changed under us; read it and come back. `mayClose`: an attempt made for another way. */
  async once(
    orderNo: string,
    way: Way,
    { mayClose, now, ...call }: { buyerIp: string; mayClose: boolean; now: Date; callMs: number },
  ): Promise<Round> {
    const begun = await this.begin(orderNo, way, call);
    if (begun.kind !== 'other-way' || !mayClose) return this.go(begun, now, call.callMs);
    const kept = await this.closeOther(begun.attempt, now);
    if (kept) return kept;
    this.switched(begun.attempt);
    // Still under the lock, so that nobody prepares the old way again in between.
    const round = await this.go(await this.begin(orderNo, way, call), now, call.callMs);
    if (round !== 'again' && round.kind === 'ready') this.switched(round.attempt);
    return round;
  }

  /** Other pages of the order show what can no longer be paid, or do not show yet what can. */
  private switched(attempt: Attempt): void {
    this.watch.changed(attempt.orderNo);
    this.pages.switched(attempt);
  }

  private begin(
    orderNo: string,
    way: Way,
    { buyerIp: spbillCreateIp, callMs }: { buyerIp: string; callMs: number },
  ): Promise<BegunPrepay> {
    const { signType, notifyUrl, minExpireSeconds } = this.settings;
    return this.attempts.begin(orderNo, {
      way,
      signType,
      notifyUrl,
      minExpireSeconds,
      spbillCreateIp,
      callMs,
    });
  }

  private async go(begun: BegunPrepay, now: Date, callMs: number): Promise<Round> {
    switch (begun.kind) {
      case 'busy':
        return 'again';
      case 'refused':
      case 'unknown-order':
        return begun;
      case 'other-way':
        return 'again';
      case 'ready':
        return ready(begun.attempt, now);
      case 'call':
        return this.call(begun.attempt, now, callMs);
    }
  }

  /** Undefined when the old attempt can no longer be paid; else why it stays. */
  private async closeOther(attempt: Attempt, now: Date): Promise<PrepayRefused | undefined> {
    const { orderNo, outTradeNo, tradeType, createdAt, calledAt } = attempt;
    const end = await this.closeAttempt.now(attempt, CLOSE_CALL_MS);
    this.logger.log({ orderNo, outTradeNo, tradeType, end }, 'the buyer wants to pay in another way');
    const until = (at: number): number => Math.max(at - now.getTime(), REFUSED_ANYWAY_MS);
    switch (end) {
      case 'over':
        return undefined;
      case 'refused':
        return { kind: 'closing', tradeType, retryAfterMs: until(createdAt.getTime() + CLOSE_REFUSED_FOR_MS) };
      case 'absent':
        return { kind: 'closing', tradeType, retryAfterMs: until(calledAt.getTime() + ABSENCE_SETTLES_MS) };
      case 'unknown':
        return { kind: 'wechat-unreachable', timedOut: false };
    }
  }

  private async call(attempt: Attempt, now: Date, callMs: number): Promise<Round> {
    const prepared = await this.gateway.prepare(attempt, callMs);
    if (prepared.kind === 'prepared') return this.keep(attempt, prepared, now);
    if (prepared.kind === 'refused' && prepared.leavesNothing) await this.attempts.refused(attempt);
    else await this.attempts.release(attempt);
    const { orderNo, outTradeNo } = attempt;
    switch (prepared.kind) {
      case 'refused':
        this.logger.error({ orderNo, outTradeNo, code: prepared.code, text: prepared.text }, 'WeChat refused a prepay');
        return { kind: 'wechat-refused', code: prepared.code, text: prepared.text };
      case 'unknown':
        this.logger.warn({ orderNo, outTradeNo, reason: prepared.reason }, 'prepay: outcome unknown');
        return { kind: 'wechat-unreachable', timedOut: prepared.timedOut };
      case 'paid':
      case 'closed': {
        const asked = await this.ask.about(attempt, 'query', callMs);
        if (asked === 'paid' || asked === 'final') return 'again';
        return asked === 'unknown'
          ? { kind: 'wechat-unreachable', timedOut: false }
          : { kind: 'wechat-refused', code: prepared.kind === 'paid' ? 'ORDERPAID' : 'ORDERCLOSED', text: '' };
      }
    }
  }

  private async keep(attempt: Attempt, prepared: PreparedAtWechat, now: Date): Promise<Round> {
    const stored = await this.attempts.storePrepared(attempt, prepared);
    if (stored === 'stale') return 'again';
    if (stored === 'over') {
      await this.revoke(attempt);
      return 'again';
    }
    void this.pending.schedule([{ orderNo: attempt.orderNo, dueInMs: 5_000 }]);
    this.watch.changed(attempt.orderNo);
    const { prepayId, codeUrl, mwebUrl } = prepared;
    return ready({ ...attempt, prepayId, codeUrl, mwebUrl, preparedAt: now }, now);
  }

  /** The order ended while WeChat was answering: what it answered is given to nobody and closed at WeChat. */
  private async revoke(attempt: Attempt): Promise<void> {
    const { outTradeNo } = attempt;
    const closed = await this.gateway.close(attempt, CALL_MS);
    if (closed.kind === 'paid') await this.ask.about(attempt, 'close', CALL_MS);
    this.logger.warn({ outTradeNo, closed: closed.kind }, 'prepay: the order ended meanwhile, its code is dropped');
  }
}

function ready(attempt: Attempt, now: Date): Round {
  const given = handed(attempt, now);
  return given ? { kind: 'ready', attempt, given } : 'again';
}
