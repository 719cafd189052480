import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { billDay, writeBill } from './bill.ts';
import type { Order } from './order.ts';
import type { Refund } from './refund.ts';

const { vectors } = JSON.parse(readFileSync('libs/wechat-pay/vectors/v2.json', 'utf8')) as {
  vectors: { id: string; input: { text: string } }[];
};
const VECTOR = vectors.find(({ id }) => id === 'bill-01')!.input.text;

const inChina = (text: string): number => Date.parse(`${text.replace(' ', 'T')}+08:00`);
const DAY = { from: inChina('2026-01-02 00:00:00'), to: inChina('2026-01-03 00:00:00'), asOf: 1_000 };

const refund = (change: Partial<Refund> = {}): Refund => ({
  outRefundNo: 'REF0001',
  refundId: '50000000002026010200000000001',
  refundFee: 40,
  account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
  acceptedAt: inChina('2026-01-02 12:00:00'),
  acceptedOn: 0,
  endsOn: 10,
  endsAs: 'SUCCESS',
  status: 'SUCCESS',
  endedAt: inChina('2026-01-02 12:00:10'),
  endedOn: 10,
  ...change,
});
const order = (change: Partial<Order> = {}): Order => ({
  ...{ outTradeNo: 'ORD0001', appid: 'wx8888888888888888', mchId: '1900000109', tradeType: 'NATIVE' },
  ...{ body: '红茶,500g', totalFee: 100, notifyUrl: '', content: '', signType: 'MD5', prepayId: '', codeUrl: '' },
  ...{ codeExpiresOn: 0, createdOn: 0, expiresOn: 0, state: 'REFUND', notices: [] },
  payment: {
    ...{ transactionId: '4200000000202601020000000001', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', bankType: 'OTHERS' },
    ...{ totalFee: 100, paidAt: inChina('2026-01-02 10:11:12'), paidOn: 0 },
  },
  refunds: [refund()],
  ...change,
});
const rows = (text: string | undefined): string[][] =>
  (text ?? '')
    .split('\r\n')
    .filter((line) => line.startsWith('`'))
    .map((line) => line.slice(1).split(',`'));
const titles = (text: string | undefined): string[] => (text ?? '').replace('\uFEFF', '').split('\r\n')[0]!.split(',');

describe('a bill', () => {
  it('is byte for byte what WeChat Pay writes', () => {
    expect(writeBill('ALL', [order()], DAY)).toBe(VECTOR);
  });

  it.each([
    ['ALL', 27, 2],
    ['SUCCESS', 20, 1],
    ['REFUND', 29, 1],
    ['RECHARGE_REFUND', 29, 1],
  ] as const)('of type %s has %i columns and %i rows', (type, columns, count) => {
    const text = writeBill(type, [order({ refunds: [refund({ account: 'REFUND_SOURCE_RECHARGE_FUNDS' })] })], DAY);
    expect(titles(text)).toHaveLength(columns);
    const all = rows(text);
    expect(all.slice(0, -1).map((row) => row.length)).toEqual(Array(count).fill(columns));
    expect(all.at(-1)![0]).toBe(String(count));
  });

  it('has nothing of other days, of unpaid orders, or of refunds from other funds', () => {
    expect(writeBill('ALL', [order()], { from: DAY.to, to: DAY.to + 86_400_000, asOf: 0 })).toBeUndefined();
    const unpaid = order({ refunds: [] });
    delete unpaid.payment;
    expect(writeBill('ALL', [unpaid], DAY)).toBeUndefined();
    expect(writeBill('RECHARGE_REFUND', [order()], DAY)).toBeUndefined();
  });

  it.each([
    [{ status: 'SUCCESS', endedOn: 1_000 }, 'SUCCESS'],
    [{ status: 'SUCCESS', endedOn: 1_001 }, 'PROCESSING'],
    [{ status: 'PROCESSING', endedOn: undefined }, 'PROCESSING'],
    [{ status: 'CHANGE', endedOn: 10 }, 'FAIL'],
    [{ status: 'REFUNDCLOSE', endedOn: 10 }, 'FAIL'],
  ] as [Partial<Refund>, string][])('shows a refund %j as %s: as it was when the bill was made', (change, status) => {
    const text = writeBill('REFUND', [order({ refunds: [refund(change)] })], DAY);
    expect(rows(text)[0]![titles(text).indexOf('退款状态')]).toBe(status);
  });

  it('tells coupons apart: prepaid ones are the merchant’s money, the others nobody’s', () => {
    const coupons = [
      { id: '1', type: 'CASH' as const, feeFen: 20 },
      { id: '2', type: 'NO_CASH' as const, feeFen: 30 },
    ];
    const { payment } = order();
    const text = writeBill('SUCCESS', [order({ refunds: [], payment: { ...payment!, coupons } })], DAY);
    const value = (title: string) => rows(text)[0]![titles(text).indexOf(title)];
    expect([value('应结订单金额'), value('代金券金额'), value('订单金额'), value('手续费')]).toEqual([
      ...['0.70', '0.50', '1.00', '0.00420'],
    ]);
  });

  it('keeps a line break in a name from ending the row', () => {
    expect(rows(writeBill('SUCCESS', [order({ body: 'a\r\nb', refunds: [] })], DAY))).toHaveLength(2);
  });

  it.each([
    ['20260102', '2026-01-02 23:59:59', 'none'],
    ['20260102', '2026-01-03 00:00:00', 'creating'],
    ['20260102', '2026-01-03 09:59:59', 'creating'],
    ['20260102', '2026-01-03 10:00:00', 'ready'],
    ['20260102', '2026-04-05 00:00:00', 'ready'],
    ['20260102', '2026-04-06 00:00:00', 'none'],
    ['20260103', '2026-01-03 10:00:00', 'none'],
  ])('of %s is at %s %s', (date, now, kind) => {
    expect(billDay(date, inChina(now))).toMatchObject({ kind });
  });

  it.each(['2026-1-2', '20260230', '20261301', ''])('has no day %j', (date) => {
    expect(billDay(date, Date.now())).toBeUndefined();
  });
});
