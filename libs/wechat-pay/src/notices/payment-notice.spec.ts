import { describe, expect, it } from '@jest/globals';
import { openPaymentNotice, type SignType } from '../index.ts';
import { signNotice } from '../testing/index.ts';

const KEY = 'TESTONLYv2key0123456789abcdefABC';
const keys = { appid: 'wx8888888888888888', mchId: '1900000109', apiKey: KEY };
const PAID = {
  appid: keys.appid,
  attach: 'a=1&b=2',
  bank_type: 'CMB_DEBIT',
  cash_fee: 86,
  coupon_fee: 2,
  coupon_id_0: '10000',
  device_info: '',
  fee_type: 'CNY',
  future_field_2030: '新字段',
  mch_id: keys.mchId,
  nonce_str: '5d2b6c2a8db53831f7eda20af46e531c',
  openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
  out_trade_no: '01KAGX6F7Q9M2T5V8W0Y-2',
  result_code: 'SUCCESS',
  return_code: 'SUCCESS',
  time_end: '20140903131540',
  total_fee: 88,
  trade_type: 'NATIVE',
  transaction_id: '4200000478201912254663157927',
} as const;

type Changes = Record<string, string | number | undefined>;
const body = (changes: Changes = {}, key = KEY, signType: SignType = 'HMAC-SHA256') =>
  Buffer.from(signNotice({ ...PAID, ...changes }, key, signType));
const open = (raw: Buffer, allowed: SignType[] = ['HMAC-SHA256']) => openPaymentNotice(raw, { keys, allowed });

/** The reason of a refusal, or the kind of what was opened. */
const outcome = (raw: Buffer, allowed?: SignType[]) => {
  const opened = open(raw, allowed);
  return 'reason' in opened ? opened.reason : opened.kind;
};

describe('a verified notification', () => {
  it('becomes a payment with typed fields', () => {
    expect(open(body())).toEqual({
      kind: 'paid',
      notice: {
        appid: keys.appid,
        mchId: keys.mchId,
        outTradeNo: '01KAGX6F7Q9M2T5V8W0Y-2',
        transactionId: '4200000478201912254663157927',
        totalFee: 88,
        cashFee: 86,
        tradeType: 'NATIVE',
        openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
        bankType: 'CMB_DEBIT',
        timeEnd: new Date('2014-09-03T05:15:40.000Z'),
        attach: 'a=1&b=2',
        signType: 'HMAC-SHA256',
        settlementTotalFee: undefined,
        couponFee: 2,
        coupons: [{ couponId: '10000', couponFee: undefined, couponType: undefined }],
      },
    });
  });

  it('may be signed with each allowed algorithm, with or without sign_type', () => {
    expect(outcome(body({}, KEY, 'MD5'), ['MD5', 'HMAC-SHA256'])).toBe('paid');
    expect(outcome(body({ sign_type: 'HMAC-SHA256' }))).toBe('paid');
    expect(outcome(body({}, KEY, 'MD5'))).toBe('sign');
    expect(outcome(body({}), ['MD5'])).toBe('sign');
  });

  it('stays a payment with coupons for everything, an err_code, an empty or missing attach', () => {
    expect(open(body({ cash_fee: 0 }))).toMatchObject({ kind: 'paid', notice: { totalFee: 88, cashFee: 0 } });
    expect(outcome(body({ err_code: 'SYSTEMERROR' }))).toBe('paid');
    expect(open(body({ attach: '' }))).toMatchObject({ notice: { attach: undefined } });
    expect(open(body({ attach: undefined, fee_type: undefined }))).toMatchObject({ notice: { attach: undefined } });
  });

  it('tells of coupons, and stays a payment when they are told badly', () => {
    const coupons = { coupon_fee: 3, coupon_fee_0: 1, coupon_type_0: 'CASH', coupon_id_1: '10001', coupon_fee_1: 2 };
    expect(open(body({ ...coupons, settlement_total_fee: 86 }))).toMatchObject({
      notice: {
        settlementTotalFee: 86,
        couponFee: 3,
        coupons: [
          { couponId: '10000', couponFee: 1, couponType: 'CASH' },
          { couponId: '10001', couponFee: 2, couponType: undefined },
        ],
      },
    });
    expect(open(body({ coupon_fee: '-1', coupon_fee_0: '1.0' }))).toMatchObject({
      kind: 'paid',
      notice: { couponFee: undefined, coupons: [{ couponId: '10000', couponFee: undefined }] },
    });
  });

  it('keeps hostile text as the text it is', () => {
    const attach = '<script>alert(1)</script>{"a":1}"\'\n]]>';
    expect(open(body({ attach }))).toMatchObject({ kind: 'paid', notice: { attach } });
  });

  it('of a failure is opened as one', () => {
    const failed = { result_code: 'FAIL', err_code: 'PAYERROR', err_code_des: '支付失败' };
    expect(open(body(failed))).toEqual({
      kind: 'failed',
      notice: {
        appid: keys.appid,
        mchId: keys.mchId,
        outTradeNo: '01KAGX6F7Q9M2T5V8W0Y-2',
        transactionId: '4200000478201912254663157927',
        totalFee: 88,
        errCode: 'PAYERROR',
        errCodeDes: '支付失败',
        signType: 'HMAC-SHA256',
      },
    });
    const bare = { ...failed, transaction_id: undefined, total_fee: '', time_end: undefined, openid: undefined };
    expect(open(body(bare))).toMatchObject({
      kind: 'failed',
      notice: { transactionId: undefined, totalFee: undefined },
    });
    expect(outcome(body({ ...failed, total_fee: '-1' }))).toBe('fields');
  });
});

