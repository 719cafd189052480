// Makes the order payable at WeChat and answers its code. One open attempt per order, committed with every parameter
// before WeChat is called; a code is shown only while its attempt is open. Next: the buyer pays, WeChat notifies.
import { Injectable, Logger } from '@nestjs/common';
import { type Attempt, usableCode } from '../domain/attempt.ts';
import { type PrepayRefusal, prepayRefusal } from '../domain/payable.ts';
import { Ask } from './ask.ts';
import { LookUp } from './look-up.ts';
import { Attempts, type AttemptWish, Counts, Gateway, PendingOrders, PrepayLock } from './ports.ts';

/** What is the same for all attempts of this installation. */
export class PrepaySettings {
  constructor(
    readonly signType: AttemptWish['signType'],
    readonly notifyUrl: string,
    readonly minExpireSeconds: number,
  ) {}
}

export type PrepayAnswer =
  | { kind: 'ready'; outTradeNo: string; codeUrl: string; totalFee: number; expiresAt: Date }
  | { kind: 'refused'; reason: PrepayRefusal }
  | { kind: 'wechat-refused'; code: string; text: string }
  | { kind: 'wechat-unreachable'; timedOut: boolean }
  | { kind: 'unknown-order' }
  | { kind: 'order-unreachable' };

/** One call of unifiedorder. */
const CALL_MS = 8_000;
/** The whole of a prepay, waiting for another caller's code included. */
const PREPAY_WITHIN_MS = 12_000;
const POLL_MS = 100;

@Injectable()
export class Prepay {
  private readonly logger = new Logger('prepay');

  constructor(
    private readonly lookUp: LookUp,
    private readonly attempts: Attempts,
    private readonly gateway: Gateway,
    private readonly ask: Ask,
    private readonly lock: PrepayLock,
    private readonly pending: PendingOrders,
    private readonly counts: Counts,
    private readonly settings: PrepaySettings,
  ) {}

  /**
   * The open code of an order, made if there is none: asked twice it answers the same one, and two at once cost one
   * call to WeChat. Takes at most 12 s.
   *
   * @param number order number, or the number of one of its attempts
   * @param buyerIp told to WeChat as `spbill_create_ip`
   */
  async native(number: string, buyerIp: string): Promise<PrepayAnswer> {
    const answer = await this.until(performance.now() + PREPAY_WITHIN_MS, number, buyerIp);
    this.counts.prepay(answer.kind === 'refused' ? answer.reason : answer.kind);
    return answer;
  }

  private async until(deadline: number, number: string, buyerIp: string): Promise<PrepayAnswer> {
    while (performance.now() < deadline) {
      const found = await this.lookUp.find(number);
      if (found.kind !== 'found') return found;
      const { payable, attempts, now } = found.standing;
      const reason = prepayRefusal(
        payable,
        attempts.some(({ state }) => state === 'SUCCESS'),
        now,
      );
      if (reason) return { kind: 'refused', reason };
      for (const attempt of attempts) {
        const codeUrl = usableCode(attempt, now);
        if (codeUrl !== undefined) return this.ready(attempt, codeUrl, payable.expiresAt);
      }
      const answer = await this.locked(payable.orderNo, payable.expiresAt, buyerIp);
      if (answer !== 'again') return answer;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return { kind: 'wechat-unreachable', timedOut: true };
  }

  /** `again`: somebody else is at it, or the world changed under us; the next round reads it. */
  private async locked(orderNo: string, expiresAt: Date, buyerIp: string): Promise<PrepayAnswer | 'again'> {
    const release = await this.lock.acquire(orderNo, CALL_MS + 2_000);
    if (release === 'busy') return 'again';
    try {
      return await this.once(orderNo, expiresAt, buyerIp);
    } finally {
      if (release !== 'away') await release();
    }
  }

  private async once(orderNo: string, expiresAt: Date, buyerIp: string): Promise<PrepayAnswer | 'again'> {
    const { signType, notifyUrl, minExpireSeconds } = this.settings;
    const wish = { signType, notifyUrl, minExpireSeconds, spbillCreateIp: buyerIp, callMs: CALL_MS };
    const begun = await this.attempts.begin(orderNo, wish);
    switch (begun.kind) {
      case 'busy':
        return 'again';
      case 'refused':
      case 'unknown-order':
        return begun;
      case 'ready':
        return this.ready(begun.attempt, begun.codeUrl, expiresAt);
      case 'call':
        return this.call(begun.attempt, expiresAt);
    }
  }

  private async call(attempt: Attempt, expiresAt: Date): Promise<PrepayAnswer | 'again'> {
    const prepared = await this.gateway.prepare(attempt, CALL_MS);
    if (prepared.kind === 'code') return this.keep(attempt, prepared, expiresAt);
    await this.attempts.release(attempt);
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
        const asked = await this.ask.about(attempt, 'query', CALL_MS);
        if (asked === 'paid' || asked === 'final') return 'again';
        return asked === 'unknown'
          ? { kind: 'wechat-unreachable', timedOut: false }
          : { kind: 'wechat-refused', code: prepared.kind === 'paid' ? 'ORDERPAID' : 'ORDERCLOSED', text: '' };
      }
    }
  }

  private async keep(
    attempt: Attempt,
    code: { prepayId: string; codeUrl: string },
    expiresAt: Date,
  ): Promise<PrepayAnswer | 'again'> {
    const stored = await this.attempts.storeCode(attempt, code);
    if (stored === 'stale') return 'again';
    if (stored === 'over') {
      await this.revoke(attempt);
      return 'again';
    }
    void this.pending.schedule([{ orderNo: attempt.orderNo, dueInMs: 5_000 }]);
    return this.ready(attempt, code.codeUrl, expiresAt);
  }

  /** The order ended while WeChat was answering: its code is shown to nobody and closed at WeChat. */
  private async revoke(attempt: Attempt): Promise<void> {
    const { outTradeNo } = attempt;
    const closed = await this.gateway.close(attempt, CALL_MS);
    if (closed.kind === 'paid') await this.ask.about(attempt, 'close', CALL_MS);
    this.logger.warn({ outTradeNo, closed: closed.kind }, 'prepay: the order ended meanwhile, its code is dropped');
  }

  private ready({ outTradeNo, totalFee }: Attempt, codeUrl: string, expiresAt: Date): PrepayAnswer {
    return { kind: 'ready', outTradeNo, codeUrl, totalFee, expiresAt };
  }
}
