import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Answer,
  answers,
  answersText,
  deadUrl,
  failsWith,
  newClient,
  TestServer,
  unknown,
} from '../../test-support/server.ts';
import { vector } from '../../test-support/vectors.ts';
import { type Bill, BillBroken, type BillRow, type CallOptions, type WechatPayClient } from '../index.ts';
import { type Timeouts } from '../options.ts';
import { downloadBillFields } from './download-bill.ts';

const TEXT = vector('bill-01').input.text;
const ROW = Buffer.from(`${TEXT.split('\r\n')[1] ?? ''}\r\n`);
const MANY = Buffer.from(TEXT.split('\r\n', 2).join('\r\n') + ROW.toString().repeat(10_000));
const HEADER = Buffer.from(`${TEXT.split('\r\n')[0] ?? ''}\r\n`);

let server: TestServer;
let client: WechatPayClient;
const others: WechatPayClient[] = [];

beforeAll(async () => {
  server = await new TestServer().listen();
});

beforeEach(() => {
  client = newClient({ baseUrl: server.url });
});

afterEach(() => {
  client.close();
  server.requests.length = 0;
  for (const other of others.splice(0)) other.close();
});

afterAll(() => server.close());

const download = (call?: CallOptions) => client.downloadBill({ billDate: '20260102' }, call);

function impatient(timeouts: Partial<Timeouts>): WechatPayClient {
  const made = newClient({ baseUrl: server.url, timeouts });
  others.push(made);
  return made;
}

async function opened(call?: CallOptions, asked = client): Promise<Bill> {
  const result = await asked.downloadBill({ billDate: '20260102' }, call);
  if (result.kind !== 'ok') throw new Error(JSON.stringify(result));
  return result.value;
}

async function rowsOf(bill: Bill): Promise<BillRow[]> {
  const rows: BillRow[] = [];
  for await (const row of bill) rows.push(row);
  return rows;
}

describe('a download', () => {
  it('asks for a day and a kind of bill', async () => {
    server.answer = answersText(TEXT);
    await (await opened()).close();
    const second = await client.downloadBill({ billDate: '20260102', billType: 'RECHARGE_REFUND', gzip: true });
    if (second.kind === 'ok') await second.value.close();
    expect(server.requests).toMatchObject([
      { path: '/pay/downloadbill', fields: { bill_date: '20260102', bill_type: 'ALL' } },
      { fields: { bill_type: 'RECHARGE_REFUND', tar_type: 'GZIP' } },
    ]);
    expect(server.requests[0]?.fields).not.toHaveProperty('tar_type');
  });

  it.each<[string, Answer]>([
    ['plain', answersText(TEXT)],
    ['compressed, whether that was asked for or not', answersText(gzipSync(TEXT))],
    ['byte by byte', (response) => trickle(response, Buffer.from(TEXT))],
    ['compressed byte by byte', (response) => trickle(response, gzipSync(TEXT))],
  ])('gives the rows of a bill that comes %s', async (_what, answer) => {
    server.answer = answer;
    const bill = await opened();
    const rows = await rowsOf(bill);
    expect(rows.map((row) => row.get('交易状态'))).toEqual(['SUCCESS', 'REFUND']);
    expect(bill.summary?.get('总交易单数')).toBe('2');
  });

  it('does not keep what was read, and stops the server while nobody reads', async () => {
    let written = 0;
    server.answer = (response) => {
      response.write(HEADER);
      const more = () => {
        while (!response.destroyed && response.write(ROW)) written += ROW.length;
      };
      response.on('drain', more);
      more();
    };
    const bill = await opened();
    const rows = bill[Symbol.asyncIterator]();
    await rows.next();
    let before = -1;
    // Until the buffers on the way are full.
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
    await bill.close();
  });

  it('ends the connection when the iteration is left early', async () => {
    const closed = new Promise((resolve) => {
      server.answer = (response) => {
        response.on('close', resolve);
        response.write(Buffer.concat([HEADER, ROW, ROW]));
      };
    });
    for await (const row of await opened()) {
      expect(row.line).toBe(2);
      break;
    }
    await closed;
  });
});

describe('an answer in XML is the refusal that it says', () => {
  it.each<[string, unknown]>([
    ['No Bill Exist', { kind: 'refused', code: 'NO_BILL_EXIST', text: 'No Bill Exist' }],
    ['Bill Creating', unknown('BILL_CREATING')],
    ['SYSTEMERROR', unknown('SYSTEMERROR')],
    ['CompressGZip Error', unknown('SYSTEMERROR')],
    ['UnCompressGZip Error', unknown('SYSTEMERROR')],
    ['invalid bill_type', { kind: 'refused', code: 'PARAM_ERROR', text: 'invalid bill_type' }],
    ['data format error', { kind: 'refused', code: 'PARAM_ERROR', text: 'data format error' }],
    ['missing parameter', { kind: 'refused', code: 'LACK_PARAMS', text: 'missing parameter' }],
    ['SIGN ERROR', { kind: 'refused', code: 'SIGNERROR', text: 'SIGN ERROR' }],
  ])('%s', async (text, result) => {
    server.answer = failsWith(text);
    expect(await client.downloadBill({ billDate: '20260102', gzip: true })).toEqual(result);
    server.answer = answersText(
      gzipSync(`\n<xml><return_code>FAIL</return_code><return_msg><![CDATA[${text}]]></return_msg></xml>`),
    );
    expect(await download()).toEqual(result);
  });

  it('and is asked for again while WeChat Pay is in trouble', async () => {
    let tries = 0;
    server.answer = (response, fields) =>
      (++tries < 3 ? failsWith('SYSTEMERROR') : answersText(TEXT))(response, fields);
    const patient = newClient({ baseUrl: server.url, retry: { tries: 3, pauseMs: 1, limitedPauseMs: 1 } });
    others.push(patient);
    await (await opened({}, patient)).close();
  });
});

