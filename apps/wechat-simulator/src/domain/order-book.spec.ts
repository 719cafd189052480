import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LedgerEvent } from './ledger-entry.ts';
import { ImpossibleEntry, OrderBook } from './order-book.ts';
import { orderMachine, type TradeState } from './order.ts';

const ordered = (outTradeNo: string, codeUrl = `weixin://code/${outTradeNo}`): LedgerEvent => ({
  kind: 'ordered',
  outTradeNo,
  appid: 'wx',
  mchId: '19',
  tradeType: 'NATIVE',
  body: 'tea',
  totalFee: 88,
  notifyUrl: 'http://127.0.0.1/notify',
  content: 'same',
  signType: 'MD5',
  prepayId: 'wx1',
  codeUrl,
  codeExpiresOn: 100,
  createdOn: 0,
  expiresOn: 1_000,
});
const captured = (outTradeNo: string, transactionId = `4200${outTradeNo}`): LedgerEvent => ({
  kind: 'captured',
  outTradeNo,
  orderedFee: 88,
  transactionId,
  openid: 'o1',
  bankType: 'OTHERS',
  totalFee: 88,
  paidAt: 5,
  paidOn: 5,
});

describe('the order machine', () => {
  it('pays only what is unpaid and what is paid or closed stays so', () => {
    const payable = (Object.keys(orderMachine) as TradeState[]).filter((state) => orderMachine[state].capture);
    expect(payable).toEqual(['NOTPAY', 'USERPAYING', 'PAYERROR']);
    expect(orderMachine.SUCCESS).toEqual({ refund: 'REFUND' });
    expect(orderMachine.REFUND).toEqual({ refund: 'REFUND' });
    expect(orderMachine.CLOSED).toEqual({});
  });
});

describe('OrderBook', () => {
  let book: OrderBook;
  let seq: number;
  const apply = (...events: LedgerEvent[]): void => {
    for (const event of events) book.apply({ seq: (seq += 1), at: '2026-11-21T00:00:00.000Z', ...event });
  };

  beforeEach(() => {
    book = new OrderBook();
    seq = 0;
  });

  it('captures a number once', () => {
    apply(ordered('A'), captured('A'));
    expect(() => apply(captured('A', 'other'))).toThrow(ImpossibleEntry);
    expect(book.byNumber('A')?.payment?.transactionId).toBe('4200A');
    expect(book.byTransaction('other')).toBeUndefined();
  });

  it('refuses to close what is paid and to pay what is closed', () => {
    apply(ordered('A'), captured('A'), ordered('B'), { kind: 'closed', outTradeNo: 'B', by: 'merchant' });
    expect(() => apply({ kind: 'closed', outTradeNo: 'A', by: 'expiry' })).toThrow(ImpossibleEntry);
    expect(() => apply(captured('B'))).toThrow(ImpossibleEntry);
  });

  it('takes the money of a closed order only where it is said to have been on its way', () => {
    const late = { ...captured('A'), althoughClosed: true } as LedgerEvent;
    apply(ordered('A'));
    expect(() => apply(late)).toThrow(ImpossibleEntry);
    apply({ kind: 'closed', outTradeNo: 'A', by: 'wechat' }, late);
    expect(book.byNumber('A')).toMatchObject({ state: 'SUCCESS', payment: { transactionId: '4200A' } });
    expect(() => apply(late)).toThrow(ImpossibleEntry);
  });

  it('lets a failed attempt be paid all the same until the order is closed', () => {
    apply(ordered('A'), { kind: 'attempt-failed', outTradeNo: 'A', outcome: 'payerror' });
    expect(book.byNumber('A')?.state).toBe('PAYERROR');
    apply(captured('A'));
    expect(book.byNumber('A')?.state).toBe('SUCCESS');
  });

  it('kills the old code when a fresh one is made', () => {
    apply(ordered('A', 'weixin://old'));
    apply({
      kind: 'ordered-again',
      outTradeNo: 'A',
      signType: 'HMAC-SHA256',
      prepayId: 'wx2',
      codeUrl: 'weixin://new',
      codeExpiresOn: 200,
    });
    expect(book.byCode('weixin://old')).toBeUndefined();
    expect(book.byCode('weixin://new')).toMatchObject({ outTradeNo: 'A', prepayId: 'wx2', signType: 'HMAC-SHA256' });
  });

  it('lists open codes newest first, without what is paid or closed', () => {
    apply(ordered('A'), ordered('B'), ordered('C'), ordered('D'), captured('B'));
    apply({ kind: 'closed', outTradeNo: 'D', by: 'expiry' });
    expect(book.openCodes(10).map(({ outTradeNo }) => outTradeNo)).toEqual(['C', 'A']);
    expect(book.openCodes(1).map(({ outTradeNo }) => outTradeNo)).toEqual(['C']);
  });

  it('still lists an old open code after thousands of payments', () => {
    apply(ordered('old'));
    for (let i = 0; i < 5_000; i += 1) apply(ordered(`n${i}`), captured(`n${i}`));
    expect(book.openCodes(200).map(({ outTradeNo }) => outTradeNo)).toEqual(['old']);
    expect(book.payments(2).map(({ outTradeNo }) => outTradeNo)).toEqual(['n4999', 'n4998']);
  });

  it('counts a notice as accepted as soon as one copy was', () => {
    apply(ordered('A'), captured('A'));
    const notified = { kind: 'notified', outTradeNo: 'A', transactionId: '4200A', notice: 0, attempt: 1 } as const;
    apply({ ...notified, duplicate: true, status: 200, replied: 'SUCCESS', accepted: true, endedOn: 1 });
    apply({ ...notified, duplicate: false, status: 500, replied: '', accepted: false, endedOn: 2 });
    expect(book.byNumber('A')?.notices[0]).toMatchObject({ accepted: true, tries: [{ status: 200 }, { status: 500 }] });
  });

  it('knows nothing after a reset', () => {
    apply(ordered('A'), captured('A'), { kind: 'reset' });
    expect(book.byNumber('A')).toBeUndefined();
    expect(book.byTransaction('4200A')).toBeUndefined();
    expect(book.payments(9)).toEqual([]);
    apply(ordered('A'));
    expect(book.byNumber('A')?.state).toBe('NOTPAY');
  });
});
