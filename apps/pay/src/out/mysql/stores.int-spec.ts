import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { defaultNames } from '#contract';
import { migrate, openDataSource, Outbox, type OutboxRow } from '#platform';
import { freshSchema } from '../../../../../test/support/services.ts';
import type { Attempt } from '../../domain/attempt.ts';
import type { Payment } from '../../domain/payment.ts';
import { type AttemptRow } from './attempt.row.ts';
import { AttemptsMysql } from './attempts.mysql.ts';
import { ChecksMysql } from './checks.mysql.ts';
import { ClosingsMysql } from './closings.mysql.ts';
import { Merchant } from './merchant.ts';
import { PaymentsMysql } from './payments.mysql.ts';
import { paySchema } from './schema.ts';

const merchant = { mchId: '1900000109', appid: 'wx8888888888888888' };
const wish = {
  way: { tradeType: 'NATIVE' },
  signType: 'HMAC-SHA256',
  notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
  spbillCreateIp: '127.0.0.1',
  minExpireSeconds: 300,
  callMs: 8_000,
} as const;
const code = {
  prepayId: 'wx201410272009395522657a690389285100',
  codeUrl: 'weixin://wxpay/bizpayurl?pr=NwY5Mz9',
  mwebUrl: null,
};

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

let schema: Awaited<ReturnType<typeof freshSchema>>;
let db: DataSource;
/** Connections of a second instance. */
let otherDb: DataSource;
let outbox: Outbox;
let attempts: AttemptsMysql;
let payments: PaymentsMysql;
/** A second instance of the service, with a group commit of its own. */
let otherPayments: PaymentsMysql;
let closings: ClosingsMysql;
let checks: ChecksMysql;
let numbers = 0;

const newNumber = (): string => `TEST${String((numbers += 1)).padStart(18, '0')}`;
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
const count = async (table: string, where = '1 = 1'): Promise<number> => {
  const [row] = await db.query<{ n: string }[]>(`SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`);
  return Number(row?.n);
};
const stateOf = async (orderNo: string) => {
  const standing = await attempts.find(orderNo);
  return { payable: standing?.payable.state, attempts: standing?.attempts.map(({ state }) => state) };
};

async function placed(totalFee = 1234, expiresAt = inAnHour()): Promise<string> {
  const orderNo = newNumber();
  await attempts.place([{ orderNo, totalFee, title: '两件 T-shirts 👕', expiresAt }]);
  return orderNo;
}

async function called(orderNo: string): Promise<Attempt> {
  const begun = await attempts.begin(orderNo, wish);
  if (begun.kind !== 'call') throw new Error(`expected a call, got ${begun.kind}`);
  return begun.attempt;
}

async function shown(orderNo: string): Promise<Attempt> {
  const attempt = await called(orderNo);
  expect(await attempts.storePrepared(attempt, code)).toBe('stored');
  return attempt;
}

let transactions = 0;
const payment = (attempt: Pick<Attempt, 'outTradeNo' | 'totalFee'>, over: Partial<Payment> = {}): Payment => ({
  kind: 'paid',
  outTradeNo: attempt.outTradeNo,
  transactionId: `4200000478${String((transactions += 1)).padStart(18, '0')}`,
  totalFee: attempt.totalFee,
  ...merchant,
  tradeType: 'NATIVE',
  openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  bankType: 'CMB_DEBIT',
  paidAt: new Date('2026-11-21T10:00:00Z'),
  source: 'notify',
  signType: 'HMAC-SHA256',
  ...over,
});

beforeAll(async () => {
  schema = await freshSchema('pay_stores');
  db = await openDataSource({ url: schema.url, ...paySchema });
  await migrate(db);
  otherDb = await openDataSource({ url: schema.url, ...paySchema, migrations: [] });
  const away = { available: false, publish: () => Promise.reject(new Error('no broker here')) };
  outbox = new Outbox(db, away, defaultNames);
  attempts = new AttemptsMysql(db, new Merchant(merchant.mchId, merchant.appid));
  payments = new PaymentsMysql(db, outbox);
  otherPayments = new PaymentsMysql(db, outbox);
  closings = new ClosingsMysql(db, outbox);
  checks = new ChecksMysql(db);
});

