// Settling of `pay` in memory: see pay-books.testing.ts.
import { type Attempt, isOpen } from '../../apps/pay/src/domain/attempt.ts';
import { orderStatusMachine, payableMachine } from '../../apps/pay/src/domain/payable.ts';
import { anomalyOf, judge, type PaymentResult, type SettleOutcome } from '../../apps/pay/src/domain/payment.ts';
import { tellAgainMs } from '../../apps/pay/src/domain/schedule.ts';
import { Payments, type Settled } from '../../apps/pay/src/flow/ports.ts';
import { failed, mismatched, succeeded, succeededAgain } from '../../apps/pay/src/out/mysql/events.ts';
import type { Event } from '#contract';
import { type Around, row, transaction } from './around.testing.ts';
import { at, type PayableRow, type PayBooks } from './pay-books.testing.ts';

export class PaymentsInMemory extends Payments {
  constructor(
    private readonly around: Around,
    private readonly books: PayBooks,
  ) {
    super();
  }

  override settle(results: readonly PaymentResult[]): Promise<Settled[]> {
    const what = results.map(({ outTradeNo, kind, source }) => `${outTradeNo} ${kind} by ${source}`).join();
    return transaction(
      this.around,
      this.around.has('attempt compare-and-set'),
      `pay settles ${what}`,
      () => new Map([...this.books.attempts].map(([number, attempt]) => [number, { ...attempt }])),
      (seen) => results.map((result) => this.one(result, seen.get(result.outTradeNo))),
    );
  }

  private one(result: PaymentResult, attempt: Attempt | undefined): Settled {
    const compared = this.around.has('amounts compared') || result.kind === 'failed' || !attempt;
    const taken = [...this.books.attempts.values()].some(
      (one) => one.transactionId === result.transactionId && one.outTradeNo !== result.outTradeNo,
    );
    let outcome = judge(compared ? result : { ...result, totalFee: attempt.totalFee }, attempt);
    if (outcome === 'settled' && taken) outcome = 'transaction-taken';
    const events = attempt ? this.consequences(result, attempt, outcome) : [];
    if (anomalyOf[outcome] && result.transactionId !== undefined && !this.books.anomalies.has(result.transactionId)) {
      const totalFee = result.kind === 'paid' ? result.totalFee : 0;
      const { outTradeNo } = result;
      const anomaly = {
        kind: anomalyOf[outcome] ?? '',
        orderNo: attempt?.orderNo,
        outTradeNo,
        totalFee,
        refunded: false,
      };
      this.books.anomalies.set(result.transactionId, anomaly);
    }
    this.keep(result, outcome);
    this.around.tell(events);
    return { outcome, orderNo: outcome === 'transaction-taken' ? undefined : attempt?.orderNo };
  }

  private consequences(result: PaymentResult, read: Attempt, outcome: SettleOutcome): Event[] {
    const payable = row(this.books.payables, read.orderNo);
    if (outcome === 'settled' && result.kind === 'paid') {
      const { transactionId, paidAt, source, openid = null } = result;
      const paid = { state: 'SUCCESS', transactionId, paidAt, settleSource: source, openid } as const;
      const due = { callingUntil: null, checkTries: 0, nextCheckAt: at(this.around.now + tellAgainMs(0)) };
      Object.assign(row(this.books.attempts, read.outTradeNo), paid, due);
      this.hasMoney(payable);
      return [succeeded(read.orderNo, result)];
    }
    if (outcome === 'amount-mismatch' && result.kind === 'paid') {
      const attempt = row(this.books.attempts, read.outTradeNo);
      const isNew = isOpen(attempt) || attempt.nextCheckAt === null;
      if (isNew) Object.assign(attempt, { checkTries: 0, nextCheckAt: at(this.around.now + tellAgainMs(0)) });
      if (isOpen(attempt)) attempt.state = 'FAILED';
      attempt.callingUntil = null;
      this.hasMoney(payable);
      if (orderStatusMachine.sources('REVIEW').includes(payable.orderStatus)) payable.orderStatus = 'REVIEW';
      return [mismatched(read.orderNo, result, read.totalFee)];
    }
    if (outcome !== 'failure-stored' || result.kind !== 'failed') return [];
    return payable.state === 'OPEN' && payable.orderStatus === 'WAIT_PAY' ? [failed(read, result)] : [];
  }

  /** Done, unless another attempt is still open: that one is closed first. */
  private hasMoney(payable: PayableRow): void {
    const alsoOpen = this.books.attemptsOf(payable.orderNo).some(isOpen);
    if (!alsoOpen && payable.state === 'OPEN') payable.state = 'DONE';
    if (alsoOpen && payableMachine.sources('CLOSING').includes(payable.state)) {
      const closing = { state: 'CLOSING', closeReason: 'paid', closeDueAt: this.around.now } as const;
      Object.assign(payable, closing, { closeSeq: payable.closeSeq + 1 });
    }
  }

  private keep(result: PaymentResult, outcome: SettleOutcome | 'unclear'): void {
    if (!result.notice) return;
    const bytes = result.notice.raw.toString();
    const kept = this.books.notices.get(bytes);
    if (!kept || kept.outcome === 'unclear') this.books.notices.set(bytes, { result, outcome });
  }

  override keepUnclear(result: PaymentResult): Promise<void> {
    return this.around.turns.take(`pay keeps an unclear notice of ${result.outTradeNo}`, () => {
      this.keep(result, 'unclear');
      const attempt = this.books.attempts.get(result.outTradeNo);
      if (attempt && isOpen(attempt)) attempt.nextCheckAt = at(this.around.now);
    });
  }

  override tellAgain(outTradeNos: readonly string[]): Promise<void> {
    return this.around.turns.take(`pay tells ${outTradeNos.join()} again`, () => {
      const attempts = outTradeNos.map((number) => row(this.books.attempts, number));
      this.around.tell(
        attempts.flatMap((attempt) => (attempt.state === 'SUCCESS' ? (succeededAgain(attempt) ?? []) : [])),
      );
    });
  }
}
