import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BillBroken, type BillRow, readTrade } from '../index.ts';
import { Bill } from './bill.ts';
import { lines, MAX_LINE_BYTES } from './lines.ts';
import { Columns } from './rows.ts';
import { vectors } from '../../test-support/vectors.ts';

const [vector] = vectors.filter(({ group }) => group === 'bill') as [(typeof vectors)[0]];
const TEXT = vector.input.text;
const [HEADER = ''] = TEXT.replace('\ufeff', '').split('\r\n');

async function* pieces(text: string | Buffer, size = 65_536): AsyncGenerator<Buffer, void, undefined> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function open(text: string | Buffer, size?: number): Promise<Bill> {
  const read = lines(pieces(text, size));
  const { value: [header = '', ...waiting] = [] } = (await read.next()) as { value?: string[] };
  return new Bill(new Columns(header, 1), waiting, read);
}

async function read(text: string | Buffer, size?: number): Promise<{ rows: BillRow[]; bill: Bill }> {
  const bill = await open(text, size);
  const rows: BillRow[] = [];
  for await (const row of bill) rows.push(row);
  return { rows, bill };
}

/** Writes a bill as WeChat Pay does. */
function write(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const values = (row: readonly string[]) => '`' + row.join(',`');
  const all = [columns.join(','), ...rows.map(values), '总交易单数,手续费总金额', values(['1', '2'])];
  return `\ufeff${all.join('\r\n')}\r\n`;
}

describe('a bill', () => {
  it.each([65_536, 1_000, 7, 1])('is read as the vector says, in pieces of %s bytes', async (size) => {
    const { rows, bill } = await read(TEXT, size);
    expect(bill.columns).toHaveLength(vector.expected.columns);
    expect(rows).toHaveLength(vector.expected.rows);
    expect(rows[0]?.get('商品名称')).toBe(vector.expected.name);
    expect(bill.summary?.get('总交易单数')).toBe(vector.expected.orders);
    expect(bill.summary?.get('手续费总金额')).toBe(vector.expected.fee);
  });

  it('gives its summary as the value that the iteration returns, and only then', async () => {
    const bill = await open(TEXT);
    const rows = bill[Symbol.asyncIterator]();
    await rows.next();
    await rows.next();
    expect(bill.summary).toBeUndefined();
    const end = await rows.next();
    expect(end.done === true ? end.value.get('总交易单数') : undefined).toBe('2');
    expect(bill.summary?.get('订单总金额')).toBe('1.00');
  });

  it('has typed payments and refunds', async () => {
    const { rows } = await read(TEXT);
    const [payment, refund] = rows.map(readTrade);
    expect(payment).toEqual({
      tradeTime: new Date('2026-01-02T02:11:12.000Z'),
      appid: 'wx8888888888888888',
      mchId: '1900000109',
      transactionId: '4200000000202601020000000001',
      outTradeNo: 'ORD0001',
      openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
      tradeType: 'NATIVE',
      tradeState: 'SUCCESS',
      bankType: 'OTHERS',
      currency: 'CNY',
      totalFee: 100,
      settlementTotalFee: 100,
      refund: undefined,
      body: '红茶,500g',
      attach: '',
      feeMicroYuan: 6_000,
      rate: '0.60%',
    });
    expect(refund).toMatchObject({
      totalFee: 0,
      feeMicroYuan: -2_400,
      refund: {
        refundId: '50000000002026010200000000001',
        outRefundNo: 'REF0001',
        refundFee: 40,
        settlementRefundFee: 40,
        refundType: 'ORIGINAL',
        refundStatus: 'SUCCESS',
      },
    });
  });

  it('of another layout is read by the texts of its header', async () => {
    const old = ['交易时间', '公众账号ID', '商户号', '微信订单号', '商户订单号', '用户标识', '交易类型', '交易状态'];
    const columns = [
      ...old,
      '付款银行',
      '货币种类',
      '总金额',
      '企业红包金额',
      '商品名称',
      '商户数据包',
      '手续费',
      '费率',
    ];
    const row = ['2018-01-02 10:11:12', 'wx', '19', '42', 'A1', 'o', 'NATIVE', 'SUCCESS', 'CFT', 'CNY', '19.90'];
    const { rows } = await read(write(columns, [[...row, '0.00', 'a,b', '', '0.11940', '0.60%']]));
    expect(readTrade(rows[0]!)).toMatchObject({ settlementTotalFee: 1990, totalFee: undefined, refund: undefined });
    expect(rows[0]?.get('企业红包金额')).toBe('0.00');
    expect(rows[0]?.get('订单金额')).toBeUndefined();
  });

  it('with bare line feeds is read too, and a line feed in a name stays in its row otherwise', async () => {
    expect((await read(TEXT.replaceAll('\r\n', '\n'))).rows).toHaveLength(2);
    const { rows } = await read(TEXT.replaceAll('红茶,500g', '红茶\n500g'), 11);
    expect(rows.map((row) => row.get('商品名称'))).toEqual(['红茶\n500g', '红茶\n500g']);
  });

  it('keeps amounts in place when a name holds what separates values', async () => {
    const { rows } = await read(TEXT.replaceAll('红茶,500g', 'a,`9.99,`b'));
    expect(rows[0]?.get('商品名称')).toBe('a,`9.99,`b');
    expect(rows.map((row) => readTrade(row).feeMicroYuan)).toEqual([6_000, -2_400]);
  });

  it('comes back whatever its values are', async () => {
    const columns = ['微信订单号', 'a', '商品名称', '商户数据包', 'b'];
    const character = fc.constantFrom(...'`,"\\<>&=茶 x\t\n1'.split(''));
    const value = fc.string({ unit: character, maxLength: 12 });
    // What separates values can stand between two of them only where both ends are known: in the name.
    const plain = value.filter((text) => !text.includes(',`') && !text.endsWith(','));
    const row = fc.tuple(
      plain,
      plain,
      value.filter((text) => !text.endsWith(',')),
      plain,
      plain,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), fc.integer({ min: 1, max: 200 }), async (rows, size) => {
        const { rows: got, bill } = await read(write(columns, rows), size);
        expect(got.map((each) => columns.map((column) => each.get(column)))).toEqual(rows);
        expect(got.map(({ line }) => line)).toEqual(rows.map((_row, index) => index + 2));
        expect(bill.summary?.get('手续费总金额')).toBe('2');
      }),
    );
  });
});