afterAll(async () => {
  await outbox.stop();
  await db.destroy();
  await otherDb.destroy();
  await schema.drop();
});

beforeEach(async () => {
  for (const table of ['payable', 'attempt', 'notice', 'anomaly', 'outbox']) await db.query(`DELETE FROM ${table}`);
});

describe('the schema', () => {
  it('is what the row classes say', async () => {
    const [server] = await db.query<{ version: string }[]>('SELECT VERSION() AS version');
    // The two servers describe a missing default differently; TypeORM has to be told which one it reads.
    const type = server!.version.includes('MariaDB') ? 'mariadb' : 'mysql';
    const reader = await new DataSource({ ...db.options, type } as DataSourceOptions).initialize();
    try {
      const { upQueries } = await reader.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await reader.destroy();
    }
  });
});

describe('payables', () => {
  it('keep what they were placed with', async () => {
    const orderNo = await placed(1234);
    await attempts.place([{ orderNo, totalFee: 1, title: 'another', expiresAt: new Date(0) }]);
    expect((await attempts.find(orderNo))?.payable).toMatchObject({ totalFee: 1234, title: '两件 T-shirts 👕' });
  });

  it('are found by an attempt’s number', async () => {
    const orderNo = await placed();
    const first = await called(orderNo);
    await attempts.finish(first.outTradeNo, 'CLOSED');
    const second = await called(orderNo);
    expect(second.outTradeNo).toBe(`${orderNo}-2`);
    expect((await attempts.find(second.outTradeNo))?.payable.orderNo).toBe(orderNo);
  });

  it('hear how their order ended, and never go back', async () => {
    const orderNo = await placed();
    const unknown = newNumber();
    const news = [
      { orderNo, status: 'PAID' },
      { orderNo: unknown, status: 'PAID' },
    ] as const;
    expect(await attempts.recordOrderStatus(news)).toEqual(new Set([unknown]));
    await attempts.recordOrderStatus([{ orderNo, status: 'CANCELLED' }]);
    expect((await attempts.find(orderNo))?.payable.orderStatus).toBe('PAID');
  });
});

