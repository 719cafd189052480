// Carries refunds out at WeChat: the number is committed before the call and kept through every repeat; only WeChat's
// clear word ends one, and it is told once; ABNORMAL until `order` has said that the buyer was repaid. Next: `order` books
// it.
import { Injectable, Logger } from '@nestjs/common';
import {
  isDefiniteRefusal,
  isEnded,
  isSameRefund,
  needsHands,
  type Refund,
  type RefundAtWechat,
  REFUNDS_APART_MS,
  refundTryMs,
  tellEndMs,
} from '../domain/refund.ts';
import { ABSENCE_SETTLES_MS } from '../domain/schedule.ts';
import { abreast } from './abreast.ts';
import {
  Counts,
  type RefundCommand,
  RefundGateway,
  type RefundRecorded,
  Refunds,
  type Repayment,
  type RepaymentRecorded,
} from './ports.ts';
import { Watch } from './watch.ts';

const ABREAST = 10;
const CALL_MS = 15_000;
const QUERY_MS = 5_000;
/** As long after a call it is certain that it reaches WeChat no more. */
const CALL_SETTLES_MS = CALL_MS + ABSENCE_SETTLES_MS;
/** Two queries and one call: a lease that outlives its holder's work. */
const LEASE_MS = 60_000;
/** A tick takes no more refunds after this long; the next one goes on. */
const TICK_MS = 4_000;

@Injectable()
export class RefundMoney {
  private readonly logger = new Logger('refund');

  constructor(
    private readonly refunds: Refunds,
    private readonly gateway: RefundGateway,
    private readonly watch: Watch,
    private readonly counts: Counts,
  ) {}

  /** Writes commands down; one outcome each, in order. */
  async record(commands: readonly RefundCommand[]): Promise<RefundRecorded[]> {
    const recorded: RefundRecorded[] = [];
    for (const command of commands) {
      recorded.push(await this.refunds.record(command));
      this.watch.changed(command.orderNo);
    }
    return recorded;
  }

  /** Writes down which refunds the buyer got by other means, as `order` tells; one outcome each, in order. */
  async repaid(repayments: readonly Repayment[]): Promise<RepaymentRecorded[]> {
    const recorded: RepaymentRecorded[] = [];
    for (const repayment of repayments) {
      const { orderNo, outRefundNo } = repayment;
      const outcome = await this.refunds.repaid(repayment);
      recorded.push(outcome);
      if (outcome === 'recorded') this.logger.log({ outRefundNo }, 'refund repaid without WeChat');
      this.watch.changed(orderNo);
    }
    return recorded;
  }

  /** Works off the refunds that are due. */
  async tick(): Promise<void> {
    const end = performance.now() + TICK_MS;
    for (let more = true; more && performance.now() < end;) {
      const due = await this.refunds.claim(ABREAST, LEASE_MS);
      await abreast(
        due,
        ABREAST,
        (refund) => this.one(refund),
        (error) => this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a refund failed'),
      );
      more = due.length === ABREAST;
    }
  }

  /** One try for one leased refund. */
  async one(refund: Refund): Promise<void> {
    if (isEnded(refund.state)) return this.tell(refund);
    // What was called before may have reached WeChat: it is asked before it is told again.
    if (refund.state === 'PROCESSING' || refund.calledAt !== null) {
      const asked = await this.ask(refund);
      if (asked !== 'absent') return;
      if (refund.state === 'PROCESSING') return this.wait(refund, 'WeChat does not know a refund it has taken on');
    }
    await this.call(refund);
  }

  /** Asks WeChat and writes down what it says. `absent`: WeChat knows no such refund. */
  async ask(refund: Refund): Promise<'clear' | 'later' | 'absent'> {
    const answer = await this.gateway.query(refund.outRefundNo, QUERY_MS);
    if (answer.kind === 'absent') return 'absent';
    if (answer.kind === 'unknown') {
      await this.wait(refund, answer.reason);
      return 'later';
    }
    if (!isSameRefund(refund, answer.refund)) {
      this.logger.error({ outRefundNo: refund.outRefundNo }, 'WeChat knows this number as another refund');
      await this.wait(refund, 'known at WeChat as another refund');
      return 'later';
    }
    return this.write(refund, answer.refund);
  }

  private async call(refund: Refund): Promise<void> {
    const { outRefundNo } = refund;
    const begun = await this.refunds.begin(refund, REFUNDS_APART_MS, CALL_SETTLES_MS);
    if (begun === 'later') return;
    const answer = await this.gateway.refund(refund, CALL_MS);
    switch (answer.kind) {
      case 'accepted':
        await this.refunds.accepted(outRefundNo, answer.refundId);
        this.logger.log({ outRefundNo, refundId: answer.refundId }, 'refund taken on');
        await this.refunds.later(outRefundNo, refundTryMs('PROCESSING', 0), '');
        return;
      case 'unknown':
        return this.wait(refund, answer.reason);
      case 'refused':
        return this.refused(refund, answer.code, answer.text, begun === 'again');
    }
  }

  /**
   * A refusal of a repeat says nothing about the first try, so WeChat is asked before the number is given up; and while an
   * earlier call may still be on its way, "does not exist" says nothing either: an operator would give the money back
   * under another number, and both would be paid.
   */
  private async refused(refund: Refund, code: string, text: string, again: boolean): Promise<void> {
    const { outRefundNo } = refund;
    if (!isDefiniteRefusal(code)) return this.wait(refund, code);
    if ((await this.ask(refund)) !== 'absent') return;
    if (again) return this.wait(refund, code);
    const told = await this.refunds.conclude(outRefundNo, 'REFUSED', undefined, `${code} ${text}`.trim());
    if (told) this.logger.error({ outRefundNo, code, text }, 'WeChat refused a refund: an operator has to decide');
  }

  private async write(refund: Refund, { state, refundId }: RefundAtWechat): Promise<'clear' | 'later'> {
    const { outRefundNo, orderNo } = refund;
    if (state === 'UNKNOWN') {
      this.logger.error({ outRefundNo }, 'WeChat told a refund status that is not known here');
      await this.wait(refund, 'unknown refund status');
      return 'later';
    }
    if (state === 'PROCESSING') {
      if (refund.state === 'REQUESTED') await this.refunds.accepted(outRefundNo, refundId);
      const tries = refund.state === 'PROCESSING' ? refund.tries : 0;
      await this.refunds.later(outRefundNo, refundTryMs('PROCESSING', tries), '');
      return 'clear';
    }
    if (await this.refunds.conclude(outRefundNo, state, refundId, '')) {
      this.logger.log({ outRefundNo, state }, 'refund ended');
      this.watch.changed(orderNo);
    }
    return 'clear';
  }

  private async tell(refund: Refund): Promise<void> {
    await this.refunds.tellAgain(refund.outRefundNo);
    await this.refunds.later(refund.outRefundNo, tellEndMs(refund), '');
  }

  private async wait({ outRefundNo, state, tries }: Refund, reason: string): Promise<void> {
    const hands = needsHands(reason);
    this.counts.refundWaits(hands ? 'somebody' : 'time');
    if (hands) this.logger.error({ outRefundNo, reason, tries }, 'a refund waits until somebody removes the cause');
    else this.logger.warn({ outRefundNo, reason, tries }, 'a refund waits');
    await this.refunds.later(outRefundNo, refundTryMs(state === 'PROCESSING' ? state : 'REQUESTED', tries), reason);
  }
}
