// Takes a payment notification: verified, confirmed by a query, settled; only what is committed is answered SUCCESS, and
// within one deadline. Next: settle hands the payment on to `order`.
import { Injectable, Logger } from '@nestjs/common';
import { isAcknowledged, type Payment, type PaymentResult } from '../domain/payment.ts';
import { atMost } from './at-most.ts';
import { Attempts, Counts, Gateway, Payments } from './ports.ts';
import { Settle } from './settle.ts';
import { TakeOver } from './take-over.ts';

export class NotifySettings {
  /**
   * @param crossCheck `always`: a verified notification is confirmed by a query before it counts
   * @param replyWithinMs for the whole of it, database retries included; WeChat gives up after 5 s
   */
  constructor(
    readonly crossCheck: 'always' | 'never',
    readonly replyWithinMs: number,
  ) {}
}

export type NotifyReply = { kind: 'success' } | { kind: 'fail'; message: string };

const CROSS_CHECK_MS = 2_000;
const SUCCESS: NotifyReply = { kind: 'success' };

@Injectable()
export class Notify {
  private readonly logger = new Logger('notify');

  constructor(
    private readonly gateway: Gateway,
    private readonly attempts: Attempts,
    private readonly payments: Payments,
    private readonly settle: Settle,
    private readonly takeOver: TakeOver,
    private readonly counts: Counts,
    private readonly settings: NotifySettings,
  ) {}

  /**
   * Never throws: what goes wrong is answered FAIL, and WeChat comes again.
   *
   * @param raw the body, byte by byte as it came
   * @param remoteIp kept as evidence
   */
  async receive(raw: Buffer, remoteIp: string): Promise<NotifyReply> {
    const opened = this.gateway.openNotice(raw, remoteIp);
    if (opened.kind === 'refused') {
      if (opened.reason.startsWith('foreign')) {
        this.logger.error(
          { reason: opened.reason, ip: remoteIp },
          'a notification with our sign names another account',
        );
      }
      return this.refuse(opened.reason, opened.message, undefined, remoteIp);
    }
    const work = this.work(opened.result).catch((error: unknown) => {
      this.logger.error(
        error instanceof Error ? error : new Error(String(error)),
        'a notification met our own trouble',
      );
      return this.refuse('own-trouble', 'busy', opened.result);
    });
    return atMost(this.settings.replyWithinMs, work, () => this.refuse('deadline', 'busy', opened.result));
  }

  private async work(result: PaymentResult): Promise<NotifyReply> {
    const check = await this.check(result);
    if (check === 'unclear') {
      await this.payments.keepUnclear(result);
      return this.refuse('unclear', 'not confirmed', result);
    }
    const isRefunded = check === 'refunded' && result.kind === 'paid';
    const [settled] = await this.settle.settle([isRefunded ? { ...result, refunded: true } : result]);
    const outcome = settled?.outcome ?? 'unknown-order';
    if (!isAcknowledged[outcome]) return this.refuse(outcome, 'not accepted', result);
    if (isRefunded) await this.takeOver.of(result.transactionId);
    this.counts.notice(outcome);
    return SUCCESS;
  }

  /**
   * Confirms a success by a query. What has no attempt, is another account's, or is settled with the same transaction
   * already needs none: settling it has no effect. A failure needs none either: it is a hint that leads to a query and
   * a close. `refunded`: WeChat knows refunds of it already.
   */
  private async check(result: PaymentResult): Promise<'clear' | 'refunded' | 'unclear'> {
    if (this.settings.crossCheck === 'never' || result.kind === 'failed') return 'clear';
    const standing = await this.attempts.find(result.outTradeNo);
    const attempt = standing?.attempts.find(({ outTradeNo }) => outTradeNo === result.outTradeNo);
    if (!attempt) return 'clear';
    if (attempt.mchId !== result.mchId || attempt.appid !== result.appid) return 'clear';
    if (attempt.state === 'SUCCESS' && attempt.transactionId === result.transactionId) return 'clear';
    const answer = await this.gateway.query(attempt, 'query', CROSS_CHECK_MS);
    if (answer.kind !== 'paid' || !isSame(answer.payment, result)) return 'unclear';
    return answer.refunded ? 'refunded' : 'clear';
  }

  private refuse(reason: string, message: string, result?: PaymentResult, remoteIp?: string): NotifyReply {
    this.counts.notice(reason);
    const about = result && { outTradeNo: result.outTradeNo, transactionId: result.transactionId };
    this.logger.warn({ reason, ip: remoteIp ?? result?.notice?.remoteIp, ...about }, 'notification answered FAIL');
    return { kind: 'fail', message };
  }
}

const isSame = (a: Payment, b: Payment): boolean =>
  a.outTradeNo === b.outTradeNo && a.transactionId === b.transactionId && a.totalFee === b.totalFee;