describe('refused (F7)', () => {
  it.each([
    ['an empty body', ''],
    ['JSON', '{"return_code":"SUCCESS"}'],
    ['HTML', '<html></html>'],
    ['a document type', `<!DOCTYPE xml>${body().toString()}`],
    ['a truncated notification', body().toString().slice(0, -10)],
    ['a field twice', body().toString().replace('</xml>', '<total_fee>1</total_fee></xml>')],
    ['two documents', body().toString().repeat(2)],
  ])('as unreadable: %s', (_what, text) => {
    expect(outcome(Buffer.from(text))).toBe('unreadable');
  });

  it('as unsigned: return_code=FAIL and any other, whatever else is said and signed', () => {
    expect(outcome(Buffer.from('<xml><return_code>FAIL</return_code></xml>'))).toBe('unsigned');
    expect(outcome(body({ return_code: 'FAIL' }))).toBe('unsigned');
    expect(outcome(body({ return_code: 'success' }))).toBe('unsigned');
    expect(outcome(body({ return_code: undefined }))).toBe('unsigned');
    expect(outcome(Buffer.from('<xml/>'))).toBe('unsigned');
  });

  it('as unsigned: no sign, an empty sign', () => {
    const text = body().toString();
    expect(outcome(Buffer.from(text.replace(/<sign>.*<\/sign>/, '')))).toBe('unsigned');
    expect(outcome(Buffer.from(text.replace(/<sign>.*<\/sign>/, '<sign/>')))).toBe('unsigned');
  });

  it.each(['', 'TESTONLYv3key0123456789abcdefABC', KEY.toLowerCase()])('with a sign of another key: "%s"', (key) => {
    const forged =
      key === ''
        ? body()
            .toString()
            .replace(/[0-9A-F]{64}/, 'A'.repeat(64))
        : body({}, key).toString();
    expect(outcome(Buffer.from(forged))).toBe('sign');
  });

  it.each(['total_fee', 'out_trade_no', 'result_code', 'attach', 'future_field_2030', 'device_info'])(
    'when %s was changed after signing',
    (field) => {
      const changed = body()
        .toString()
        .replace(new RegExp(`<${field}>.*?</${field}>`), `<${field}>1</${field}>`);
      expect(outcome(Buffer.from(changed))).toBe('sign');
    },
  );

  it.each([
    ['foreign-appid', { appid: 'wx0000000000000000' }],
    ['foreign-appid', { appid: undefined }],
    ['foreign-mch_id', { mch_id: '1900000110' }],
    ['foreign-mch_id', { mch_id: undefined }],
  ])('as %s although the sign is right', (reason, changes) => {
    expect(outcome(body(changes))).toBe(reason);
  });

  it('as foreign, with the payment: money has moved somewhere', () => {
    const told = (changes: Changes) => {
      const opened = open(body(changes));
      return opened.kind === 'foreign' ? opened.notice : undefined;
    };
    expect(told({ mch_id: '1900000110' })).toMatchObject({ appid: keys.appid, mchId: '1900000110', totalFee: 88 });
    expect(told({ appid: 'wx0000000000000000' })).toMatchObject({ appid: 'wx0000000000000000', mchId: keys.mchId });
    expect(told({ appid: '<script>' })).toBeUndefined();
    expect(told({ appid: undefined })).toBeUndefined();
    expect(told({ mch_id: '1900000110', total_fee: '-1' })).toBeUndefined();
    expect(told({ mch_id: '1900000110', result_code: 'FAIL' })).toBeUndefined();
    expect(told({})).toBeUndefined();
  });

  it.each<[string, (string | undefined)[]]>([
    [
      'total_fee',
      ['-1', '0', '1.0', '1e2', '١٢', ' 1', '+1', '0x10', '9007199254740993', '1'.repeat(31), '', undefined],
    ],
    ['cash_fee', ['-1', '1.0', '', undefined]],
    ['out_trade_no', ['x'.repeat(33), '../../x', "' OR 1=1 --", '%00', 'a ', '', undefined]],
    ['transaction_id', ['1'.repeat(33), '1_2', '', undefined]],
    ['time_end', ['20140230000000', '2014-09-03 13:15:40', '', undefined]],
    ['openid', ['o'.repeat(129), '', undefined]],
    ['trade_type', ['T'.repeat(17), '', undefined]],
    ['bank_type', ['B'.repeat(33), '', undefined]],
    ['fee_type', ['USD', 'cny']],
    ['result_code', ['success', 'OK', '', undefined]],
  ])('for a %s that is missing or malformed', (field, values) => {
    for (const value of values) {
      const opened = open(body({ [field]: value }));
      expect(opened).toMatchObject({ kind: 'refused', reason: 'fields' });
      expect(opened).toHaveProperty('message', `signed, but ${field} is missing or malformed`);
    }
  });

  it('with nothing but a reason and a message without content or secrets', () => {
    const refusals = [
      open(Buffer.from('<xml><secret')),
      open(body({ return_code: 'FAIL' })),
      open(body({}, 'TESTONLYv3key0123456789abcdefABC')),
      open(body({ appid: 'wx0000000000000000', result_code: 'FAIL' })),
      open(body({ total_fee: '666' + '0'.repeat(20) })),
    ];
    for (const refusal of refusals) {
      expect(Object.keys(refusal).sort()).toEqual(['kind', 'message', 'reason']);
      expect(JSON.stringify(refusal)).not.toMatch(/secret|TESTONLY|wx0000|666|4200000478|[0-9A-F]{32}/);
    }
  });
});

