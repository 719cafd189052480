// Makes the order payable at WeChat in the way the buyer wants and answers what their device needs for it. One open
// attempt per order, committed with every parameter before WeChat is called, handed out only while it is open. Next: the
// buyer pays, WeChat notifies.
import { Injectable } from '@nestjs/common';
import { type Handed, handed, isOpen } from '../domain/attempt.ts';
import { prepayRefusal } from '../domain/payable.ts';
import { isSameWay, type Scene, type TradeType, type Way } from '../domain/way.ts';
import { LookUp } from './look-up.ts';
import { type AppCashier, Counts, Gateway, type JsapiCashier, PrepayLock } from './ports.ts';
import { CALL_MS, PrepareAttempt, type Prepared, type PrepayRefused, SWITCH_MS } from './prepare-attempt.ts';

/** What is the same for all browsers and apps of this installation. */
export class WaySettings {
  /** Appids of the merchant's app and mini-program; without one, nothing is paid there. */
  constructor(
    readonly scene: Scene,
    readonly appids: { readonly app?: string | undefined; readonly mini?: string | undefined },
  ) {}
}

export interface Ready {
  kind: 'ready';
  outTradeNo: string;
  totalFee: number;
  expiresAt: Date;
}

export type PrepayAnswer<T = object> = (Ready & T) | PrepayRefused;

/** The whole of a prepay, waiting for another caller's code included. */
const PREPAY_WITHIN_MS = 12_000;
const POLL_MS = 100;
/** The lock outlives its holder's calls by this. */
const LOCK_REST_MS = 2_000;

/**
 * Asked twice for the same way it answers the same open attempt, and two at once cost one call to WeChat. Asked for
 * another way it closes the open attempt first: while WeChat does not, that one stays, and the answer is `closing`.
 * A round begins for at most 12 s, and takes at most 8 s, with a switch 6 s more.
 *
 * `number`: an order number, or that of one of its attempts. `buyerIp`: told to WeChat as `spbill_create_ip`.
 */
@Injectable()
export class Prepay {
  constructor(
    private readonly lookUp: LookUp,
    private readonly prepare: PrepareAttempt,
    private readonly gateway: Gateway,
    private readonly lock: PrepayLock,
    private readonly counts: Counts,
    private readonly settings: WaySettings,
  ) {}

  /** The code to scan. */
  async native(number: string, buyerIp: string): Promise<PrepayAnswer<{ codeUrl: string }>> {
    const answer = await this.reach(number, { tradeType: 'NATIVE' }, buyerIp, true);
    return answer.kind === 'ready' ? { ...ready(answer), codeUrl: answer.given.codeUrl } : answer;
  }

  /** The same for who only looks at a page: what is open in another way stays open, and the answer is `other-way`. */
  async firstNative(number: string, buyerIp: string): Promise<PrepayAnswer<{ codeUrl: string }>> {
    const answer = await this.reach(number, { tradeType: 'NATIVE' }, buyerIp, false);
    return answer.kind === 'ready' ? { ...ready(answer), codeUrl: answer.given.codeUrl } : answer;
  }

  /**
   * What a page inside WeChat or a mini-program opens the cashier with, signed anew each time.
   *
   * @param openid the payer as the account's appid sees them; another payer is another attempt
   */
  async jsapi(number: string, buyerIp: string, openid: string): Promise<PrepayAnswer<{ cashier: JsapiCashier }>> {
    const answer = await this.reach(number, { tradeType: 'JSAPI', openid }, buyerIp, true);
    if (answer.kind !== 'ready') return answer;
    return { ...ready(answer), cashier: this.gateway.jsapiCashier(answer.attempt, answer.given.prepayId) };
  }

  /** The same in the merchant's mini-program, whose own server knows the payer: `openid` is the mini-program's. */
  async mini(number: string, payerIp: string, openid: string): Promise<PrepayAnswer<{ cashier: JsapiCashier }>> {
    const { mini: appid } = this.settings.appids;
    if (appid === undefined) return { kind: 'way-not-configured', setting: 'WECHAT_MINI_APPID' };
    const answer = await this.reach(number, { tradeType: 'JSAPI', openid, appid }, payerIp, true);
    if (answer.kind !== 'ready') return answer;
    return { ...ready(answer), cashier: this.gateway.jsapiCashier(answer.attempt, answer.given.prepayId) };
  }

