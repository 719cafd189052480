import { BillBroken } from './bill-broken.ts';

const MOST_COLUMNS = 100;
const PRODUCT_NAME = '商品名称';
const ATTACH = '商户数据包';

/** A column that every bill of trades has. */
const MARK = '微信订单号';

/** Values by the text of their column: layouts differ by kind of bill, product and year. */
export class BillRow {
  /** Line of the bill, counted from 1 for the header. */
  readonly line: number;
  private readonly columns: Columns;
  private readonly values: readonly string[];

  constructor(columns: Columns, values: readonly string[], line: number) {
    this.columns = columns;
    this.values = values;
    this.line = line;
  }

  /** The value of a column, as text; undefined when this bill has no such column. */
  get(column: string): string | undefined {
    const index = this.columns.index.get(column);
    return index === undefined ? undefined : this.values[index];
  }
}

/** The header of a bill, or of its summary. */
export class Columns {
  readonly names: readonly string[];
  readonly index: ReadonlyMap<string, number>;

  constructor(header: string, line: number) {
    this.names = header.split(',');
    this.index = new Map(this.names.map((name, at) => [name, at]));
    if (this.names.length > MOST_COLUMNS || this.index.size !== this.names.length)
      throw new BillBroken('is not a header', line);
  }

  /** Whether this is the header of a bill of trades. */
  get isOfTrades(): boolean {
    return this.index.has(MARK);
  }

  /**
   * Cuts a line into its values: each begins with a backtick, so they are separated by comma and backtick; commas alone
   * belong to names. A name or attach that holds both characters would shift what follows, so the columns before and
   * after these two are counted from the ends.
   * @throws BillBroken
   */
  row(text: string, line: number): BillRow {
    if (!text.startsWith('`')) throw new BillBroken('does not begin with a backtick', line);
    const values = text.slice(1).split(',`');
    const excess = values.length - this.names.length;
    if (excess === 0) return new BillRow(this, values, line);
    const name = this.index.get(PRODUCT_NAME);
    if (excess < 0 || name === undefined || this.index.get(ATTACH) !== name + 1)
      throw new BillBroken(`has ${values.length} values for ${this.names.length} columns`, line);
    const merged = values.splice(name, excess + 1).join(',`');
    values.splice(name, 0, merged);
    return new BillRow(this, values, line);
  }
}