describe('a prepay', () => {
  it('commits every parameter before the call, and repeats exactly those', async () => {
    const orderNo = await placed(1234, new Date(Date.now() + 60_000));
    const first = await called(orderNo);
    expect(first).toMatchObject({ state: 'CREATED', outTradeNo: orderNo, totalFee: 1234, body: '两件 T-shirts ?' });
    expect(first.timeExpire.getTime() - first.createdAt.getTime()).toBeGreaterThanOrEqual(300_000);
    await attempts.release(first);
    const again = await called(orderNo);
    const { outTradeNo, body, timeStart, timeExpire, notifyUrl, spbillCreateIp, productId } = first;
    expect(again).toMatchObject({ outTradeNo, body, timeStart, timeExpire, notifyUrl, spbillCreateIp, productId });
    expect(again.prepaySeq).toBe(first.prepaySeq + 1);
  });

  it('is one call, however many begin at once', async () => {
    const orderNo = await placed();
    const begun = await Promise.all(Array.from({ length: 10 }, () => attempts.begin(orderNo, wish)));
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(9).fill('busy'), 'call']);
    expect(await count('attempt')).toBe(1);
  });

  it('answers the stored code afterwards', async () => {
    const orderNo = await placed();
    await shown(orderNo);
    expect(await attempts.begin(orderNo, wish)).toMatchObject({ kind: 'ready', attempt: { codeUrl: code.codeUrl } });
  });

  it('drops both codes when a second call came between', async () => {
    const orderNo = await placed();
    const slow = await called(orderNo);
    await db.query('UPDATE attempt SET calling_until = UTC_TIMESTAMP(3)');
    const fast = await called(orderNo);
    expect(await attempts.storePrepared(fast, code)).toBe('stored');
    expect(await attempts.storePrepared(slow, { ...code, codeUrl: 'weixin://wxpay/bizpayurl?pr=older' })).toBe('stale');
    expect((await attempts.find(orderNo))?.attempts[0]?.codeUrl).toBeNull();
  });

  it.each([
    [{ tradeType: 'JSAPI', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }, { payerOpenid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }],
    [
      { tradeType: 'MWEB', scene: { wapUrl: 'https://pay.example.test', wapName: '茶' } },
      { scene: { wapUrl: 'https://pay.example.test', wapName: '茶' } },
    ],
    [{ tradeType: 'APP', appid: 'wx7777777777777777' }, { appid: 'wx7777777777777777' }],
  ] as const)('keeps what %o needs, and what WeChat answered', async (way, kept) => {
    const orderNo = await placed();
    const begun = await attempts.begin(orderNo, { ...wish, way });
    expect(begun).toMatchObject({ kind: 'call', attempt: { tradeType: way.tradeType, ...kept } });
    const answered = {
      prepayId: code.prepayId,
      codeUrl: null,
      mwebUrl: 'https://wx.tenpay.com/checkmweb?prepay_id=wx',
    };
    if (begun.kind === 'call') await attempts.storePrepared(begun.attempt, answered);
    expect((await attempts.find(orderNo))?.attempts).toMatchObject([{ ...kept, ...answered, state: 'NOTPAY' }]);
    expect(await attempts.begin(orderNo, { ...wish, way })).toMatchObject({ kind: 'ready' });
  });

  it('in another way, or by another payer, waits for the end of the open one', async () => {
    const orderNo = await placed();
    const by = (openid: string) => attempts.begin(orderNo, { ...wish, way: { tradeType: 'JSAPI', openid } });
    expect(await by('oFirst')).toMatchObject({ kind: 'call' });
    expect(await by('oSecond')).toEqual({ kind: 'busy' });
    await attempts.release((await attempts.find(orderNo))!.attempts[0]!);
    expect(await by('oSecond')).toMatchObject({ kind: 'other-way', attempt: { payerOpenid: 'oFirst' } });
    expect(await attempts.begin(orderNo, wish)).toMatchObject({ kind: 'other-way' });
    await attempts.finish(orderNo, 'CLOSED');
    expect(await by('oSecond')).toMatchObject({ kind: 'call', attempt: { outTradeNo: `${orderNo}-2` } });
  });

  it('in several ways at once leaves one attempt open', async () => {
    const orderNo = await placed();
    const ways = [
      { tradeType: 'NATIVE' },
      { tradeType: 'JSAPI', openid: 'oFirst' },
      { tradeType: 'JSAPI', openid: 'oSecond' },
      { tradeType: 'APP', appid: 'wx7777777777777777' },
    ] as const;
    const others = new AttemptsMysql(otherDb, new Merchant(merchant.mchId, merchant.appid));
    const begun = await Promise.all(
      ways.flatMap((way) => [attempts, others].map((store) => store.begin(orderNo, { ...wish, way }))),
    );
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(7).fill('busy'), 'call']);
    await attempts.finish(orderNo, 'CLOSED');
    const again = await Promise.all(
      ways.flatMap((way) => [attempts, others].map((store) => store.begin(orderNo, { ...wish, way }))),
    );
    expect(again.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(7).fill('busy'), 'call']);
    expect(await count('attempt')).toBe(2);
    expect(await count('attempt', 'open_slot = 1')).toBe(1);
  });

  it('and a close command never both win', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => placed()));
    const begun = await Promise.all(orders.map((orderNo) => called(orderNo)));
    const answers = await Promise.all(
      begun.flatMap((attempt) => [
        attempts.storePrepared(attempt, code),
        closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]),
      ]),
    );
    const stored = answers.filter((answer) => answer === 'stored').length;
    const over = answers.filter((answer) => answer === 'over').length;
    expect(stored + over).toBe(10);
    expect(await count('payable', "state = 'CLOSING'")).toBe(10);
    expect(await count('attempt', 'code_url IS NOT NULL')).toBe(stored);
    for (const orderNo of orders) {
      expect(await attempts.begin(orderNo, wish)).toEqual({ kind: 'refused', reason: 'ORDER_CLOSING' });
    }
  });
});

