import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { migrate, openDataSource } from '#platform';
import { freshSchema } from '../../../../../test/support/services.ts';
import { type Attempt, MAX_ATTEMPTS } from '../../domain/attempt.ts';
import { AttemptsMysql } from './attempts.mysql.ts';
import { Merchant } from './merchant.ts';
import { paySchema } from './schema.ts';

const wish = {
  way: { tradeType: 'NATIVE' },
  signType: 'HMAC-SHA256',
  notifyUrl: 'https://pay.example.test/weixin/pay/notify/url',
  spbillCreateIp: '127.0.0.1',
  minExpireSeconds: 300,
  callMs: 8_000,
} as const;
const SETTLES_MS = 60_000;

Logger.overrideLogger(false);

describe('attempts', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;
  let db: DataSource;
  let attempts: AttemptsMysql;
  let numbers = 0;

  beforeAll(async () => {
    schema = await freshSchema('pay_refused');
    db = await openDataSource({ url: schema.url, ...paySchema });
    await migrate(db);
    attempts = new AttemptsMysql(db, new Merchant('1900000109', 'wx8888888888888888'));
  });

  afterAll(async () => {
    await db.destroy();
    await schema.drop();
  });

  async function placed(): Promise<string> {
    const orderNo = `TEST${String((numbers += 1)).padStart(18, '0')}`;
    await attempts.place([{ orderNo, totalFee: 100, title: 'tea', expiresAt: new Date(Date.now() + 3_600_000) }]);
    return orderNo;
  }

  async function called(orderNo: string): Promise<Attempt> {
    const begun = await attempts.begin(orderNo, wish);
    if (begun.kind !== 'call') throw new Error(`expected a call, got ${begun.kind}`);
    return begun.attempt;
  }

  const isOver = (orderNo: string) => attempts.finish(orderNo, 'CLOSED', SETTLES_MS);

  it('unknown to WeChat are over at once when it has refused every call, as long as no other begins', async () => {
    const orderNo = await placed();
    await attempts.refused(await called(orderNo));
    const again = await called(orderNo);
    expect(await isOver(orderNo)).toBe(false);
    await attempts.refused({ ...again, prepaySeq: again.prepaySeq - 1 });
    expect(await isOver(orderNo)).toBe(false);
    await attempts.refused(again);
    expect(await isOver(orderNo)).toBe(true);
  });

  it('unknown to WeChat are not over after a call whose outcome nobody knows, whatever is refused later', async () => {
    const orderNo = await placed();
    await attempts.release(await called(orderNo));
    await attempts.refused(await called(orderNo));
    expect(await isOver(orderNo)).toBe(false);
    expect(await attempts.begin(orderNo, wish)).toMatchObject({ kind: 'call', attempt: { prepaySeq: 3 } });
  });

  it('that WeChat has known are not over because it does not know them now', async () => {
    const orderNo = await placed();
    const attempt = await called(orderNo);
    await attempts.seen(orderNo);
    await attempts.refused(attempt);
    expect(await isOver(orderNo)).toBe(false);
  });

  it('are a hundred for an order at most; the open one can be had all the same', async () => {
    const orderNo = await placed();
    for (let nth = 1; nth < MAX_ATTEMPTS; nth += 1) {
      const { outTradeNo } = await called(orderNo);
      await attempts.finish(outTradeNo, 'CLOSED');
    }
    const last = await called(orderNo);
    expect(last.outTradeNo).toBe(`${orderNo}-100`);
    await attempts.release(last);
    const refused = { kind: 'refused', reason: 'TOO_MANY_ATTEMPTS' };
    expect(await attempts.begin(orderNo, { ...wish, way: { tradeType: 'JSAPI', openid: 'oAnother' } })).toEqual(
      refused,
    );
    expect(await attempts.begin(orderNo, wish)).toMatchObject({
      kind: 'call',
      attempt: { outTradeNo: last.outTradeNo },
    });
    await attempts.finish(last.outTradeNo, 'CLOSED');
    expect(await attempts.begin(orderNo, wish)).toEqual(refused);
  });
});
