// Books payments: an order is PAID once, by its own amount; other money is booked as an open anomaly. Ends the story.
import { Injectable, Logger } from '@nestjs/common';
import { type EventData } from '#contract';
import { whenAmountDiffers } from '../domain/closing.ts';
import { OrderChanges, PendingOrders, type Settled } from './ports.ts';

/** `paid`, `review`, `late`, `double`: booked now. The others changed nothing. */
export type SettleOutcome =
  'paid' | 'review' | 'late' | 'double' | 'already-booked' | 'unknown-order' | 'foreign-transaction';

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
    const settled = await this.changes.settle(
      payments.map(({ paidAt, ...rest }) => ({ ...rest, paidAt: new Date(paidAt) })),
    );
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

  /**
   * Takes note that money of another amount was taken for an attempt: the order waits for an operator.
   * @returns one outcome per order, in order; `nothing-to-do` when it had ended or waits already
   */
  async mismatched(orderNos: readonly string[]): Promise<('review' | 'nothing-to-do' | 'unknown-order')[]> {
    const moved = await this.changes.move(orderNos, whenAmountDiffers);
    const ended = moved.filter(({ to }) => to !== undefined).map(({ orderNo }) => orderNo);
    if (ended.length > 0) this.pending.ended(ended);
    return moved.map(({ from, to }) => (from === undefined ? 'unknown-order' : to ? 'review' : 'nothing-to-do'));
  }
}

const outcomeOfRole = { MAIN: 'paid', AMOUNT: 'review', LATE: 'late', DOUBLE: 'double' } as const;

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
