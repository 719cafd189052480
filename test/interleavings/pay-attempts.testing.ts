// Payables and attempts of `pay` in memory: see pay-books.testing.ts.
import {
  type Attempt,
  attemptMachine,
  handed,
  isOpen,
  outTradeNoOf,
  timeExpireOf,
} from '../../apps/pay/src/domain/attempt.ts';
import {
  type NewPayable,
  type OrderStatus,
  orderStatusMachine,
  type Payable,
  prepayRefusal,
} from '../../apps/pay/src/domain/payable.ts';
import { isSameWay } from '../../apps/pay/src/domain/way.ts';
import {
  Attempts,
  type AttemptWish,
  type BegunPrepay,
  type PreparedAtWechat,
  type Standing,
} from '../../apps/pay/src/flow/ports.ts';
import { type Around, row, transaction } from './around.testing.ts';
import { ACCOUNT, at, type PayableRow, type PayBooks } from './pay-books.testing.ts';

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
      const same = isSameWay(open, wish.way, payable);
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
