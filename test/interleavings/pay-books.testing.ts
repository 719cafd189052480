// The tables of `pay` in memory. Each method is one transaction of its adapter in apps/pay/src/out/mysql, with the same
// conditions in its WHERE clauses, taken from the same transition tables.
import {
  type Attempt,
  attemptMachine,
  isOpen,
  outTradeNoOf,
  timeExpireOf,
  handed,
} from '../../apps/pay/src/domain/attempt.ts';
import {
  type NewPayable,
  type OrderStatus,
  orderStatusMachine,
  type Payable,
  payableMachine,
  prepayRefusal,
} from '../../apps/pay/src/domain/payable.ts';
import { isSameWay } from '../../apps/pay/src/domain/way.ts';
import { anomalyOf, judge, type PaymentResult, type SettleOutcome } from '../../apps/pay/src/domain/payment.ts';
import { tellAgainMs } from '../../apps/pay/src/domain/schedule.ts';
import {
  Attempts,
  type AttemptWish,
  type BegunPrepay,
  type PreparedAtWechat,
  Payments,
  type Settled,
  type Standing,
} from '../../apps/pay/src/flow/ports.ts';
import { failed, mismatched, succeeded, succeededAgain } from '../../apps/pay/src/out/mysql/events.ts';
import type { Event } from '#contract';
import { type Around, row, transaction } from './around.testing.ts';

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

const at = (ms: number): Date => new Date(ms);

export class AttemptsInMemory extends Attempts {
  constructor(
    private readonly around: Around,
    private readonly books: PayBooks,
  ) {
    super();
  }

  override find(number: string): Promise<Standing | undefined> {
    // Two reads, as in the adapter: the attempts may be newer than the payable.
    const read = () => {
      const payable = this.books.payables.get(this.books.attempts.get(number)?.orderNo ?? number);
      return payable && { ...payable };
    };
    return transaction(this.around, false, `pay finds ${number}`, read, (payable) => {
      const attempts = payable && this.books.attemptsOf(payable.orderNo).map((one) => ({ ...one }));
      return payable && attempts && { payable, attempts, now: at(this.around.now) };
    });
  }

  override place(payables: readonly NewPayable[]): Promise<void> {
    return this.around.turns.take('pay places', () => {
      for (const one of payables) {
        const fresh = { closeSeq: 0, closeDueAt: null, closeLockedUntil: null, closeTries: 0, closeReason: null };
        const row: PayableRow = { ...one, ...ACCOUNT, ...fresh, state: 'OPEN', orderStatus: 'WAIT_PAY' };
        if (!this.books.payables.has(one.orderNo)) this.books.payables.set(one.orderNo, row);
      }
    });
  }

  override begin(orderNo: string, wish: AttemptWish): Promise<BegunPrepay> {
    return this.around.turns.take(`pay begins a prepay of ${orderNo}`, (): BegunPrepay => {
      const payable = this.books.payables.get(orderNo);
      if (!payable) return { kind: 'unknown-order' };
      const now = at(this.around.now);
      const attempts = this.books.attemptsOf(orderNo);
      const paid = attempts.some(({ state }) => state === 'SUCCESS');
      const reason = prepayRefusal(payable, paid, now);
      if (reason) return { kind: 'refused', reason };
      const open = attempts.find(isOpen);
      const lease = {
        calledAt: at(this.around.now + wish.callMs),
        callingUntil: at(this.around.now + wish.callMs + 2_000),
      };
      if (!open) {
        const fresh = { ...newAttempt(payable, attempts.length + 1, wish, now), ...lease };
        this.books.attempts.set(fresh.outTradeNo, fresh);
        return { kind: 'call', attempt: { ...fresh } };
      }
      const same = isSameWay(open, wish.way);
      if (same && handed(open, now)) return { kind: 'ready', attempt: { ...open } };
      if (open.callingUntil !== null && open.callingUntil > now) return { kind: 'busy' };
      if (!same) return { kind: 'other-way', attempt: { ...open } };
      Object.assign(open, lease, { prepaySeq: open.prepaySeq + 1 });
      return { kind: 'call', attempt: { ...open } };
    });
  }

