import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { code, inAnHour, NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

describe('prepay', () => {
  const native = (number = NO) => world.steps.prepay.native(number, '127.0.0.1');

  it('answers the same open code again, without asking WeChat again', async () => {
    const answers = [await native(), await native()];
    expect(answers).toEqual(Array(2).fill(expect.objectContaining({ kind: 'ready', outTradeNo: NO, totalFee: 100 })));
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
    expect(world.scheduled).toEqual([{ orderNo: NO, dueInMs: 5_000 }]);
  });

  it.each(['free', 'away'] as const)('makes one call of two at once (Redis lock: %s)', async (state) => {
    world.lock = state;
    const answers = await Promise.all([native(), native()]);
    expect(answers.map(({ kind }) => kind)).toEqual(['ready', 'ready']);
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
  });

  it('waits for the code of whoever holds the lock', async () => {
    world.lock = 'busy';
    const waiting = native();
    const begun = await world.store.begin(NO);
    if (begun.kind === 'call') {
      await world.store.storePrepared(begun.attempt, { ...code, codeUrl: 'weixin://wxpay/bizpayurl?pr=theirs' });
    }
    expect(await waiting).toMatchObject({ kind: 'ready', codeUrl: 'weixin://wxpay/bizpayurl?pr=theirs' });
    expect(world.wechat.calls).toEqual([]);
  });

  it('keeps the attempt when the outcome is unknown, and repeats with the same number (E2)', async () => {
    world.wechat.onPrepare = () => ({ kind: 'unknown', reason: 'deadline', timedOut: true });
    expect(await native()).toEqual({ kind: 'wechat-unreachable', timedOut: true });
    expect(world.stateOf(NO)).toBe('CREATED');
    world.wechat.onPrepare = () => code;
    expect(await native()).toMatchObject({ kind: 'ready', outTradeNo: NO });
  });

  it('refreshes a code whose life is over, with the same number (E9)', async () => {
    await world.open();
    world.store.attempt(NO).attempt.preparedAt = new Date(Date.now() - 7_200_000);
    world.wechat.onPrepare = () => ({ ...code, codeUrl: 'weixin://wxpay/bizpayurl?pr=fresh' });
    expect(await native()).toMatchObject({ outTradeNo: NO, codeUrl: 'weixin://wxpay/bizpayurl?pr=fresh' });
  });

  it('says what WeChat refused', async () => {
    world.wechat.onPrepare = () => ({ kind: 'refused', code: 'INVALID_REQUEST', text: '201', leavesNothing: false });
    expect(await native()).toMatchObject({ kind: 'wechat-refused', code: 'INVALID_REQUEST' });
    expect(world.stateOf(NO)).toBe('CREATED');
  });

  it('settles when WeChat says the order is paid', async () => {
    world.wechat.onPrepare = () => ({ kind: 'paid' });
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid() });
    expect(await native()).toEqual({ kind: 'refused', reason: 'ORDER_PAID' });
    expect(world.stateOf(NO)).toBe('SUCCESS');
  });

  it('takes a new number only after WeChat has confirmed that the old one is closed', async () => {
    await world.open();
    world.store.attempt(NO).attempt.codeUrl = null;
    let refusals = 1;
    world.wechat.onPrepare = () => (refusals-- > 0 ? { kind: 'closed' } : code);
    world.wechat.onQuery = () => ({ kind: 'closed' });
    expect(await native()).toMatchObject({ kind: 'ready', outTradeNo: `${NO}-2` });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`, `query ${NO}`, `prepare ${NO}-2`]);
  });

  it('never shows a code whose order ended meanwhile, and closes it at WeChat', async () => {
    world.wechat.onPrepare = async () => {
      await world.store.record([{ orderNo: NO, reason: 'timeout' }]);
      return code;
    };
    expect(await native()).toEqual({ kind: 'refused', reason: 'ORDER_CLOSING' });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`, `close ${NO}`]);
    expect(world.store.attempt(NO).attempt.codeUrl).toBeNull();
  });

  it('asks order for an order it does not know yet', async () => {
    const other = 'TEST0000000000000000BB';
    expect(await native(other)).toEqual({ kind: 'unknown-order' });
    world.orderAnswer = 'unreachable';
    expect(await native(other)).toEqual({ kind: 'order-unreachable' });
    world.orderAnswer = { orderNo: other, totalFee: 7, title: 'cup', expiresAt: inAnHour() };
    expect(await native(other)).toMatchObject({ kind: 'ready', totalFee: 7 });
  });
});