describe('settling', () => {
  it('counts a payment once, whoever tells it and however often', async () => {
    const orderNo = await placed();
    const paid = payment(await shown(orderNo));
    const tellings = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? payments : otherPayments).settle([{ ...paid, notice: { raw: Buffer.from('<xml/>'), remoteIp: '::1' } }]),
    );
    const outcomes = (await Promise.all(tellings)).flat().map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual([...Array<string>(19).fill('already-settled'), 'settled']);
    expect(await count('outbox')).toBe(1);
    expect(await count('notice')).toBe(1);
    expect(await count('anomaly')).toBe(0);
    expect(await stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: ['SUCCESS'] });
  });

  it('keeps all that is known of the payment', async () => {
    const attempt = await shown(await placed());
    const paid = payment(attempt);
    await payments.settle([paid]);
    const [row] = await db.query<AttemptRow[]>('SELECT * FROM attempt');
    const { transactionId, openid, bankType, paidAt } = paid;
    const expected = {
      transaction_id: transactionId,
      openid,
      bank_type: bankType,
      paid_at: paidAt,
      settle_source: 'notify',
    };
    expect(row).toMatchObject(expected);
    const [sent] = await db.query<OutboxRow[]>('SELECT * FROM outbox');
    expect(JSON.parse(sent!.body)).toMatchObject({
      id: `payment.succeeded:${transactionId}`,
      data: { orderNo: attempt.orderNo, totalFee: 1234, paidAt: '2026-11-21T10:00:00.000Z', source: 'notify' },
    });
  });

  it('gives each result of a batch its own outcome', async () => {
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(async () => shown(await placed())));
    const before = payment(d!);
    await payments.settle([before]);
    const results = [
      payment(a!),
      payment(b!, { totalFee: 1 }),
      payment({ outTradeNo: newNumber(), totalFee: 5 }),
      payment(c!, { signType: 'MD5' }),
      payment(d!),
      before,
      payment(c!, { mchId: '1900000110' }),
    ];
    expect((await payments.settle(results)).map(({ outcome }) => outcome)).toEqual([
      'settled',
      'amount-mismatch',
      'unknown-order',
      'sign-type-refused',
      'second-transaction',
      'already-settled',
      'wrong-merchant',
    ]);
    expect(await count('anomaly', "kind = 'AMOUNT'")).toBe(1);
    expect(await count('anomaly', "kind = 'UNKNOWN'")).toBe(3);
    expect(await count('outbox', "type = 'payment.mismatched'")).toBe(1);
    expect((await attempts.find(b!.orderNo))?.payable.orderStatus).toBe('REVIEW');
    expect(await stateOf(c!.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
  });

  it('settles the rest of a batch when one transaction belongs to another order', async () => {
    const [a, b, c] = await Promise.all([1, 2, 3].map(async () => shown(await placed())));
    const first = payment(a!);
    await payments.settle([first]);
    const stolen = payment(b!, { transactionId: first.transactionId });
    const outcomes = await payments.settle([stolen, payment(c!)]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['transaction-taken', 'settled']);
    expect(await stateOf(b!.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
    expect(await count('anomaly', `transaction_id = '${first.transactionId}'`)).toBe(1);
  });

  it('takes money before the prepay’s own answer, and then shows no code', async () => {
    const attempt = await called(await placed());
    const [settled] = await payments.settle([payment(attempt)]);
    expect(settled?.outcome).toBe('settled');
    expect(await attempts.storePrepared(attempt, code)).toBe('over');
  });

  it('takes money for a closed attempt, and has the other one closed', async () => {
    const orderNo = await placed();
    const first = await shown(orderNo);
    await attempts.finish(first.outTradeNo, 'CLOSED');
    await shown(orderNo);
    const [settled] = await payments.settle([payment(first)]);
    expect(settled?.outcome).toBe('settled');
    expect(await stateOf(orderNo)).toEqual({ payable: 'CLOSING', attempts: ['SUCCESS', 'NOTPAY'] });
    expect(await closings.claim(10, 1_000)).toEqual([orderNo]);
  });

  it('tells a failure on once, and changes nothing else', async () => {
    const attempt = await shown(await placed());
    const failure = {
      kind: 'failed',
      outTradeNo: attempt.outTradeNo,
      transactionId: undefined,
      ...merchant,
      tradeState: 'PAYERROR',
      reason: 'bank',
      source: 'query',
    } as const;
    await payments.settle([failure]);
    const [second] = await payments.settle([failure]);
    expect(second?.outcome).toBe('failure-stored');
    expect(await count('outbox', "type = 'payment.failed'")).toBe(1);
    expect(await stateOf(attempt.orderNo)).toEqual({ payable: 'OPEN', attempts: ['NOTPAY'] });
  });

  it('keeps an unclear notice, makes its attempt due, and marks it when it turns out right', async () => {
    const attempt = await shown(await placed());
    const paid = payment(attempt, { notice: { raw: Buffer.from('<xml>1</xml>'), remoteIp: '127.0.0.1' } });
    await payments.keepUnclear(paid);
    expect(await count('notice', "outcome = 'unclear'")).toBe(1);
    expect((await checks.claim(10, 0, 1_000)).map(({ outTradeNo }) => outTradeNo)).toEqual([attempt.outTradeNo]);
    await payments.settle([paid]);
    expect(await count('notice', "outcome = 'settled'")).toBe(1);
  });
});

describe('closing', () => {
  it('is answered once every attempt is final', async () => {
    const orderNo = await placed();
    const attempt = await shown(orderNo);
    const unknown = newNumber();
    const reason = 'timeout';
    expect(
      await closings.record([
        { orderNo, reason },
        { orderNo: unknown, reason },
      ]),
    ).toEqual(new Set([unknown]));
    expect(await closings.claim(10, 60_000)).toEqual([orderNo]);
    expect(await closings.claim(10, 60_000)).toEqual([]);
    expect(await closings.conclude(orderNo)).toBe('later');
    expect(await count('outbox')).toBe(0);
    await attempts.finish(attempt.outTradeNo, 'CLOSED');
    expect(await closings.conclude(orderNo)).toBe('closed');
    const [sent] = await db.query<OutboxRow[]>('SELECT * FROM outbox');
    expect(JSON.parse(sent!.body)).toMatchObject({
      id: `payment.closed:${orderNo}:1`,
      data: { orderNo, closedAttempts: [attempt.outTradeNo] },
    });
  });

  it('is answered again when the command comes again', async () => {
    const orderNo = await placed();
    for (const id of [1, 2]) {
      await closings.record([{ orderNo, reason: 'buyer' }]);
      expect(await closings.conclude(orderNo)).toBe('closed');
      expect(await count('outbox', `id > 0`)).toBe(id);
    }
    expect(await stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: [] });
  });

  it('is told again, slower and slower, until it is known how the order ended', async () => {
    const orderNo = await placed();
    await closings.record([{ orderNo, reason: 'timeout' }]);
    expect(await closings.conclude(orderNo)).toBe('closed');
    const dueIn = async () => {
      const sql = 'SELECT ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), close_due_at) / 60) AS minutes FROM payable';
      const [row] = await db.query<{ minutes: string | null }[]>(sql);
      return row?.minutes ? Number(row.minutes) : null;
    };
    const waits: (number | null)[] = [await dueIn()];
    for (let round = 0; round < 2; round += 1) {
      await db.query('DELETE FROM outbox');
      expect(await closings.claim(10, 60_000)).toEqual([]);
      await db.query('UPDATE payable SET close_due_at = UTC_TIMESTAMP(3)');
      expect(await closings.claim(10, 60_000)).toEqual([orderNo]);
      expect(await closings.conclude(orderNo)).toBe('closed');
      expect(await count('outbox', `message_id = 'payment.closed:${orderNo}:1'`)).toBe(1);
      waits.push(await dueIn());
    }
    expect(waits).toEqual([1, 2, 4]);
    await attempts.recordOrderStatus([{ orderNo, status: 'CANCELLED' }]);
    expect(await dueIn()).toBeNull();
    expect(await stateOf(orderNo)).toEqual({ payable: 'DONE', attempts: [] });
  });

  it('is not given up when the order is said to have ended before WeChat has', async () => {
    const attempt = await shown(await placed());
    await closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'CANCELLED' }]);
    expect(await closings.claim(10, 60_000)).toEqual([attempt.orderNo]);
  });

  it('ends as paid when money was faster', async () => {
    const attempt = await shown(await placed());
    await closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await payments.settle([payment(attempt, { source: 'close' })]);
    await db.query('DELETE FROM outbox');
    expect(await closings.conclude(attempt.orderNo)).toBe('paid');
    expect(await count('outbox', "type = 'payment.succeeded'")).toBe(1);
  });

  it('rests while an operator has to look at the money', async () => {
    const attempt = await shown(await placed());
    await closings.record([{ orderNo: attempt.orderNo, reason: 'timeout' }]);
    await payments.settle([payment(attempt, { totalFee: 1 })]);
    expect(await closings.conclude(attempt.orderNo)).toBe('later');
    expect(await count('payable', 'close_due_at IS NULL')).toBe(1);
  });

  it('believes "does not exist" only some time after the call', async () => {
    const attempt = await called(await placed());
    expect(await attempts.finish(attempt.outTradeNo, 'CLOSED', 60_000)).toBe(false);
    await db.query('UPDATE attempt SET called_at = DATE_SUB(UTC_TIMESTAMP(3), INTERVAL 61 SECOND)');
    expect(await attempts.finish(attempt.outTradeNo, 'CLOSED', 60_000)).toBe(true);
  });
});

