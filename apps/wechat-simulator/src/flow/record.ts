// Writes what happened: changes the order in memory and the ledger on disk by the same entry, so that a restart ends
// in the same state. Every other step goes through here.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import type { LedgerEntry, LedgerEvent } from '../domain/ledger-entry.ts';
import { OrderBook } from '../domain/order-book.ts';
import { RuleBook } from '../domain/rules.ts';
import { Ledger } from './ports.ts';

@Injectable()
export class Recorder {
  readonly #underWay = new Map<string, Promise<void>>();
  #seq = 0;

  constructor(
    private readonly book: OrderBook,
    private readonly ledger: Ledger,
    private readonly clock: SettableClock,
    private readonly rules: RuleBook,
  ) {}

  /**
   * The change in memory has happened when this returns; the promise resolves when the ledger has it (with `durable`:
   * on the disk). Nobody may be told of money before that.
   * @throws ImpossibleEntry when the order's machine does not allow it
   */
  record(event: LedgerEvent, durable = false): Promise<void> {
    const entry: LedgerEntry = {
      seq: this.#seq + 1,
      at: new Date(this.clock.messageTime()).toISOString(),
      ...event,
    };
    this.book.apply(entry);
    this.#seq += 1;
    const written = this.ledger.append(entry, durable);
    if (durable && 'outTradeNo' in event) this.#track(event.outTradeNo, written);
    return written;
  }

  /** Resolves when everything durable about this order is on the disk; rejects when it cannot be written. */
  async stored(outTradeNo: string): Promise<void> {
    await this.#underWay.get(outTradeNo);
  }

  /** Takes over one entry of an earlier process. */
  replay(entry: LedgerEntry): void {
    this.book.apply(entry);
    if (entry.kind === 'clock') this.clock.restore(entry);
    if (entry.kind === 'rules') this.rules.change(entry.changes);
    if (entry.kind === 'reset') {
      this.clock.reset();
      this.rules.reset();
    }
    this.#seq = entry.seq;
  }

  #track(outTradeNo: string, written: Promise<void>): void {
    this.#underWay.set(outTradeNo, written);
    const forget = (): void => {
      if (this.#underWay.get(outTradeNo) === written) this.#underWay.delete(outTradeNo);
    };
    // A failed write stays in the map: what the disk does not have is never shown to the merchant.
    written.then(forget, () => undefined);
  }
}