  /** The page of WeChat to send a mobile browser to. */
  async h5(number: string, buyerIp: string): Promise<PrepayAnswer<{ orderNo: string; mwebUrl: string }>> {
    const answer = await this.reach(number, { tradeType: 'MWEB', scene: this.settings.scene }, buyerIp, true);
    if (answer.kind !== 'ready') return answer;
    return { ...ready(answer), orderNo: answer.attempt.orderNo, mwebUrl: answer.given.mwebUrl };
  }

  /** What an app opens the cashier with, signed anew each time. */
  async app(number: string, buyerIp: string): Promise<PrepayAnswer<{ cashier: AppCashier }>> {
    const { app: appid } = this.settings.appids;
    if (appid === undefined) return { kind: 'way-not-configured', setting: 'WECHAT_APP_APPID' };
    const answer = await this.reach(number, { tradeType: 'APP', appid }, buyerIp, true);
    if (answer.kind !== 'ready') return answer;
    return { ...ready(answer), cashier: this.gateway.appCashier(answer.attempt, answer.given.prepayId) };
  }

  /** Answers a scanned product code, for which WeChat waits a few seconds only: the whole of it within `withinMs`. */
  async scanned(number: string, buyerIp: string, withinMs: number): Promise<PrepayAnswer<{ prepayId: string }>> {
    const answer = await this.reach(number, { tradeType: 'NATIVE' }, buyerIp, false, withinMs);
    if (answer.kind !== 'ready') return answer;
    const { prepayId } = answer.attempt;
    return prepayId === null ? { kind: 'wechat-unreachable', timedOut: false } : { ...ready(answer), prepayId };
  }

  private async reach<W extends Way>(
    number: string,
    way: W,
    buyerIp: string,
    mayClose: boolean,
    withinMs = PREPAY_WITHIN_MS,
  ): Promise<Reached<W['tradeType']>> {
    const callMs = Math.min(withinMs, CALL_MS);
    const wanted = { way, buyerIp, mayClose, callMs };
    const answer = await this.until(performance.now() + withinMs, number, wanted);
    this.counts.prepay(answer.kind === 'refused' ? answer.reason : answer.kind);
    // What is ready was prepared, or found, for this very way.
    return answer as Reached<W['tradeType']>;
  }

  private async until(deadline: number, number: string, wanted: Wanted): Promise<Reached> {
    const { way, mayClose } = wanted;
    while (performance.now() < deadline) {
      const found = await this.lookUp.find(number);
      if (found.kind !== 'found') return found;
      const { payable, attempts, now } = found.standing;
      const isPaid = attempts.some(({ state }) => state === 'SUCCESS');
      const reason = prepayRefusal(payable, isPaid, now);
      if (reason) return { kind: 'refused', reason };
      const open = attempts.find(isOpen);
      const isOther = open !== undefined && !isSameWay(open, way, payable);
      if (isOther && !mayClose) return { kind: 'other-way', tradeType: open.tradeType };
      const given = open && !isOther ? handed(open, now) : undefined;
      const answer =
        open && given
          ? { kind: 'ready' as const, attempt: open, given }
          : await this.locked(payable.orderNo, wanted, now, isOther);
      if (answer === 'again') await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      else return answer.kind === 'ready' ? { ...answer, expiresAt: payable.expiresAt } : answer;
    }
    return { kind: 'wechat-unreachable', timedOut: true };
  }

  /** `again`: somebody else is at it, or the world changed under us; the next round reads it. */
  private async locked(
    orderNo: string,
    { way, ...wanted }: Wanted,
    now: Date,
    isSwitch: boolean,
  ): Promise<Prepared | PrepayRefused | 'again'> {
    const release = await this.lock.acquire(orderNo, CALL_MS + LOCK_REST_MS + (isSwitch ? SWITCH_MS : 0));
    if (release === 'busy') return 'again';
    try {
      return await this.prepare.once(orderNo, way, { ...wanted, now });
    } finally {
      if (release !== 'away') await release();
    }
  }
}

interface Wanted {
  way: Way;
  buyerIp: string;
  mayClose: boolean;
  /** For one call of unifiedorder. */
  callMs: number;
}

type Reached<T extends TradeType = TradeType> =
  (Omit<Prepared, 'given'> & { given: Extract<Handed, { tradeType: T }>; expiresAt: Date }) | PrepayRefused;

const ready = ({ attempt, expiresAt }: Omit<Prepared, 'given'> & { expiresAt: Date }): Ready => ({
  kind: 'ready',
  outTradeNo: attempt.outTradeNo,
  totalFee: attempt.totalFee,
  expiresAt,
});
