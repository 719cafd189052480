import { InvalidRequest } from '../invalid-request.ts';
import { fromBeijingTime, MAX_XML_BYTES } from '../protocol/index.ts';
import { unknown } from '../wire/call-result.ts';
import { type Deadline } from '../wire/deadline.ts';
import { answered, type Tried, unanswered } from '../wire/endpoint.ts';
import { type Opened } from '../wire/host.ts';
import { type Judgement } from '../wire/judge.ts';
import { BillBroken } from './bill-broken.ts';
import { Bill } from './bill.ts';
import { chunks } from './chunks.ts';
import { lines } from './lines.ts';
import { Columns } from './rows.ts';

const BILL_TYPES = ['ALL', 'SUCCESS', 'REFUND', 'RECHARGE_REFUND'] as const;

export interface DownloadBillRequest {
  /** The day in Beijing, `yyyyMMdd`: at most three months back, ready after ten in the morning of the next day. */
  readonly billDate: string;
  /** Default `ALL`. */
  readonly billType?: (typeof BILL_TYPES)[number] | undefined;
  /** Asks for a compressed answer; it is read either way. */
  readonly gzip?: boolean | undefined;
}

/**
 * The fields of a bill's download.
 * Source: pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_6.
 * @throws InvalidRequest naming the field.
 */
export function downloadBillFields({ billDate, billType = 'ALL', gzip }: DownloadBillRequest): Record<string, string> {
  try {
    fromBeijingTime(`${billDate}000000`);
  } catch {
    throw new InvalidRequest('bill_date', 'is not a day of the form yyyyMMdd');
  }
  if (!BILL_TYPES.includes(billType)) throw new InvalidRequest('bill_type', 'is not supported');
  return { bill_date: billDate, bill_type: billType, ...(gzip === true && { tar_type: 'GZIP' }) };
}

/**
 * Looks at how an answer begins: a header opens the bill, XML is the refusal that it says (also when a compressed
 * bill was asked for), anything else is unknown.
 * @param judge what is said of an answer in XML.
 */
export async function openedBill(
  opened: Opened,
  deadline: Deadline,
  idleMs: number,
  judge: (body: Buffer) => Judgement,
): Promise<Tried<Bill>> {
  if (opened.kind === 'none') return unanswered(opened);
  const bytes = chunks(opened.response, deadline, idleMs);
  try {
    const first = await bytes.next();
    if (first.done === true) return answered(unknown('empty answer'), true);
    const whole = startsWith(first.value, '<') ? await refusal(first.value, bytes) : undefined;
    if (whole !== undefined) {
      const judgement = judge(whole);
      return answered(judgement.kind === 'ok' ? unknown('answer without a bill') : judgement, true);
    }
    return answered(await bill(joined(first.value, bytes)), true);
  } catch (error) {
    if (!(error instanceof BillBroken)) throw error;
    await bytes.return();
    return answered(unknown(deadline.over() ?? error.message), true);
  }
}

async function bill(bytes: AsyncGenerator<Buffer, void, undefined>) {
  const read = lines(bytes);
  const { value: [header = '', ...waiting] = [] } = (await read.next()) as { value?: string[] };
  const layout = header.startsWith('`') ? undefined : new Columns(header, 1);
  if (layout?.isOfTrades === true) return { kind: 'ok', value: new Bill(layout, waiting, read) } as const;
  await read.return();
  return unknown('answer that is not a bill');
}

/** Reads a refusal to its end, as far as one may be long. */
async function refusal(first: Buffer, bytes: AsyncGenerator<Buffer, void, undefined>): Promise<Buffer> {
  let whole = first;
  for await (const chunk of bytes) {
    whole = Buffer.concat([whole, chunk]);
    if (whole.length > MAX_XML_BYTES) break;
  }
  return whole;
}

async function* joined(
  first: Buffer,
  rest: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield first;
    yield* rest;
  } finally {
    // Left while the first piece was being read, the delegation above has not begun.
    await rest.return();
  }
}

function startsWith(bytes: Buffer, character: string): boolean {
  return bytes
    .subarray(0, 64)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
    .startsWith(character);
}