describe('a payment for another appid or merchant, signed with the right key', () => {
  it('is told of, so that it can be recorded once', () => {
    expect(open(body({ appid: 'wx0000000000000000' }))).toMatchObject({
      kind: 'foreign',
      reason: 'foreign-appid',
      notice: {
        appid: 'wx0000000000000000',
        mchId: keys.mchId,
        outTradeNo: '01KAGX6F7Q9M2T5V8W0Y-2',
        transactionId: '4200000478201912254663157927',
        totalFee: 88,
      },
    });
    expect(open(body({ mch_id: '1900000110' }))).toMatchObject({
      kind: 'foreign',
      reason: 'foreign-mch_id',
      notice: { appid: keys.appid, mchId: '1900000110', totalFee: 88 },
    });
  });

  it.each([
    { result_code: 'FAIL' },
    { total_fee: '88.00' },
    { transaction_id: '' },
    { out_trade_no: 'a b' },
    { fee_type: 'USD' },
    { mch_id: undefined },
  ])('is not told of when it is none, or cannot be read: %j', (changes) => {
    const opened = open(body({ appid: 'wx0000000000000000', ...changes }));
    expect(opened).toMatchObject({ kind: 'refused', reason: 'foreign-appid' });
    expect(opened).not.toHaveProperty('notice');
  });

  it('is not told of without the right sign', () => {
    const forged = open(body({ appid: 'wx0000000000000000' }, 'TESTONLYv3key0123456789abcdefABC'));
    expect(forged).toMatchObject({ kind: 'refused', reason: 'sign' });
    expect(forged).not.toHaveProperty('notice');
  });
});
