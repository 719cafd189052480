// Books payments: an order is PAID once, by its own amount; other money is booked as an open anomaly. Ends the story.
import { Injectable, Logger } from '@nestjs/common';
import { type EventData } from '#contract';
import { whenAmountDiffers } from '../domain/closing.ts';
import { type Payment } from '../domain/settlement.ts';
import { OrderChanges, PendingOrders, type Settled } from './ports.ts';

/** `paid`, `review`, `late`, `double`: booked now. The others changed nothing. */
export type SettleOutcome =
  'paid' | 'review' | 'late' | 'double' | 'already-booked' | 'nothing-to-do' | 'unknown-order' | 'foreign-transaction';

type Mismatch = EventData<'payment.mismatched'>;

@Injectable()
export class SettleOrders {
  private readonly logger = new Logger(SettleOrders.name);

  constructor(
    private readonly changes: OrderChanges,
    private readonly pending: PendingOrders,
  ) {}

  /**
   * Settles a batch of confirmed payments in one transaction; repeats and other orders of arrival end the same.
   * @returns one outcome per payment, in order
   */
  async settle(payments: readonly EventData<'payment.succeeded'>[]): Promise<SettleOutcome[]> {
    return this.book(payments.map(({ paidAt, ...rest }) => ({ ...rest, paidAt: new Date(paidAt) })));
  }

  /**
   * Books money of another amount than was asked: an order that waits for money goes into REVIEW with it, for an operator
   * to decide; money that comes after the end or beside other money goes back by itself. What names no transaction can
   * only be noted.
   * @returns one outcome per mismatch, in order
   */
  async mismatched(mismatches: readonly Mismatch[]): Promise<SettleOutcome[]> {
    const outcomes: SettleOutcome[] = [];
    for (const mismatch of mismatches) {
      const payment = paymentOf(mismatch);
      outcomes.push(...(payment ? await this.book([payment]) : await this.note([mismatch.orderNo])));
    }
    return outcomes;
  }

  private async book(payments: readonly Payment[]): Promise<SettleOutcome[]> {
    const settled = await this.changes.settle(payments);
    const outcomes = settled.map(outcomeOf);
    const ended: string[] = [];
    for (const [index, { orderNo, transactionId }] of payments.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'paid' || outcome === 'review') ended.push(orderNo);
      if (outcome !== 'paid' && outcome !== 'already-booked') {
        this.logger.warn({ orderNo, transactionId, outcome }, 'payment does not fit its order');
      }
    }
    if (ended.length > 0) this.pending.ended(ended);
    // Whoever tells it again has not heard how the order ended: that news was lost, and nobody else would repeat it.
    const again = payments.filter((_, index) => outcomes[index] === 'already-booked').map(({ orderNo }) => orderNo);
    if (again.length > 0) await this.changes.tellEnds(again);
    return outcomes;
  }

  private async note(orderNos: readonly string[]): Promise<SettleOutcome[]> {
    const moved = await this.changes.move(orderNos, whenAmountDiffers);
    const ended = moved.filter(({ to }) => to !== undefined).map(({ orderNo }) => orderNo);
    if (ended.length > 0) this.pending.ended(ended);
    return moved.map(({ from, to }) => (from === undefined ? 'unknown-order' : to ? 'review' : 'nothing-to-do'));
  }
}

const outcomeOfRole = { MAIN: 'paid', AMOUNT: 'review', LATE: 'late', DOUBLE: 'double' } as const;

/** A mismatch was paid when it was told, if its sender is too old to say. */
const paymentOf = ({ orderNo, outTradeNo, transactionId, totalFee, paidAt, source }: Mismatch): Payment | undefined =>
  transactionId === undefined
    ? undefined
    : {
        orderNo,
        outTradeNo,
        transactionId,
        totalFee,
        paidAt: paidAt === undefined ? new Date() : new Date(paidAt),
        source: source ?? 'notify',
        differs: true,
      };

function outcomeOf(settled: Settled): SettleOutcome {
  switch (settled.kind) {
    case 'booked':
      return outcomeOfRole[settled.role];
    case 'repeat':
      return 'already-booked';
    case 'foreign':
      return 'foreign-transaction';
    case 'unknown-order':
      return 'unknown-order';
  }
}
