// Refunds of `pay` in memory: see pay-books.testing.ts.
import {
  isEnded,
  isWechatsEnd,
  type Refund,
  type RefundAtWechat,
  type RefundEnd,
  refundMachine,
} from '../../apps/pay/src/domain/refund.ts';
import {
  type RefundCommand,
  type RefundRecorded,
  Refunds,
  type Repayment,
  type RepaymentRecorded,
} from '../../apps/pay/src/flow/ports.ts';
import { refundEnded } from '../../apps/pay/src/out/mysql/refund-events.ts';
import { RefundRow } from '../../apps/pay/src/out/mysql/refund.row.ts';
import type { Event } from '#contract';
import { type Around, row } from './around.testing.ts';
import type { PayBooks } from './pay-books.testing.ts';

interface Kept extends Refund {
  nextTryAt: number | null;
  lockedUntil: number | null;
}

export class PayRefundsInMemory extends Refunds {
  readonly rows = new Map<string, Kept>();

  constructor(
    private readonly around: Around,
    private readonly books: PayBooks,
    /** A refund is due: the next tick takes it. */
    private readonly due: () => void,
  ) {
    super();
  }

  fingerprint(): string {
    return JSON.stringify([...this.rows.values()]);
  }

  override record(command: RefundCommand): Promise<RefundRecorded> {
    const { outRefundNo, transactionId, amountFen, orderNo, reason } = command;
    return this.around.turns.take(`pay records refund ${outRefundNo}`, () => {
      this.due();
      const known = this.rows.get(outRefundNo);
      if (known && this.around.has('same refund number')) {
        if (known.transactionId !== transactionId || known.amountFen !== amountFen) return 'other';
        if (isWechatsEnd(known.state)) this.around.tell([this.ended(known, known.state)]);
        return 'known';
      }
      const number = known ? `${outRefundNo}-${this.rows.size}` : outRefundNo;
      const command = {
        outRefundNo: number,
        transactionId,
        amountFen,
        reason,
        origin: 'COMMAND',
        refundId: null,
      } as const;
      return this.insert(orderNo, command) ? 'recorded' : 'unknown-payment';
    });
  }

  override find(outRefundNo: string): Promise<Refund | undefined> {
    return this.around.turns.take(`pay reads refund ${outRefundNo}`, () => {
      const known = this.rows.get(outRefundNo);
      return known && { ...known };
    });
  }

  override stateOf(orderNo: string): Promise<Refund['state'] | null> {
    return this.around.turns.take('pay reads the newest refund', () => {
      return [...this.rows.values()].findLast((one) => one.orderNo === orderNo)?.state ?? null;
    });
  }

  override claim(limit: number, leaseMs: number): Promise<Refund[]> {
    return this.around.turns.take('pay claims refunds', () => {
      const { now } = this.around;
      const due = [...this.rows.values()]
        .filter(({ nextTryAt, lockedUntil }) => nextTryAt !== null && nextTryAt <= now && (lockedUntil ?? 0) <= now)
        .slice(0, limit);
      const read = due.map((one) => ({ ...one }));
      for (const one of due) Object.assign(one, { lockedUntil: now + leaseMs, tries: one.tries + 1 });
      return read;
    });
  }

  override begin(
    { outRefundNo, transactionId }: Refund,
    apartMs: number,
    settlesMs: number,
  ): Promise<'call' | 'again' | 'later'> {
    return this.around.turns.take(`pay begins refund ${outRefundNo}`, () => {
      const { now } = this.around;
      const refund = row(this.rows, outRefundNo);
      if (refund.state !== 'REQUESTED') return 'later';
      const others = [...this.rows.values()].filter((one) => one.transactionId === transactionId && one !== refund);
      const freeAt = Math.max(0, ...others.map(({ calledAt }) => (calledAt ? calledAt.getTime() + apartMs : 0)));
      if (freeAt > now) {
        Object.assign(refund, { lockedUntil: null, tries: 0, nextTryAt: freeAt });
        return 'later';
      }
      const isAgain = refund.calledAt !== null && refund.calledAt.getTime() + settlesMs > now;
      refund.calledAt = new Date(now);
      return isAgain ? 'again' : 'call';
    });
  }

  override accepted(outRefundNo: string, refundId: string): Promise<void> {
    return this.around.turns.take(`pay has refund ${outRefundNo} accepted`, () => {
      const refund = row(this.rows, outRefundNo);
      if (!refundMachine.sources('PROCESSING').includes(refund.state)) return;
      Object.assign(refund, { state: 'PROCESSING', refundId, tries: 0 });
    });
  }

