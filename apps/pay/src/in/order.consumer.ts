import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { Event, EventType } from '#contract';
import { done, type Outcome, park, retry } from '#platform';
import type { OrderStatus } from '../domain/payable.ts';
import type { RefundRecorded, RepaymentRecorded } from '../flow/ports.ts';
import { RecordNews } from '../flow/record.ts';
import { RefundMoney } from '../flow/refund.ts';

/** How an order has ended, by the event that says so. */
export const endings: Partial<Record<EventType, OrderStatus>> = {
  'order.paid': 'PAID',
  'order.cancelled': 'CANCELLED',
  'order.failed': 'PAY_FAILED',
};

/** What `order` tells us. Everything is only written down; an order that is not known yet is on its way. */
@Controller()
export class OrderConsumer {
  constructor(
    private readonly record: RecordNews,
    private readonly refunds: RefundMoney,
  ) {}

  @EventPattern('order.placed')
  async placed(events: Event<'order.placed'>[]): Promise<Outcome[]> {
    await this.record.placed(
      events.map(({ data: { orderNo, totalFee, title, expiresAt } }) => ({
        orderNo,
        totalFee,
        title,
        expiresAt: new Date(expiresAt),
      })),
    );
    return events.map(() => done);
  }

  @EventPattern('payment.close.requested')
  async closeRequested(events: Event<'payment.close.requested'>[]): Promise<Outcome[]> {
    const unknown = await this.record.closeRequested(events.map(({ data }) => data));
    return events.map(({ data }) => (unknown.has(data.orderNo) ? retry('the order is not known yet') : done));
  }

  @EventPattern('refund.requested')
  async refundRequested(events: Event<'refund.requested'>[]): Promise<Outcome[]> {
    const recorded = await this.refunds.record(events.map(({ data }) => data));
    return recorded.map((one) => refundAnswers[one]);
  }

  @EventPattern('refund.repaid')
  async refundRepaid(events: Event<'refund.repaid'>[]): Promise<Outcome[]> {
    const recorded = await this.refunds.repaid(events.map(({ data }) => data));
    return recorded.map((one) => repaymentAnswers[one]);
  }

  @EventPattern('order.paid')
  paid(events: Event<'order.paid'>[]): Promise<Outcome[]> {
    return this.ended(events, 'PAID');
  }

  @EventPattern('order.cancelled')
  cancelled(events: Event<'order.cancelled'>[]): Promise<Outcome[]> {
    return this.ended(events, 'CANCELLED');
  }

  @EventPattern('order.failed')
  failed(events: Event<'order.failed'>[]): Promise<Outcome[]> {
    return this.ended(events, 'PAY_FAILED');
  }

  private async ended(
    events: readonly { data: { orderNo: string; transactionId?: string | undefined } }[],
    status: OrderStatus,
  ): Promise<Outcome[]> {
    const unknown = await this.record.ended(
      events.map(({ data: { orderNo, transactionId } }) => ({ orderNo, status, transactionId })),
    );
    return events.map(({ data }) => (unknown.has(data.orderNo) ? retry('the order is not known yet') : done));
  }
}

const refundAnswers: Readonly<Record<RefundRecorded, Outcome>> = {
  recorded: done,
  known: done,
  'unknown-payment': retry('the payment is not known yet'),
  other: park('this refund number stands for another refund'),
};

const repaymentAnswers: Readonly<Record<RepaymentRecorded, Outcome>> = {
  recorded: done,
  known: done,
  'unknown-refund': retry('the refund is not known yet'),
  other: park('this refund number stands for another refund'),
};
