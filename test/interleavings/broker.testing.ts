import type { PaymentsConsumer } from '../../apps/order/src/in/payments.consumer.ts';
import type { OrderConsumer } from '../../apps/pay/src/in/order.consumer.ts';
import type { Event, EventType } from '#contract';
import type { Outcome } from '#platform';
import type { Around } from './around.testing.ts';

type Handle = (event: Event<never>) => Promise<Outcome[]>;

/** Delivers each message at least once and in any order. One to be tried again waits for {@link again}. */
export class Broker {
  /** How often the next messages are delivered; when none is left, once. */
  readonly copies: number[] = [];
  private readonly later: Event[] = [];
  private handlers: Partial<Record<EventType, Handle>> = {};

  constructor(private readonly shop: Around & { wrong: string[] }) {}

  fingerprint(): string {
    return JSON.stringify([this.later, this.copies.length]);
  }

  /** The queues of both services, with the real consumers behind them. */
  listen(order: PaymentsConsumer, pay: OrderConsumer): void {
    this.handlers = {
      'payment.succeeded': (event: Event<'payment.succeeded'>) => order.succeeded([event]),
      'payment.mismatched': (event: Event<'payment.mismatched'>) => order.mismatched([event]),
      'payment.failed': (event: Event<'payment.failed'>) => order.failed([event]),
      'payment.closed': (event: Event<'payment.closed'>) => order.closed([event]),
      'refund.succeeded': (event: Event<'refund.succeeded'>) => order.refunded([event]),
      'refund.failed': (event: Event<'refund.succeeded'>) => order.refunded([event]),
      'refund.abnormal': (event: Event<'refund.succeeded'>) => order.refunded([event]),
      'order.placed': (event: Event<'order.placed'>) => pay.placed([event]),
      'payment.close.requested': (event: Event<'payment.close.requested'>) => pay.closeRequested([event]),
      'refund.requested': (event: Event<'refund.requested'>) => pay.refundRequested([event]),
      'refund.repaid': (event: Event<'refund.repaid'>) => pay.refundRepaid([event]),
      'order.paid': (event: Event<'order.paid'>) => pay.paid([event]),
      'order.cancelled': (event: Event<'order.cancelled'>) => pay.cancelled([event]),
      'order.failed': (event: Event<'order.failed'>) => pay.failed([event]),
    };
  }

  publish(event: Event): void {
    for (let left = this.copies.shift() ?? 1; left > 0; left--) this.deliver(event);
  }

  /** Delivers once more what could not be handled yet. */
  again(): void {
    for (const event of this.later.splice(0)) this.deliver(event);
  }

  private deliver(event: Event): void {
    const handle = this.handlers[event.type];
    if (!handle) return;
    this.shop.turns.start(`${event.id} ${JSON.stringify(event.data)}`, async () => {
      const [outcome] = await handle(event as Event<never>).catch((error: unknown) => [{ park: String(error) }]);
      if (outcome === 'done') return;
      if (outcome && 'retry' in outcome) this.later.push(event);
      else this.shop.wrong.push(`${event.id} was put aside: ${JSON.stringify(outcome)}`);
    });
  }
}
