import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Payment, PaymentResult, SettleOutcome } from '../domain/payment.ts';
import type { Queried } from './ports.ts';
import { code, NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

const notice = (over: Partial<Payment> = {}): Payment => paid({ source: 'notify', signType: 'HMAC-SHA256', ...over });

describe('notify', () => {
  const receive = (result: PaymentResult) => {
    world.wechat.notice = { kind: 'result', result };
    return world.steps.notify.receive(Buffer.from('<xml/>'), '127.0.0.1');
  };

  it('answers SUCCESS once the payment is confirmed and settled', async () => {
    await world.open();
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    expect(await receive(notice())).toEqual({ kind: 'success' });
    expect(world.store.told).toEqual(['succeeded 4200000478201912254663157927']);
    expect(world.removed).toEqual([NO]);
  });

  it('answers SUCCESS to a duplicate, without asking WeChat again (F2)', async () => {
    await world.open();
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    await receive(notice());
    expect(await receive(notice())).toEqual({ kind: 'success' });
    expect(world.wechat.calls).toEqual([`query ${NO}`]);
    expect(world.store.told).toHaveLength(1);
  });

  it('takes a notice that is faster than the prepay’s answer (F4)', async () => {
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    world.wechat.onPrepare = async () => {
      expect(await receive(notice())).toEqual({ kind: 'success' });
      return code;
    };
    expect(await world.steps.prepay.native(NO, '127.0.0.1')).toEqual({ kind: 'refused', reason: 'ORDER_PAID' });
  });

  it('takes money for an attempt that was closed', async () => {
    await world.open();
    await world.store.finish(NO, 'CLOSED');
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    expect(await receive(notice())).toEqual({ kind: 'success' });
    expect(world.stateOf(NO)).toBe('SUCCESS');
  });

  it.each<[string, Queried]>([
    ['WeChat does not answer', { kind: 'unknown', reason: 'deadline' }],
    ['WeChat says unpaid', { kind: 'unpaid' }],
    ['WeChat knows no such order', { kind: 'absent' }],
    ['the amounts differ', { kind: 'paid', payment: paid({ totalFee: 99 }) }],
    ['the transactions differ', { kind: 'paid', payment: paid({ transactionId: '42' }) }],
  ])('keeps the notice unsettled when %s', async (_case, answer) => {
    await world.open();
    world.wechat.onQuery = () => answer;
    expect(await receive(notice())).toMatchObject({ kind: 'fail' });
    expect(world.store.unclear).toHaveLength(1);
    expect(world.stateOf(NO)).toBe('NOTPAY');
    expect(world.counted).toEqual(['unclear']);
  });

  it('asks nobody when told not to', async () => {
    await world.open();
    world.crossCheck = 'never';
    expect(await receive(notice())).toEqual({ kind: 'success' });
    expect(world.wechat.calls).toEqual([]);
  });

  it.each<[SettleOutcome, 'success' | 'fail', Partial<Payment>]>([
    ['amount-mismatch', 'success', { totalFee: 1 }],
    ['unknown-order', 'fail', { outTradeNo: 'TEST0000000000000000ZZ' }],
    ['wrong-merchant', 'fail', { mchId: '1900000110' }],
    ['wrong-merchant', 'fail', { appid: 'wx0000000000000000' }],
    ['sign-type-refused', 'fail', { signType: 'MD5' }],
  ])('%s is answered %s', async (outcome, kind, over) => {
    await world.open();
    const payment = notice(over);
    world.wechat.onQuery = () => ({ kind: 'paid', payment });
    expect(await receive(payment)).toMatchObject({ kind });
    expect(world.counted).toEqual([outcome]);
    expect(world.stateOf(NO)).toBe('NOTPAY');
  });

  it('stores a signed failure and leaves the attempt open', async () => {
    await world.open();
    expect(await receive({ ...notice(), kind: 'failed', tradeState: 'FAIL', reason: 'NOTENOUGH' })).toEqual({
      kind: 'success',
    });
    expect(world.store.told).toEqual([`failed ${NO}`]);
    expect(world.stateOf(NO)).toBe('NOTPAY');
  });

  it('refuses what does not open', async () => {
    expect(await world.steps.notify.receive(Buffer.from('hello'), '127.0.0.1')).toMatchObject({ kind: 'fail' });
    expect(world.counted).toEqual(['sign']);
  });

  it('answers FAIL at its deadline while the commit is not there yet', async () => {
    await world.open();
    world.crossCheck = 'never';
    world.replyWithinMs = 20;
    let commit = (): void => undefined;
    world.store.before = new Promise((resolve) => (commit = resolve));
    expect(await receive(notice())).toEqual({ kind: 'fail', message: 'busy' });
    expect(world.counted).toEqual(['deadline']);
    commit();
  });

  it('answers FAIL for our own trouble', async () => {
    world.store.failing = new Error('no database');
    expect(await receive(notice())).toEqual({ kind: 'fail', message: 'busy' });
    expect(world.counted).toEqual(['own-trouble']);
  });
});
