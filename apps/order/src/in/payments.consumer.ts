import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { ORDER_PAYABLE, orderPayableRequest, TIMEOUT_TYPE, type Event, type OrderPayableReply } from '#contract';
import { counter, done, park, retry, type Outcome } from '#platform';
import { CloseOrders, type CloseOutcome } from '../flow/close.ts';
import { ExpireOrders } from '../flow/expire.ts';
import { type RefundBooked } from '../flow/ports.ts';
import { ReadOrders } from '../flow/read.ts';
import { RefundOrders } from '../flow/refund.ts';
import { SettleOrders, type SettleOutcome } from '../flow/settle.ts';

const results = counter('paypair_order_payment_results_total', 'Results of payments by type and outcome', [
  'type',
  'outcome',
]);

/** What `pay` tells us and asks us, and time-out messages. Each batch has one outcome per message. */
@Controller()
export class PaymentsConsumer {
  constructor(
    private readonly settleOrders: SettleOrders,
    private readonly closeOrders: CloseOrders,
    private readonly expireOrders: ExpireOrders,
    private readonly readOrders: ReadOrders,
    private readonly refundOrders: RefundOrders,
  ) {}

  @EventPattern('payment.succeeded')
  async succeeded(events: Event<'payment.succeeded'>[]): Promise<Outcome[]> {
    return acknowledge('payment.succeeded', await this.settleOrders.settle(events.map(({ data }) => data)));
  }

  @EventPattern('payment.mismatched')
  async mismatched(events: Event<'payment.mismatched'>[]): Promise<Outcome[]> {
    return acknowledge('payment.mismatched', await this.settleOrders.mismatched(events.map(({ data }) => data)));
  }

  @EventPattern('payment.failed')
  async failed(events: Event<'payment.failed'>[]): Promise<Outcome[]> {
    return acknowledge('payment.failed', await this.closeOrders.failed(events.map(({ data }) => data.orderNo)));
  }

  @EventPattern('payment.closed')
  async closed(events: Event<'payment.closed'>[]): Promise<Outcome[]> {
    return acknowledge('payment.closed', await this.closeOrders.closed(events.map(({ data }) => data.orderNo)));
  }

  @EventPattern(['refund.succeeded', 'refund.failed', 'refund.abnormal'])
  async refunded(events: Event<'refund.succeeded'>[]): Promise<Outcome[]> {
    const outcomes = await this.refundOrders.conclude(events.map(({ data }) => data));
    return outcomes.map((outcome, index) => {
      results.inc({ type: events[index]?.type ?? '', outcome });
      return refundAnswers[outcome];
    });
  }

  @EventPattern(TIMEOUT_TYPE)
  async timeouts(hints: { orderNo: string }[]): Promise<Outcome[]> {
    await this.expireOrders.timeouts(hints.map(({ orderNo }) => orderNo));
    return hints.map(() => done);
  }

  @MessagePattern(ORDER_PAYABLE)
  payable(data: unknown): Promise<OrderPayableReply> {
    return this.readOrders.payable(orderPayableRequest.parse(data).orderNo);
  }
}

function acknowledge(type: string, outcomes: (SettleOutcome | CloseOutcome)[]): Outcome[] {
  return outcomes.map((outcome) => {
    results.inc({ type, outcome });
    // The message may be faster than the order's own commit is visible; an order that never appears is parked.
    if (outcome === 'unknown-order') return retry('unknown order');
    if (outcome === 'foreign-transaction') return park('the transaction is booked for another order');
    return done;
  });
}

/** A refund made in the merchant console may be told before its payment is. */
const refundAnswers: Readonly<Record<RefundBooked, Outcome>> = {
  booked: done,
  repeat: done,
  'unknown-order': retry('unknown order'),
  'unknown-payment': retry('unknown payment'),
  'other-refund': park('this refund number belongs to another amount or payment'),
};
