// Takes a refund notification: opened with our key, compared with our refund, confirmed by a query, and only then written
// down; only what is committed is answered SUCCESS, within one deadline. Next: `order` hears how the refund ended.
import { Injectable, Logger } from '@nestjs/common';
import { isEnded, isSameRefund, type Refund, type RefundAtWechat } from '../domain/refund.ts';
import { atMost } from './at-most.ts';
import { type NotifyReply, NotifySettings } from './notify.ts';
import { Counts, RefundGateway, Refunds } from './ports.ts';
import { RefundMoney } from './refund.ts';
import { TakeOver } from './take-over.ts';

const SUCCESS: NotifyReply = { kind: 'success' };

@Injectable()
export class RefundNotify {
  private readonly logger = new Logger('refund');

  constructor(
    private readonly gateway: RefundGateway,
    private readonly refunds: Refunds,
    private readonly refundMoney: RefundMoney,
    private readonly takeOver: TakeOver,
    private readonly counts: Counts,
    private readonly settings: NotifySettings,
  ) {}

  /** Never throws: what goes wrong is answered FAIL, and WeChat comes again. */
  async receive(raw: Buffer, remoteIp: string): Promise<NotifyReply> {
    const notice = this.gateway.openNotice(raw);
    if (!notice) return this.refuse('refund-unreadable', 'not a refund notification for this merchant', remoteIp);
    const { outRefundNo } = notice;
    const work = this.work(notice, remoteIp).catch((error: unknown) => {
      this.logger.error(
        error instanceof Error ? error : new Error(String(error)),
        'a refund notice met our own trouble',
      );
      return this.refuse('refund-own-trouble', 'busy', remoteIp, outRefundNo);
    });
    const late = () => this.refuse('refund-deadline', 'busy', remoteIp, outRefundNo);
    return atMost(this.settings.replyWithinMs, work, late);
  }

  private async work(notice: RefundAtWechat, remoteIp: string): Promise<NotifyReply> {
    const { outRefundNo } = notice;
    const known = await this.refunds.find(outRefundNo);
    if (!known) return this.unknown(notice, remoteIp);
    if (!isSameRefund(known, notice)) {
      this.logger.error({ outRefundNo, ip: remoteIp }, 'a refund notification differs from our refund');
      return this.refuse('refund-differs', 'not our refund', remoteIp, outRefundNo);
    }
    if (isNews(notice, known)) {
      // The encryption does not protect against changed blocks: what counts is the signed answer of a query.
      const asked = await this.refundMoney.ask(known);
      const now = asked === 'clear' ? await this.refunds.find(outRefundNo) : undefined;
      if (!now || isNews(notice, now)) {
        await this.refunds.hurry(outRefundNo);
        return this.refuse('refund-unclear', 'not confirmed', remoteIp, outRefundNo);
      }
    }
    this.counts.notice('refund-accepted');
    return SUCCESS;
  }

  /** Made in the merchant console, perhaps: WeChat's own list says whether there is such a refund. */
  private async unknown({ outRefundNo, transactionId }: RefundAtWechat, remoteIp: string): Promise<NotifyReply> {
    await this.takeOver.of(transactionId);
    if (!(await this.refunds.find(outRefundNo))) {
      return this.refuse('refund-unknown', 'unknown refund', remoteIp, outRefundNo);
    }
    this.counts.notice('refund-taken-over');
    return SUCCESS;
  }

  private refuse(reason: string, message: string, ip: string, outRefundNo?: string): NotifyReply {
    this.counts.notice(reason);
    this.logger.warn({ reason, ip, outRefundNo }, 'refund notification answered FAIL');
    return { kind: 'fail', message };
  }
}

/** Whether it says more than is written down. Money that came back after all is a fact, whatever was believed before. */
const isNews = (notice: RefundAtWechat, { state }: Pick<Refund, 'state'>): boolean =>
  !isEnded(state) || (state !== 'SUCCESS' && notice.state === 'SUCCESS');
