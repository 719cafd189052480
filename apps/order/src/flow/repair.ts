// Repairs refunds that did not end with the money at the buyer's: asked for again under a new number, or repaid without
// WeChat. The cap holds for both. Next: refund; of what was repaid, `pay` shows the buyer that it is back.
import { Injectable, Logger } from '@nestjs/common';
import { refundAdvice, type RefundState } from '../domain/refund.ts';
import { RefundRepairs, type AnewPlacement, type RefundDetail, type Repayment, type RequestAnewWish } from './ports.ts';

/** Refunds on one page of the list. */
const PAGE = 50;

/** A refund with what an operator should do about it. */
export type AdvisedRefund = RefundDetail & { whatToDo: string };

export type Repaid =
  | { kind: 'repaid' | 'repaid-otherwise'; refund: AdvisedRefund }
  | { kind: 'unknown-refund' | 'exceeds-paid' }
  | { kind: 'not-abnormal'; state: RefundState };

@Injectable()
export class RepairRefunds {
  private readonly logger = new Logger(RepairRefunds.name);

  constructor(private readonly repairs: RefundRepairs) {}

  /** Requests the money of an anomaly under a new number; the same key is the same refund. */
  async requestAnew(wish: RequestAnewWish): Promise<AnewPlacement> {
    const placed = await this.repairs.requestAnew(wish, ({ outRefundNo, amountFen }) =>
      JSON.stringify({ outRefundNo, amountFen, status: 'REQUESTED' }),
    );
    if (placed.kind === 'requested') {
      const { anomalyId, operator } = wish;
      this.logger.log({ anomalyId, operator }, 'refund requested anew');
    }
    return placed;
  }

  /** Records how the buyer got the money of an ABNORMAL refund; the same recorded again answers the same. */
  async recordRepaid(repayment: Repayment): Promise<Repaid> {
    const { outRefundNo, how, operator } = repayment;
    const outcome = await this.repairs.recordRepaid(repayment);
    const refund = await this.repairs.find(outRefundNo);
    if (!refund || outcome === 'unknown-refund') return { kind: 'unknown-refund' };
    if (outcome === 'not-abnormal') return { kind: 'not-abnormal', state: refund.status };
    if (outcome === 'exceeds-paid') return { kind: 'exceeds-paid' };
    if (outcome === 'repaid-otherwise') return { kind: 'repaid-otherwise', refund: advised(refund) };
    if (outcome === 'recorded') this.logger.log({ outRefundNo, how, operator }, 'refund repaid without WeChat');
    return { kind: 'repaid', refund: advised(refund) };
  }

  /** Newest first; `next` is the cursor of the following page, null on the last one. */
  async list(query: {
    state?: RefundState;
    before?: string;
  }): Promise<{ refunds: AdvisedRefund[]; next: string | null }> {
    const refunds = await this.repairs.list({ ...query, limit: PAGE + 1 });
    const page = refunds.slice(0, PAGE);
    return { refunds: page.map(advised), next: refunds.length > PAGE ? (page.at(-1)?.outRefundNo ?? null) : null };
  }

  async find(outRefundNo: string): Promise<AdvisedRefund | undefined> {
    const refund = await this.repairs.find(outRefundNo);
    return refund && advised(refund);
  }
}

const advised = (refund: RefundDetail): AdvisedRefund => ({ ...refund, whatToDo: refundAdvice[refund.status] });