  override storePrepared(
    { orderNo, outTradeNo, prepaySeq }: Attempt,
    prepared: PreparedAtWechat,
  ): Promise<'stored' | 'stale' | 'over'> {
    return this.around.turns.take(`pay stores what ${outTradeNo} is paid by`, () => {
      const attempt = row(this.books.attempts, outTradeNo);
      if (!isOpen(attempt) || row(this.books.payables, orderNo).state !== 'OPEN') return 'over';
      const now = at(this.around.now);
      const { prepayId, codeUrl, mwebUrl } = prepared;
      if (attempt.prepaySeq === prepaySeq) {
        const fresh = { prepayId, codeUrl, mwebUrl, preparedAt: now, callingUntil: null, checkTries: 0 };
        Object.assign(attempt, fresh, { state: 'NOTPAY', nextCheckAt: at(this.around.now + 5_000) });
        return 'stored';
      }
      const nobodyCalls = attempt.callingUntil === null || attempt.callingUntil <= now;
      if (nobodyCalls) Object.assign(attempt, { prepayId: null, codeUrl: null, mwebUrl: null, preparedAt: null });
      return 'stale';
    });
  }

  override release({ outTradeNo, prepaySeq }: Attempt): Promise<void> {
    return this.around.turns.take(`pay releases ${outTradeNo}`, () => {
      const attempt = row(this.books.attempts, outTradeNo);
      if (attempt.prepaySeq === prepaySeq) attempt.callingUntil = null;
    });
  }

  /** WeChat refuses no prepay here. */
  override refused(attempt: Attempt): Promise<void> {
    return this.release(attempt);
  }

  override seen(outTradeNo: string): Promise<void> {
    return this.around.turns.take(`pay has seen ${outTradeNo}`, () => {
      const attempt = row(this.books.attempts, outTradeNo);
      if (attemptMachine.sources('NOTPAY').includes(attempt.state)) attempt.state = 'NOTPAY';
    });
  }

  override finish(outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number): Promise<boolean> {
    return this.around.turns.take(`pay finishes ${outTradeNo} ${state}`, () => {
      const attempt = row(this.books.attempts, outTradeNo);
      const guarded = this.around.has('attempt compare-and-set');
      if (guarded && !attemptMachine.sources(state).includes(attempt.state)) return false;
      if (absentForMs !== undefined && attempt.calledAt.getTime() > this.around.now - absentForMs) return false;
      Object.assign(attempt, { state, nextCheckAt: null, callingUntil: null });
      return true;
    });
  }

  override recordOrderStatus(news: readonly { orderNo: string; status: OrderStatus }[]): Promise<Set<string>> {
    const what = news.map(({ orderNo, status }) => `${orderNo} ${status}`).join();
    return this.around.turns.take(`pay hears ${what}`, () => {
      const unknown = new Set<string>();
      for (const { orderNo, status } of news) {
        const payable = this.books.payables.get(orderNo);
        if (!payable) {
          unknown.add(orderNo);
          continue;
        }
        if (orderStatusMachine.sources(status).includes(payable.orderStatus)) {
          payable.orderStatus = status;
          if (payable.state === 'DONE') payable.closeDueAt = null;
        }
        if (status !== 'PAID') continue;
        for (const attempt of this.books.attemptsOf(orderNo))
          if (attempt.state === 'SUCCESS') attempt.nextCheckAt = null;
      }
      return unknown;
    });
  }
}

function newAttempt(payable: Payable, seq: number, wish: AttemptWish, now: Date): Attempt {
  const { orderNo, totalFee, expiresAt } = payable;
  const { signType, notifyUrl, spbillCreateIp, way } = wish;
  const told = { signType, notifyUrl, spbillCreateIp, body: 'tea', productId: orderNo, tradeType: way.tradeType };
  const payer = {
    payerOpenid: way.tradeType === 'JSAPI' ? way.openid : null,
    scene: way.tradeType === 'MWEB' ? way.scene : null,
  };
  const none = { prepayId: null, codeUrl: null, mwebUrl: null, preparedAt: null, ...payer };
  const unpaid = { transactionId: null, paidAt: null, openid: null, settleSource: null };
  const timeExpire = timeExpireOf(expiresAt, now, wish.minExpireSeconds);
  return {
    ...{ orderNo, totalFee, seq, outTradeNo: outTradeNoOf(orderNo, seq), ...ACCOUNT, ...told, ...none, ...unpaid },
    ...{ timeStart: now, timeExpire, calledAt: now, createdAt: now, callingUntil: null },
    ...{ state: 'CREATED', prepaySeq: 1, checkTries: 0, nextCheckAt: at(now.getTime() + 15_000) },
  };
}

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
