// Settles payments, whoever learned of them: notify, requery, a buyer's query, close. Each transaction counts once; what
// was committed is on its way to `order` through the outbox. Next: `order` books it and answers with `order.paid`.
import { Injectable, Logger } from '@nestjs/common';
import { anomalyOf, type PaymentResult } from '../domain/payment.ts';
import { Counts, Payments, PendingOrders, type Settled } from './ports.ts';
import { Watch } from './watch.ts';

@Injectable()
export class Settle {
  private readonly logger = new Logger('settle');

  constructor(
    private readonly payments: Payments,
    private readonly pending: PendingOrders,
    private readonly watch: Watch,
    private readonly counts: Counts,
  ) {}

  /**
   * One outcome per result, in order. When this returns, all of them are committed.
   *
   * @throws whatever MySQL throws after its retries: then nothing is committed, or it is not known to be
   */
  async settle(results: readonly PaymentResult[]): Promise<Settled[]> {
    const settled = await this.payments.settle(results);
    settled.forEach((one, i) => this.after(one, results[i] as PaymentResult));
    return settled;
  }

  private after({ outcome, orderNo }: Settled, { outTradeNo, transactionId, source }: PaymentResult): void {
    this.counts.settled(source, outcome);
    if (anomalyOf[outcome]) {
      this.logger.error({ outcome, outTradeNo, transactionId, source }, 'a payment that does not fit: anomaly open');
    } else if (outcome !== 'already-settled') {
      this.logger.log({ outcome, outTradeNo, transactionId, source }, 'payment result');
    }
    if (orderNo === undefined || outcome === 'already-settled') return;
    this.watch.changed(orderNo);
    if (outcome === 'settled') void this.pending.remove([orderNo]);
  }
}
