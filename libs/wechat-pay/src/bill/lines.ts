import { BillBroken } from './bill-broken.ts';

/** Longest line of a bill, in bytes; a real one has some hundred. */
export const MAX_LINE_BYTES = 64 * 1024;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/**
 * Cuts bytes into lines, given as many at a time as one piece completed. Lines end with CR LF; a bill whose header ends
 * with a bare line feed is read with those. A line feed inside a CR LF bill belongs to the text of a row.
 * @throws BillBroken for a line above 64 KiB or bytes that are not UTF-8.
 */
export async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string[], void, undefined> {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Buffer = Buffer.alloc(0);
  let end: '\r\n' | '\n' | undefined;
  let given = 0;
  const decode = (complete: Buffer): string => {
    try {
      return utf8.decode(complete);
    } catch {
      throw new BillBroken('is not UTF-8', given + 1);
    }
  };
  for await (const chunk of bytes) {
    // Only the incomplete last line is kept between two pieces.
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (end === undefined) {
      const first = rest.indexOf(LINE_FEED);
      if (first >= 0) end = rest[first - 1] === CARRIAGE_RETURN ? '\r\n' : '\n';
    }
    const last = end === undefined ? -1 : rest.lastIndexOf(end);
    if (end !== undefined && last >= 0) {
      const complete = decode(withoutBom(rest.subarray(0, last), given === 0)).split(end);
      rest = rest.subarray(last + end.length);
      const long = complete.findIndex((line) => line.length > MAX_LINE_BYTES);
      if (long >= 0) throw new BillBroken('is too long', given + long + 1);
      given += complete.length;
      yield complete;
    }
    if (rest.length > MAX_LINE_BYTES) throw new BillBroken('is too long', given + 1);
  }
  if (rest.length > 0) yield [decode(withoutBom(rest, given === 0))];
}

function withoutBom(bytes: Buffer, first: boolean): Buffer {
  return first && bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
}