describe('a bill is broken when', () => {
  const broken = async (text: string | Buffer, why: string | RegExp) => {
    await expect(read(text)).rejects.toThrow(BillBroken);
    await expect(read(text)).rejects.toThrow(why);
  };

  it('it ends anywhere before its summary', async () => {
    const bytes = Buffer.from(TEXT);
    const end = bytes.lastIndexOf('\r\n`2') + 2;
    for (let length = Buffer.byteLength(HEADER) + 5; length <= end; length += 7)
      await expect(read(bytes.subarray(0, length))).rejects.toThrow(BillBroken);
    await broken(bytes.subarray(0, end), 'ends without its summary');
  });

  it('a row has too few values, or too many that no name explains', async () => {
    await broken(TEXT.replace(',`NATIVE', ''), 'line 2 has 26 values for 27 columns');
    await broken(write(['微信订单号', 'a'], [['1', '2', '3']]), 'line 2 has 3 values for 2 columns');
  });

  it('anything follows its summary', async () => {
    await broken(`${TEXT}\`1`, 'comes after the summary');
    expect((await read(`${TEXT}\r\n`)).rows).toHaveLength(2);
  });

  it('a line never ends', async () => {
    await broken(TEXT.replace('红茶', 'x'.repeat(MAX_LINE_BYTES)), 'line 2 is too long');
    await broken(`${HEADER}\r\n\`${'x'.repeat(3 * MAX_LINE_BYTES)}`, 'line 2 is too long');
    await broken('x'.repeat(3 * MAX_LINE_BYTES), 'line 1 is too long');
  });

  it('it is not UTF-8, also at its very end', async () => {
    await broken(Buffer.concat([Buffer.from(TEXT), Buffer.from([0xff])]), 'is not UTF-8');
    await broken(Buffer.from(Buffer.from(TEXT).toString('latin1').replace('ORD', '\xff\xfeR'), 'latin1'), 'not UTF-8');
  });

  it('its header names a column twice, or too many', async () => {
    await broken(TEXT.replace('商品名称', '商户号'), 'line 1 is not a header');
    await broken(`${Array.from({ length: 101 }, (_, index) => index).join(',')}\r\n`, 'line 1 is not a header');
  });

  it('it is read twice, or after it was closed', async () => {
    const { bill } = await read(TEXT);
    expect(() => bill[Symbol.asyncIterator]()).toThrow('was read already');
    const closed = await open(TEXT);
    await closed.close();
    expect(() => closed[Symbol.asyncIterator]()).toThrow('was read already');
  });

  it.each([
    ['交易时间', '2026-01-02 10:11:12', '2026-02-30 10:11:12'],
    ['微信订单号', '4200000000202601020000000001', '4.2e27'],
    ['商户订单号', 'ORD0001', 'OR/D'],
    ['应结订单金额', '`1.00,`0.00,`0', '`1.000,`0.00,`0'],
    ['手续费', '0.00600', '0.006000001'],
  ])('a row has no readable %s: the message names column and line only', async (column, from, to) => {
    const { rows } = await read(TEXT.replace(from, to));
    expect(() => readTrade(rows[0]!)).toThrow(`bill line 2 has no readable ${column}`);
    expect(() => readTrade(rows[0]!)).not.toThrow(to);
  });

  it('a row has none of a needed column', async () => {
    const { rows } = await read(write(['微信订单号', 'b'], [['1', '2']]));
    expect(() => readTrade(rows[0]!)).toThrow('bill line 2 has no readable 交易时间');
  });
});
