// Takes over refunds that were made in the merchant console: they are stored under WeChat's number and told like ours.
// Next: the refund step asks WeChat about each until it has ended.
import { Injectable, Logger } from '@nestjs/common';
import { RefundGateway, Refunds } from './ports.ts';

const LIST_MS = 5_000;

@Injectable()
export class TakeOver {
  private readonly logger = new Logger('refund');

  constructor(
    private readonly refunds: Refunds,
    private readonly gateway: RefundGateway,
  ) {}

  /** Stores what is not known here of a payment's refunds. Answers whether all of them could be seen. */
  async of(transactionId: string): Promise<boolean> {
    const seen = await this.gateway.list(transactionId, LIST_MS);
    if (!seen) {
      this.logger.error({ transactionId }, 'the refunds of a payment could not be listed: settle the order again');
      return false;
    }
    for (const refund of seen) {
      if ((await this.refunds.takeOver(refund)) !== true) continue;
      const { outRefundNo, refundId, amountFen } = refund;
      this.logger.warn({ transactionId, outRefundNo, refundId, amountFen }, 'a refund made without us is taken over');
    }
    return true;
  }
}
