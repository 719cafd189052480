// The tables of `pay` in memory. What is done to them stands in the files beside it: each method is one transaction of
// its adapter in apps/pay/src/out/mysql, with the same conditions in its WHERE clauses, taken from the same transition
// tables.
import type { Attempt } from '../../apps/pay/src/domain/attempt.ts';
import type { Payable } from '../../apps/pay/src/domain/payable.ts';
import type { PaymentResult, SettleOutcome } from '../../apps/pay/src/domain/payment.ts';

export const ACCOUNT = { mchId: '1900000109', appid: 'wx8888888888888888' };

export interface PayableRow extends Payable {
  closeSeq: number;
  closeDueAt: number | null;
  closeLockedUntil: number | null;
  closeTries: number;
}

export class PayBooks {
  readonly payables = new Map<string, PayableRow>();
  /** By `out_trade_no`. */
  readonly attempts = new Map<string, Attempt>();
  /** `outcome` per kept notification, by its bytes. */
  readonly notices = new Map<string, { result: PaymentResult; outcome: SettleOutcome | 'unclear' }>();
  /** By transaction. `refunded`: order wants it given back. */
  readonly anomalies = new Map<
    string,
    { kind: string; orderNo: string | undefined; outTradeNo: string; totalFee: number; refunded: boolean }
  >();

  /** Whether money of another amount that came for an attempt still waits for a word of `order`. */
  isMispaid(outTradeNo: string): boolean {
    return [...this.anomalies.values()].some(
      (one) => one.kind === 'AMOUNT' && one.outTradeNo === outTradeNo && !one.refunded,
    );
  }

  attemptsOf(orderNo: string): Attempt[] {
    return [...this.attempts.values()].filter((one) => one.orderNo === orderNo).sort((a, b) => a.seq - b.seq);
  }

  fingerprint(): string {
    const attempts = [...this.attempts.values()].map((one) => [
      ...[one.outTradeNo, one.state, one.prepaySeq, one.codeUrl, one.transactionId, one.settleSource, one.checkTries],
      ...[one.callingUntil?.getTime(), one.nextCheckAt?.getTime(), one.calledAt.getTime()],
    ]);
    const payables = [...this.payables.values()];
    const notices = [...this.notices].map(([bytes, { outcome }]) => [bytes, outcome]).sort();
    return JSON.stringify([attempts, payables, notices, [...this.anomalies].sort()]);
  }
}

/** A moment of the shop's clock. */
export const at = (ms: number): Date => new Date(ms);