describe('it is unknown whether there is a bill after', () => {
  it.each<[string, Answer, string]>([
    ['an empty answer', answersText(''), 'empty answer'],
    ['one byte', answersText(Buffer.from([0x1f])), 'answer that is not a bill'],
    ['HTML', answersText('<html></html>'), 'unreadable answer'],
    ['another text', answersText('hello\r\n'), 'answer that is not a bill'],
    ['rows without a header', answersText('`1,`2\r\n'), 'answer that is not a bill'],
    ['HTTP 502', answersText(TEXT, 502), 'HTTP 502'],
    ['a signed success without a bill', answers({}), 'answer without a bill'],
    ['endless XML', (response) => endless(response, '<xml>'.repeat(1_000)), 'unreadable answer'],
    ['an endless header', (response) => endless(response, 'x'.repeat(10_000)), 'bill line 1 is too long'],
    ['broken compression', answersText(gzipSync(TEXT).fill(0xff, 10)), 'bill broke off: Z_DATA_ERROR'],
    ['a bomb of one line', (response) => endless(response, gzipSync(Buffer.alloc(1 << 24))), 'bill line 1 is too long'],
    ['a broken connection', (response) => response.destroy(), 'connection: ECONNRESET'],
  ])('%s', async (_what, answer, reason) => {
    server.answer = answer;
    expect(await download()).toEqual(unknown(reason));
  });

  it('no answer at all', async () => {
    server.answer = () => undefined;
    expect(await impatient({ billIdleMs: 30 }).downloadBill({ billDate: '20260102' })).toEqual(unknown('deadline'));
    expect(await download({ deadlineMs: 30 })).toEqual(unknown('deadline'));
    expect(await download({ signal: AbortSignal.abort() })).toEqual(unknown('aborted'));
    server.answer = (response) => response.flushHeaders();
    expect(await impatient({ billIdleMs: 500 }).downloadBill({ billDate: '20260102' })).toEqual(
      unknown('bill stopped arriving'),
    );
    expect(await download({ deadlineMs: 60 })).toEqual(unknown('deadline'));
  });

  it('nobody could be reached', async () => {
    const nobody = newClient({ baseUrl: await deadUrl() });
    others.push(nobody);
    expect(await nobody.downloadBill({ billDate: '20260102' })).toEqual(unknown('connection: ECONNREFUSED'));
  });
});

describe('a bill that has begun is broken when', () => {
  const begun: Answer = (response) => response.write(Buffer.concat([HEADER, ROW]));

  it.each<[string, Answer, string]>([
    [
      'the connection breaks',
      (response) => breakAfter(response, Buffer.concat([HEADER, ROW])),
      'broke off: ECONNRESET',
    ],
    ['compression ends early', answersText(gzipSync(MANY).subarray(0, -12)), 'broke off: Z_BUF_ERROR'],
    ['it has no summary', answersText(Buffer.concat([HEADER, ROW])), 'ends without its summary'],
  ])('%s', async (_what, answer, why) => {
    server.answer = answer;
    const all = opened().then(rowsOf);
    await expect(all).rejects.toThrow(why);
    await expect(all).rejects.toThrow(BillBroken);
  });

  it('nothing more arrives, the deadline passes, or the caller gives up', async () => {
    server.answer = begun;
    await expect(opened({}, impatient({ billIdleMs: 50 })).then(rowsOf)).rejects.toThrow('bill stopped arriving');
    await expect(opened({ deadlineMs: 200 }).then(rowsOf)).rejects.toThrow('bill took longer than its deadline');
    const giveUp = new AbortController();
    const bill = await opened({ signal: giveUp.signal });
    const all = rowsOf(bill);
    giveUp.abort();
    await expect(all).rejects.toThrow('bill was given up');
  });

  it('nobody iterates it before its deadline', async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer = (response) => {
        response.on('close', () => resolve());
        begun(response, {});
      };
    });
    await opened({ deadlineMs: 100 });
    await closed;
  });
});

it.each<[string, Record<string, unknown>]>([
  ['bill_date', { billDate: '2026-01-02' }],
  ['bill_date', { billDate: '20260230' }],
  ['bill_date', { billDate: '' }],
  ['bill_type', { billDate: '20260102', billType: 'NONE' }],
])('is refused before sending for its %s: %j', (field, request) => {
  expect(() => downloadBillFields(request as never)).toThrow(field);
});

type Response = Parameters<Answer>[0];

function trickle(response: Response, bytes: Buffer): void {
  void (async () => {
    for (const byte of bytes) {
      if (!response.write(Buffer.of(byte))) await once(response, 'drain');
    }
    response.end();
  })();
}

function endless(response: Response, piece: string | Buffer): void {
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

function breakAfter(response: Response, bytes: Buffer): void {
  response.writeHead(200, { 'content-length': '100000' });
  response.write(bytes, () => response.destroy());
}
