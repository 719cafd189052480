// When `pay` closes and asks, in memory: see pay-books.testing.ts.
import { type Attempt, isOpen } from '../../apps/pay/src/domain/attempt.ts';
import { closeBackOffMs, nextCheckMs, tellAgainMs } from '../../apps/pay/src/domain/schedule.ts';
import { Checks, type CloseCommand, Closings, type DueOrder } from '../../apps/pay/src/flow/ports.ts';
import { closed, succeededAgain } from '../../apps/pay/src/out/mysql/events.ts';
import { type Around, row, transaction } from './around.testing.ts';
import type { PayBooks } from './pay-books.testing.ts';

export class ClosingsInMemory extends Closings {
  constructor(
    private readonly around: Around,
    private readonly books: PayBooks,
    /** A command is due: the next tick takes it. */
    private readonly due: () => void,
  ) {
    super();
  }

  override record(commands: readonly CloseCommand[]): Promise<Set<string>> {
    return this.around.turns.take(`pay records the close of ${commands.map(({ orderNo }) => orderNo).join()}`, () => {
      const unknown = new Set<string>();
      for (const { orderNo, reason } of commands) {
        const payable = this.books.payables.get(orderNo);
        if (!payable) {
          unknown.add(orderNo);
          continue;
        }
        if (payable.closeDueAt === null || payable.state === 'DONE') {
          Object.assign(payable, { closeSeq: payable.closeSeq + 1, closeDueAt: this.around.now });
        }
        payable.closeReason ??= reason;
        if (payable.state === 'OPEN') payable.state = 'CLOSING';
      }
      this.due();
      return unknown;
    });
  }

  override claim(limit: number, leaseMs: number): Promise<string[]> {
    return this.around.turns.take('pay claims closes', () => {
      const { now } = this.around;
      const due = [...this.books.payables.values()]
        .filter(
          ({ closeDueAt, closeLockedUntil }) =>
            closeDueAt !== null && closeDueAt <= now && (closeLockedUntil ?? 0) <= now,
        )
        .slice(0, limit);
      for (const payable of due) payable.closeLockedUntil = now + leaseMs;
      return due.map(({ orderNo }) => orderNo);
    });
  }

  override conclude(orderNo: string): Promise<'paid' | 'closed' | 'later'> {
    return this.around.turns.take(`pay concludes the close of ${orderNo}`, () => {
      const payable = this.books.payables.get(orderNo);
      if (!payable || payable.closeDueAt === null) return 'later';
      const attempts = this.books.attemptsOf(orderNo);
      payable.closeLockedUntil = null;
      if (attempts.some(isOpen)) {
        payable.closeDueAt = this.around.now + closeBackOffMs(payable.closeTries);
        payable.closeTries += 1;
        return 'later';
      }
      const successes = attempts.flatMap((attempt) => succeededAgain(attempt) ?? []);
      const end = successes.length > 0 ? 'paid' : 'closed';
      const unheard = end === 'closed' && payable.orderStatus === 'WAIT_PAY';
      const told = payable.state === 'DONE' ? payable.closeTries : 0;
      payable.state = 'DONE';
      payable.closeTries = unheard ? told + 1 : 0;
      payable.closeDueAt = unheard ? this.around.now + tellAgainMs(told) : null;
      // Money of another amount waits for an operator: nothing is said.
      if (end === 'closed' && payable.orderStatus === 'REVIEW') return 'later';
      this.around.tell(end === 'paid' ? successes : [closed(orderNo, payable.closeSeq, attempts)]);
      return end;
    });
  }
}

export class ChecksInMemory extends Checks {
  constructor(
    private readonly around: Around,
    private readonly books: PayBooks,
  ) {
    super();
  }

  override claim(limit: number, dueWithinMs: number, leaseMs: number): Promise<Attempt[]> {
    return this.around.turns.take('pay claims checks', () => {
      const until = this.around.now + dueWithinMs;
      const due = [...this.books.attempts.values()]
        .filter(({ nextCheckAt }) => nextCheckAt !== null && nextCheckAt.getTime() <= until)
        .slice(0, limit);
      const read = due.map((one) => ({ ...one }));
      for (const one of due) one.nextCheckAt = new Date(this.around.now + leaseMs);
      return read;
    });
  }

  override reschedule(outTradeNos: readonly string[]): Promise<void> {
    // Two statements without a lock between them, as in the adapter: what has moved on meanwhile keeps what was set.
    const read = () =>
      outTradeNos.map((number) => [number, row(this.books.attempts, number).state, this.next(number)] as const);
    return transaction(this.around, false, `pay reschedules ${outTradeNos.join()}`, read, (seen) => {
      for (const [number, state, ms] of seen) {
        const attempt = row(this.books.attempts, number);
        if (attempt.nextCheckAt === null || attempt.state !== state) continue;
        attempt.nextCheckAt = ms === undefined ? null : new Date(this.around.now + ms);
        attempt.checkTries += 1;
      }
    });
  }

  private next(outTradeNo: string): number | undefined {
    const { orderNo, state, preparedAt, checkTries: tries } = row(this.books.attempts, outTradeNo);
    const { orderStatus, expiresAt } = row(this.books.payables, orderNo);
    const mispaid = this.books.isMispaid(outTradeNo);
    return nextCheckMs({ state, orderStatus, preparedAt, expiresAt, tries, mispaid }, new Date(this.around.now));
  }

  // What Redis would be told: it is away here, and MySQL decides.
  override claimOf(): Promise<Attempt[]> {
    return Promise.resolve([]);
  }
  override dueIn(): Promise<DueOrder[]> {
    return Promise.resolve([]);
  }
  override page(): Promise<DueOrder[]> {
    return Promise.resolve([]);
  }
  override mayAsk(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