  override conclude(outRefundNo: string, end: RefundEnd, refundId: string | undefined): Promise<boolean> {
    return this.around.turns.take(`pay concludes refund ${outRefundNo} ${end}`, () => {
      const refund = row(this.rows, outRefundNo);
      if (!refundMachine.sources(end).includes(refund.state)) return false;
      const isToldAgain = refund.origin === 'CONSOLE' || end === 'ABNORMAL';
      const nextTryAt = isToldAgain ? this.around.now + 60_000 : null;
      const ended = { state: end, refundId: refundId ?? refund.refundId, tries: 0, lockedUntil: null, nextTryAt };
      Object.assign(refund, ended);
      this.around.tell([this.ended(refund, end)]);
      return true;
    });
  }

  override repaid({ outRefundNo, transactionId, amountFen }: Repayment): Promise<RepaymentRecorded> {
    return this.around.turns.take(`pay hears that refund ${outRefundNo} was repaid`, () => {
      const refund = this.rows.get(outRefundNo);
      if (!refund) return 'unknown-refund';
      if (refund.transactionId !== transactionId || refund.amountFen !== amountFen) return 'other';
      if (!refundMachine.sources('REPAID').includes(refund.state)) return 'known';
      Object.assign(refund, { state: 'REPAID', tries: 0, lockedUntil: null, nextTryAt: null });
      return 'recorded';
    });
  }

  override later(outRefundNo: string, inMs: number | undefined): Promise<void> {
    return this.around.turns.take(`pay puts refund ${outRefundNo} off`, () => {
      const refund = row(this.rows, outRefundNo);
      if (isEnded(refund.state) && refund.state !== 'ABNORMAL' && refund.origin !== 'CONSOLE') return;
      Object.assign(refund, { lockedUntil: null, nextTryAt: inMs === undefined ? null : this.around.now + inMs });
    });
  }

  override tellAgain(outRefundNo: string): Promise<void> {
    return this.around.turns.take(`pay tells refund ${outRefundNo} again`, () => {
      const refund = row(this.rows, outRefundNo);
      if (isWechatsEnd(refund.state)) this.around.tell([this.ended(refund, refund.state)]);
    });
  }

  override hurry(outRefundNo: string): Promise<void> {
    return this.around.turns.take(`pay hurries refund ${outRefundNo}`, () => {
      const refund = row(this.rows, outRefundNo);
      if (!isEnded(refund.state)) refund.nextTryAt = this.around.now;
    });
  }

  override takeOver(seen: RefundAtWechat): Promise<boolean | 'unknown-payment'> {
    const { outRefundNo, transactionId, amountFen, refundId } = seen;
    return this.around.turns.take(`pay takes refund ${outRefundNo} over`, () => {
      if (this.rows.has(outRefundNo)) return false;
      const console = {
        outRefundNo,
        transactionId,
        amountFen,
        refundId,
        reason: 'merchant console',
        origin: 'CONSOLE',
      } as const;
      return this.insert(undefined, console) ? true : 'unknown-payment';
    });
  }

  private insert(
    orderNo: string | undefined,
    refund: Pick<Refund, 'outRefundNo' | 'transactionId' | 'amountFen' | 'reason' | 'origin' | 'refundId'>,
  ): boolean {
    const paid = this.paid(refund.transactionId);
    if (!paid || (orderNo !== undefined && paid.orderNo !== orderNo)) return false;
    const state = refund.origin === 'CONSOLE' ? 'PROCESSING' : 'REQUESTED';
    const due = { nextTryAt: this.around.now, lockedUntil: null, calledAt: null, tries: 0 };
    this.rows.set(refund.outRefundNo, { ...refund, ...paid, ...due, state });
    const odd = this.books.anomalies.get(refund.transactionId);
    if (odd) odd.refunded = true;
    return true;
  }

  /** Money of a settled attempt, or money of another amount that was taken for one. */
  private paid(transactionId: string): Pick<Refund, 'appid' | 'orderNo' | 'outTradeNo' | 'totalFee'> | undefined {
    const all = [...this.books.attempts.values()];
    const settled = all.find((one) => one.transactionId === transactionId && one.state === 'SUCCESS');
    const odd = settled ? undefined : this.books.anomalies.get(transactionId);
    const attempt = settled ?? all.find((one) => odd?.kind === 'AMOUNT' && one.outTradeNo === odd.outTradeNo);
    if (!attempt) return undefined;
    const { appid, orderNo, outTradeNo } = attempt;
    return { appid, orderNo, outTradeNo, totalFee: odd?.totalFee ?? attempt.totalFee };
  }

  private ended(refund: Refund, end: RefundEnd): Event {
    const {
      orderNo: order_no,
      transactionId: transaction_id,
      outRefundNo: out_refund_no,
      refundId: refund_id,
    } = refund;
    const facts = { order_no, transaction_id, out_refund_no, refund_id, amount_fen: String(refund.amountFen) };
    return refundEnded(Object.assign(new RefundRow(), facts, { last_error: '' }), end);
  }
}
