import { BillBroken } from './bill-broken.ts';
import { type BillRow, Columns } from './rows.ts';

/** More rows than a day can have end the reading: an endless answer must not be read for ever. */
const MOST_ROWS = 50_000_000;

/**
 * A bill of trades that is being read: iterate it once, row by row. What the last line sums up is there when the
 * iteration has come to its end, as `summary` and as the value that the iterator returns; a bill that ends without it
 * was cut off and throws BillBroken.
 */
export class Bill implements AsyncIterable<BillRow> {
  /** The texts of the header, in their order. */
  readonly columns: readonly string[];
  private readonly layout: Columns;
  private readonly lines: AsyncIterator<string[], void, undefined>;
  private waiting: readonly string[];
  private total: BillRow | undefined;
  private isRead = false;

  /** @param waiting lines that were read with the header, and follow it. */
  constructor(layout: Columns, waiting: readonly string[], lines: AsyncIterator<string[], void, undefined>) {
    this.layout = layout;
    this.columns = layout.names;
    this.waiting = waiting;
    this.lines = lines;
  }

  /** The sums, by the texts of their columns; undefined until every row was read. */
  get summary(): BillRow | undefined {
    return this.total;
  }

  /** @throws BillBroken, also when it is iterated a second time. */
  [Symbol.asyncIterator](): AsyncGenerator<BillRow, BillRow, undefined> {
    if (this.isRead) throw new BillBroken('was read already');
    this.isRead = true;
    return this.rows();
  }

  /** Ends the download of a bill that is not iterated; leaving an iteration early does the same. */
  async close(): Promise<void> {
    this.isRead = true;
    await this.lines.return?.();
  }

  private async *rows(): AsyncGenerator<BillRow, BillRow, undefined> {
    let line = 1;
    let sums: Columns | undefined;
    try {
      for (;;) {
        for (const text of this.waiting) {
          line += 1;
          if (line > MOST_ROWS) throw new BillBroken('is one row too many', line);
          if (this.total !== undefined) {
            if (text !== '') throw new BillBroken('comes after the summary', line);
          } else if (sums !== undefined) this.total = sums.row(text, line);
          else if (text.startsWith('`')) yield this.layout.row(text, line);
          else sums = new Columns(text, line);
        }
        const next = await this.lines.next();
        if (next.done === true) break;
        this.waiting = next.value;
      }
    } catch (error) {
      this.total = undefined;
      throw error;
    } finally {
      await this.lines.return?.();
    }
    if (this.total === undefined) throw new BillBroken('ends without its summary', line);
    return this.total;
  }
}
