/**
 * A bill that cannot be read to its end, or a row that cannot be understood: nothing read of it so far is the whole
 * day. The message names a rule and a line, never content.
 */
export class BillBroken extends Error {
  override readonly name = 'BillBroken';
  /** Line of the bill, counted from 1 for the header; 0 when the trouble has no line. */
  readonly line: number;

  constructor(why: string, line = 0) {
    super(line === 0 ? `bill ${why}` : `bill line ${line} ${why}`);
    this.line = line;
  }
}
