// Writes the bill of a past day from what the ledger has on payments and refunds; it changes nothing.
// The merchant's part is to compare it with his own books.
import { Injectable } from '@nestjs/common';
import { billDay, writeBill, type BillType } from '../domain/bill.ts';
import { SettableClock } from '../domain/clock.ts';
import { OrderBook } from '../domain/order-book.ts';

export type BillAnswer = { kind: 'bill'; text: string } | { kind: 'no-date' | 'none' | 'creating' };

@Injectable()
export class DownloadBill {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
  ) {}

  /**
   * Days are over by what the clock shows; what happened on them goes by the times in the messages.
   * @param date `yyyyMMdd` in China
   */
  write(date: string, type: BillType): BillAnswer {
    const day = billDay(date, this.clock.shown());
    if (!day) return { kind: 'no-date' };
    if (day.kind !== 'ready') return day;
    const asOf = this.clock.line() - (this.clock.shown() - day.madeAt);
    const text = writeBill(type, this.book.all(), { from: day.from, to: day.to, asOf });
    return text === undefined ? { kind: 'none' } : { kind: 'bill', text };
  }
}
