// Reads the ledger again after a start: orders, refunds, rules, clock and unfinished notifications go on where they
// stood.
// Next: whatever is due (keep-time.ts).
import { Injectable, Logger } from '@nestjs/common';
import { isUnpaid, OrderBook } from '../domain/order-book.ts';
import { Close } from './close.ts';
import { Notify } from './notify.ts';
import { Ledger } from './ports.ts';
import { Recorder } from './record.ts';
import { RefundOrder } from './refund.ts';

@Injectable()
export class Restore {
  readonly #log = new Logger('ledger');

  constructor(
    private readonly book: OrderBook,
    private readonly ledger: Ledger,
    private readonly recorder: Recorder,
    private readonly close: Close,
    private readonly notify: Notify,
    private readonly refund: RefundOrder,
  ) {}

  /** @throws when the ledger is damaged anywhere but in a last line that was cut off */
  async run(): Promise<void> {
    let entries = 0;
    for await (const entry of this.ledger.recover()) {
      this.recorder.replay(entry);
      entries += 1;
    }
    for (const order of this.book.all()) {
      if (isUnpaid(order)) this.close.watch(order);
      for (const refund of order.refunds) this.refund.watch(order, refund);
      this.notify.resume(order);
    }
    if (entries > 0) this.#log.log(`Went on from ${entries} ledger entries.`);
  }
}
