import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  beijingDateTime,
  beijingTime,
  fromBeijingDateTime,
  fromBeijingTime,
  isOutRefundNo,
  isOutTradeNo,
  isTransactionId,
  LEGACY_NOTIFY_REPEAT_SECONDS,
  nonceStr,
  NOTIFY_REPEAT_SECONDS,
  NOTIFY_SUCCESS,
  notifyFail,
  readFen,
  readPartFen,
  readXml,
  yuanToFen,
  yuanToMicroYuan,
} from './index.ts';

describe('amounts', () => {
  it.each([
    ['1', 1],
    ['88', 88],
    ['2147483648', 2_147_483_648],
    ['9999999999', 9_999_999_999],
  ])('%s fen', (text, fen) => {
    expect(readFen(text)).toBe(fen);
    expect(readPartFen(text)).toBe(fen);
  });

  it.each([
    '-1',
    '1.0',
    '1e2',
    '١٢',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '0x10',
    '01',
    '9007199254740993',
    '1000000000000000000000000000000',
    '',
    undefined,
  ])('%j is not an amount', (text) => {
    expect(readFen(text)).toBeUndefined();
    expect(readPartFen(text)).toBeUndefined();
  });

  it('0 is no amount of an order, but a part can be 0', () => {
    expect(readFen('0')).toBeUndefined();
    expect(readPartFen('0')).toBe(0);
  });
});

describe('amounts of a bill', () => {
  it.each([
    ['1.00', 100, 1_000_000],
    ['19.90', 1990, 19_900_000],
    ['1.15', 115, 1_150_000],
    ['0.29', 29, 290_000],
    ['9.8', 980, 9_800_000],
    ['12', 1200, 12_000_000],
    ['-0.40', -40, -400_000],
    ['-0.00', 0, 0],
    ['9007199254.00', 900_719_925_400, 9_007_199_254_000_000],
  ])('%s yuan', (text, fen, micro) => {
    expect(yuanToFen(text)).toBe(fen);
    expect(yuanToMicroYuan(text)).toBe(micro);
  });

  it('have five decimals for fees, which no fen can tell', () => {
    expect(yuanToMicroYuan('0.00360')).toBe(3_600);
    expect(yuanToMicroYuan('-0.00240')).toBe(-2_400);
    expect(yuanToFen('0.00360')).toBeUndefined();
  });

  it('are exact for every fen', () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999_999, max: 999_999_999 }), (fen) => {
        const digits = String(Math.abs(fen)).padStart(3, '0');
        const text = `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        expect(yuanToFen(text)).toBe(fen);
        expect(yuanToMicroYuan(text)).toBe(fen * 10_000);
      }),
    );
  });

  it.each([
    '',
    undefined,
    '.5',
    '1.',
    '01.00',
    '1,000.00',
    '+1',
    ' 1',
    '1e3',
    '0.0000001',
    '12345678901',
    '9999999999.999999',
  ])('not %j', (text) => {
    expect(yuanToMicroYuan(text)).toBeUndefined();
  });
});

describe('order numbers', () => {
  it.each(['1', 'A_b-C|d*E@1', '01KAGX6F7Q9M2T5V8W0Y-2', 'x'.repeat(32)])('%s', (text) => {
    expect(isOutTradeNo(text)).toBe(true);
  });

  it.each(['', 'x'.repeat(33), '../../x', "' OR 1=1 --", '%00', 'a ', 'a\n', '订单', 'a/b'])('not %j', (text) => {
    expect(isOutTradeNo(text)).toBe(false);
  });

  it('of refunds may be twice as long', () => {
    expect(isOutRefundNo('A_b-C|d*E@1'.padEnd(64, 'x'))).toBe(true);
    for (const text of ['', 'x'.repeat(65), 'a/b', 'a b', '订单']) expect(isOutRefundNo(text)).toBe(false);
  });

  it('of WeChat Pay are letters and digits', () => {
    expect(isTransactionId('4200000478201912254663157927')).toBe(true);
    for (const text of ['', '1'.repeat(33), '1_2', '1\n']) expect(isTransactionId(text)).toBe(false);
  });
});

describe('Beijing time', () => {
  it('comes back from its text, for every second of four-digit years', () => {
    const second = fc.integer({ min: Date.UTC(1, 0, 2) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });
    fc.assert(
      fc.property(second, (at) => {
        expect(fromBeijingTime(beijingTime(new Date(at * 1000))).getTime()).toBe(at * 1000);
      }),
    );
  });

  it.each([
    '',
    '2014090313154',
    '201409031315400',
    '20140230000000',
    '20141301000000',
    '20140101240000',
    '2014-09-03 13:15',
    '١',
  ])('%j does not exist', (text) => {
    expect(() => fromBeijingTime(text)).toThrow(RangeError);
  });

  it('of refunds and bills has blanks and colons', () => {
    expect(beijingDateTime(new Date('2018-11-19T08:24:13Z'))).toBe('2018-11-19 16:24:13');
    expect(fromBeijingDateTime('2018-11-19 16:24:13')).toEqual(new Date('2018-11-19T08:24:13Z'));
    for (const text of ['', '20181119162413', '2018-02-30 16:24:13', '2018-11-19T16:24:13', ' 2018-11-19 16:24:13'])
      expect(() => fromBeijingDateTime(text)).toThrow(RangeError);
  });

  it('cannot be written for no date or a year of five digits', () => {
    expect(() => beijingTime(new Date(NaN))).toThrow(RangeError);
    expect(() => beijingTime(new Date(Date.UTC(10_000, 0, 1)))).toThrow(RangeError);
  });
});

describe('replies to a notification', () => {
  it('acknowledge with exactly these bytes', () => {
    expect(NOTIFY_SUCCESS).toBe(
      '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    );
  });

  it('ask for a repeat in the same form', () => {
    expect(notifyFail('签名失败')).toBe(
      '<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[签名失败]]></return_msg></xml>',
    );
    expect({ ...readXml(Buffer.from(notifyFail('a]]>b'))) }).toEqual({ return_code: 'FAIL', return_msg: 'a]]>b' });
  });

  it('are repeated over 24 h 4 min', () => {
    expect(NOTIFY_REPEAT_SECONDS).toHaveLength(15);
    expect(NOTIFY_REPEAT_SECONDS.reduce((sum, pause) => sum + pause, 0)).toBe((24 * 60 + 4) * 60);
    expect(LEGACY_NOTIFY_REPEAT_SECONDS).toHaveLength(9);
  });
});

it('a nonce is 32 letters and digits, never the same', () => {
  const nonces = Array.from({ length: 100 }, nonceStr);
  expect(new Set(nonces).size).toBe(100);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-z]{32}$/);
});
