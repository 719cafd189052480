// Writes down what `order` tells: orders that may be paid, commands to close, how orders ended. Recording is all that
// happens here, so a message is acknowledged at once; repeats are no-ops. Next: prepay, close, or the page.
import { Injectable } from '@nestjs/common';
import type { NewPayable } from '../domain/payable.ts';
import { Attempts, type CloseCommand, Closings, type OrderNews } from './ports.ts';
import { Watch } from './watch.ts';

@Injectable()
export class RecordNews {
  constructor(
    private readonly attempts: Attempts,
    private readonly closings: Closings,
    private readonly watch: Watch,
  ) {}

  async placed(orders: readonly NewPayable[]): Promise<void> {
    await this.attempts.place(orders);
  }

  /** Answers the orders that are unknown here: their `order.placed` is still under way. */
  async closeRequested(commands: readonly CloseCommand[]): Promise<Set<string>> {
    const unknown = await this.closings.record(commands);
    for (const { orderNo } of commands) this.watch.changed(orderNo);
    return unknown;
  }

  /** Answers the orders that are unknown here. */
  async ended(news: readonly OrderNews[]): Promise<Set<string>> {
    const unknown = await this.attempts.recordOrderStatus(news);
    for (const { orderNo } of news) this.watch.changed(orderNo);
    return unknown;
  }
}