describe('checks', () => {
  it('are leased to one of two instances', async () => {
    const orders = await Promise.all(Array.from({ length: 30 }, async () => (await shown(await placed())).orderNo));
    const other = new ChecksMysql(db);
    const claims = await Promise.all([checks, other, checks, other].map((one) => one.claim(20, 10_000, 60_000)));
    const claimed = claims.flat().map(({ orderNo }) => orderNo);
    expect(new Set(claimed).size).toBe(claimed.length);
    const rest = (await checks.claim(100, 10_000, 60_000)).map(({ orderNo }) => orderNo);
    expect([...claimed, ...rest].toSorted()).toEqual(orders.toSorted());
  });

  it('come again in 5 s while a code is fresh, and end when the order is PAID', async () => {
    const attempt = await shown(await placed());
    await checks.claim(10, 10_000, 60_000);
    await checks.reschedule([attempt.outTradeNo]);
    const [ahead] = await checks.dueIn([attempt.orderNo]);
    expect(ahead?.dueInMs).toBeGreaterThan(3_000);
    expect(ahead?.dueInMs).toBeLessThanOrEqual(5_000);
    expect(await checks.page('', 10)).toHaveLength(1);
    await payments.settle([payment(attempt)]);
    expect(await checks.page('', 10)).toHaveLength(1);
    await attempts.recordOrderStatus([{ orderNo: attempt.orderNo, status: 'PAID' }]);
    expect(await checks.page('', 10)).toEqual([]);
    await checks.reschedule([attempt.outTradeNo]);
    expect(await checks.page('', 10)).toEqual([]);
  });

  it('of an order without an attempt wait for its deadline', async () => {
    const orderNo = await placed();
    expect(await checks.claimOf([orderNo], 10_000, 1_000)).toEqual([]);
    expect((await checks.dueIn([orderNo, newNumber()])).map((one) => one.orderNo)).toEqual([orderNo]);
  });

  it('let a buyer ask once in a while', async () => {
    const orderNo = await placed();
    const allowed = await Promise.all(Array.from({ length: 5 }, () => checks.mayAsk(orderNo, 5_000)));
    expect(allowed.filter(Boolean)).toHaveLength(1);
  });

  it('tell a success again until it is booked', async () => {
    const attempt = await shown(await placed());
    await payments.settle([payment(attempt)]);
    await db.query('DELETE FROM outbox');
    await payments.tellAgain([attempt.outTradeNo]);
    expect(await count('outbox', "type = 'payment.succeeded'")).toBe(1);
  });
});
