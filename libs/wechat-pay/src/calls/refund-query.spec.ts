import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, answers, message, newClient, refuses, TestServer, unknown } from '../../test-support/server.ts';
import { RefundsIncomplete, type RefundState, type WechatPayClient } from '../index.ts';
import { refundQueryFields } from './refund-query.ts';

const ORDER = { transaction_id: '42', out_trade_no: 'A1', total_fee: 1000, cash_fee: 990, fee_type: 'CNY' };

/** The numbered fields of one refund. */
const refund = (position: number, number: number, changes: Record<string, string | number> = {}) =>
  Object.fromEntries(
    Object.entries({
      out_refund_no: `R${number}`,
      refund_id: `5000${number}`,
      refund_channel: 'ORIGINAL',
      refund_fee: 20,
      settlement_refund_fee: '20',
      refund_status: 'PROCESSING',
      refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
      refund_recv_accout: '',
      ...changes,
    }).map(([name, value]) => [`${name}_${position}`, value]),
  );

const page = (numbers: number[], changes: Record<string, string | number> = {}): Record<string, string | number> => ({
  ...ORDER,
  refund_count: numbers.length,
  ...Object.fromEntries(numbers.flatMap((number, position) => Object.entries(refund(position, number)))),
  ...changes,
});

let server: TestServer;
let client: WechatPayClient;

beforeAll(async () => {
  server = await new TestServer().listen();
  client = newClient({ baseUrl: server.url });
});

afterEach(() => {
  server.requests.length = 0;
});

afterAll(async () => {
  client.close();
  await server.close();
});

describe('a refund query', () => {
  it('gives typed refunds with their coupons', async () => {
    server.answer = answers({
      ...ORDER,
      settlement_total_fee: 995,
      refund_count: 2,
      ...refund(0, 1, {
        refund_status: 'SUCCESS',
        refund_success_time: '2018-11-19 16:24:13',
        refund_recv_accout: '招商银行信用卡0403',
        coupon_refund_fee: 3,
        coupon_refund_count: 2,
      }),
      coupon_refund_id_0_0: '10000',
      coupon_refund_fee_0_0: 1,
      coupon_type_0_0: 'NO_CASH',
      coupon_refund_id_0_1: '10001',
      coupon_refund_fee_0_1: 2,
      ...refund(1, 2, { refund_channel: '' }),
      coupon_refund_id_1_0: '10002',
    });
    expect(await client.refundQuery({ outTradeNo: 'A1' })).toEqual({
      kind: 'ok',
      value: {
        transactionId: '42',
        outTradeNo: 'A1',
        totalFee: 1000,
        settlementTotalFee: 995,
        cashFee: 990,
        totalRefundCount: 2,
        refunds: [
          {
            outRefundNo: 'R1',
            refundId: '50001',
            refundStatus: 'SUCCESS',
            refundFee: 20,
            settlementRefundFee: 20,
            refundChannel: 'ORIGINAL',
            refundAccount: 'REFUND_SOURCE_UNSETTLED_FUNDS',
            refundRecvAccount: '招商银行信用卡0403',
            refundSuccessTime: new Date('2018-11-19T08:24:13.000Z'),
            couponRefundFee: 3,
            coupons: [
              { couponRefundId: '10000', couponRefundFee: 1, couponType: 'NO_CASH' },
              { couponRefundId: '10001', couponRefundFee: 2, couponType: undefined },
            ],
          },
          {
            outRefundNo: 'R2',
            refundId: '50002',
            refundStatus: 'PROCESSING',
            refundFee: 20,
            settlementRefundFee: 20,
            refundChannel: undefined,
            refundAccount: 'REFUND_SOURCE_UNSETTLED_FUNDS',
            refundRecvAccount: undefined,
            refundSuccessTime: undefined,
            couponRefundFee: undefined,
            coupons: [{ couponRefundId: '10002', couponRefundFee: undefined, couponType: undefined }],
          },
        ],
      },
    });
    expect(server.requests[0]).toMatchObject({ path: '/pay/refundquery', fields: { out_trade_no: 'A1' } });
  });

  it.each(['SUCCESS', 'REFUNDCLOSE', 'PROCESSING', 'CHANGE'])('tells %s', async (status) => {
    server.answer = answers(page([1], refund(0, 1, { refund_status: status })));
    expect(await client.refundQuery({ outRefundNo: 'R1' })).toMatchObject({
      value: { refunds: [{ refundStatus: status }] },
    });
  });

  it('tells a status of the future as UNKNOWN', async () => {
    server.answer = answers(page([1], refund(0, 1, { refund_status: 'HALFWAY' })));
    expect(await client.refundQuery({ refundId: '50001' })).toMatchObject({
      value: { refunds: [{ refundStatus: 'UNKNOWN' }] },
    });
  });

  it('reads ten refunds with all their fields, which are more than any other answer has', async () => {
    const coupons = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`coupon_refund_id_${index}_0`, `1000${index}`]),
    );
    server.answer = answers(page([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], coupons));
    const result = await client.refundQuery({ transactionId: '42' });
    expect(result.kind === 'ok' ? result.value.refunds : []).toHaveLength(10);
  });

  it.each<[string, Record<string, string | number | undefined>, string]>([
    ['about another order', { ...page([1]), out_trade_no: 'A2' }, 'answer for another refund'],
    ['without a count', { ...page([1]), refund_count: '' }, 'answer without refund_count'],
    ['with fewer refunds than it says', { ...page([1]), refund_count: 2 }, 'answer without refund_status_1'],
    ['with more refunds than it says', { ...page([1, 2]), refund_count: 1 }, 'answer with more refunds than it says'],
    ['with a count without end', { ...page([1]), refund_count: '1000000000' }, 'answer with a malformed refund_count'],
    ['with a decimal', { ...page([1]), refund_fee_0: '0.20' }, 'answer with a malformed refund_fee_0'],
    ['without a status', { ...page([1]), refund_status_0: '' }, 'answer without refund_status_0'],
    [
      'with a day that does not exist',
      { ...page([1]), refund_success_time_0: '2018-02-30 16:24:13' },
      'answer with a malformed refund_success_time_0',
    ],
    ['in another currency', { ...page([1]), fee_type: 'HKD' }, 'answer in another currency'],
  ])('is unknown when the answer is %s', async (_what, fields, reason) => {
    server.answer = answers(fields);
    expect(await client.refundQuery({ outTradeNo: 'A1' })).toEqual(unknown(reason));
  });

  it('for one refund is unknown when the answer has only others', async () => {
    server.answer = answers(page([1, 2]));
    expect(await client.refundQuery({ outRefundNo: 'R2' })).toMatchObject({ kind: 'ok' });
    expect(await client.refundQuery({ outRefundNo: 'R3' })).toEqual(unknown('answer for another refund'));
    expect(await client.refundQuery({ refundId: '50003' })).toEqual(unknown('answer for another refund'));
  });

  it('is refused for a refund that does not exist', async () => {
    server.answer = refuses('REFUNDNOTEXIST');
    expect(await client.refundQuery({ outRefundNo: 'R1' })).toMatchObject({ kind: 'refused', code: 'REFUNDNOTEXIST' });
  });

  it('is not sent with a number that cannot be one', () => {
    for (const [field, request] of [
      ['out_refund_no', { outRefundNo: 'R/1' }],
      ['refund_id', { refundId: '5-1' }],
      ['out_trade_no', { outTradeNo: '' }],
      ['transaction_id', { transactionId: '' }],
      ['offset', { outTradeNo: 'A1', offset: -1 }],
      ['offset', { outTradeNo: 'A1', offset: 0.5 }],
    ] as const)
      expect(() => refundQueryFields(request)).toThrow(field);
  });
});

describe('all refunds of an order', () => {
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const collect = async () => {
    const refunds: RefundState[] = [];
    for await (const each of client.refunds({ outTradeNo: 'A1' })) refunds.push(each);
    return refunds.map(({ outRefundNo }) => outRefundNo);
  };
  /** Answers pages of ten out of so many. */
  const pages = (total: number, broken?: Answer): Answer => {
    return (response, fields) => {
      const offset = Number(fields['offset'] ?? 0);
      if (offset > 0 && broken !== undefined) broken(response, fields);
      else
        response.end(
          message(
            page(range(offset + 1, Math.min(total, offset + 10)), total > 10 ? { total_refund_count: total } : {}),
          ),
        );
    };
  };

  it.each([0, 1, 10, 11, 24, 30, 50])('are given whole: %s', async (total) => {
    server.answer = pages(total);
    expect(await collect()).toEqual(range(1, total).map((number) => `R${number}`));
  });

  it('are asked for by offset', async () => {
    server.answer = pages(24);
    await collect();
    expect(server.requests.map(({ fields }) => fields['offset'])).toEqual([undefined, '10', '20']);
  });

  it('are given once each when one is added meanwhile', async () => {
    server.answer = (response, fields) => {
      const numbers = fields['offset'] === undefined ? range(1, 10) : [10, 11];
      response.end(message(page(numbers, { total_refund_count: fields['offset'] === undefined ? 11 : 12 })));
    };
    expect(await collect()).toEqual(range(1, 11).map((number) => `R${number}`));
  });

  it.each<[string, Answer, string]>([
    ['breaks off', (response) => response.destroy(), 'connection: ECONNRESET'],
    ['is refused', refuses('PARAM_ERROR'), 'PARAM_ERROR'],
    ['is empty', answers({ ...ORDER, refund_count: 0 }), 'answer with fewer refunds than it says'],
  ])('end with an error when a page %s: what was given is not all', async (_what, broken, why) => {
    server.answer = pages(24, broken);
    await expect(collect()).rejects.toThrow(RefundsIncomplete);
    await expect(collect()).rejects.toThrow(why);
  });
});
