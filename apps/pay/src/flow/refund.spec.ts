import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { atWechat, command, TRANSACTION } from './refunds.testing.ts';
import { NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

let world: World;
const raw = Buffer.from('<xml/>');
const stateOf = () => world.refunds.rows.get('R1')?.state;
const due = (outRefundNo = 'R1') => world.refunds.dueIn.set(outRefundNo, 0);

beforeEach(async () => {
  world = await World.withOneOrder();
});

describe('carrying a refund out', () => {
  beforeEach(() => world.steps.refund.record([command]));

  it('calls WeChat once, and asks until the money is back', async () => {
    const { refund } = world.steps;
    await refund.tick();
    expect(stateOf()).toBe('PROCESSING');
    world.refundWechat.known.set('R1', atWechat({ state: 'PROCESSING' }));
    due();
    await refund.tick();
    world.refundWechat.known.set('R1', atWechat());
    due();
    await refund.tick();
    expect(stateOf()).toBe('SUCCESS');
    expect(world.refundWechat.calls).toEqual(['refund R1', 'query R1', 'query R1']);
    expect(world.refunds.told).toEqual(['SUCCESS R1']);
  });

  it('keeps the number when the answer is unknown, and asks before it calls again (J3)', async () => {
    world.refundWechat.onRefund = () => ({ kind: 'unknown', reason: 'timeout' });
    await world.steps.refund.tick();
    expect(stateOf()).toBe('REQUESTED');
    due();
    await world.steps.refund.tick();
    expect(world.refundWechat.calls).toEqual(['refund R1', 'query R1', 'refund R1']);
    world.refundWechat.known.set('R1', atWechat({ state: 'PROCESSING' }));
    due();
    await world.steps.refund.tick();
    expect(world.refundWechat.calls.slice(3)).toEqual(['query R1']);
    expect(stateOf()).toBe('PROCESSING');
  });

  it.each([
    ['NOTENOUGH', 'somebody'],
    ['FREQUENCY_LIMITED', 'time'],
    ['CERT_ERROR', 'somebody'],
    ['SYSTEMERROR', 'time'],
    ['NOAUTH', 'somebody'],
    ['A_NEW_CODE', 'time'],
  ])('stays and is repeated after %s, which waits for %s', async (code, what) => {
    world.refundWechat.onRefund = () => ({ kind: 'refused', code, text: '' });
    await world.steps.refund.tick();
    expect(stateOf()).toBe('REQUESTED');
    expect(world.refunds.dueIn.get('R1')).toBeGreaterThan(0);
    expect(world.counted).toEqual([`refund waits for ${what}`]);
  });

  it.each(['TRADE_OVERDUE', 'ERROR', 'USER_ACCOUNT_ABNORMAL'])(
    'is REFUSED after %s, once WeChat has said that it knows no such refund',
    async (code) => {
      world.refundWechat.onRefund = () => ({ kind: 'refused', code, text: 'no' });
      await world.steps.refund.tick();
      expect(world.refundWechat.calls).toEqual(['refund R1', 'query R1']);
      expect(world.refunds.told).toEqual(['REFUSED R1']);
    },
  );

  it('keeps the number after a refused repeat for as long as the first call may still be on its way', async () => {
    world.refundWechat.onRefund = () => ({ kind: 'unknown', reason: 'timeout' });
    await world.steps.refund.tick();
    world.refundWechat.onRefund = () => ({ kind: 'refused', code: 'ERROR', text: 'no' });
    due();
    await world.steps.refund.tick();
    expect([stateOf(), world.refunds.told]).toEqual(['REQUESTED', []]);
    expect(world.refunds.dueIn.get('R1')).toBeGreaterThan(0);
    world.refunds.areCallsSettled = true;
    due();
    await world.steps.refund.tick();
    expect(world.refunds.told).toEqual(['REFUSED R1']);
  });

  it('believes the refund, not the refusal of its repeat', async () => {
    world.refundWechat.onRefund = () => ({ kind: 'refused', code: 'ERROR', text: '订单已全额退款' });
    world.refundWechat.known.set('R1', atWechat());
    await world.steps.refund.tick();
    expect(world.refunds.told).toEqual(['SUCCESS R1']);
  });

  it.each([
    ['CLOSED', 'CLOSED'],
    ['ABNORMAL', 'ABNORMAL'],
  ] as const)('tells that WeChat ended it as %s', async (state, end) => {
    await world.steps.refund.tick();
    world.refundWechat.known.set('R1', atWechat({ state }));
    due();
    await world.steps.refund.tick();
    expect(world.refunds.told).toEqual([`${end} R1`]);
  });

  it.each([{ amountFen: 61 }, { totalFee: 99 }, { refundId: '51' }, { outTradeNo: 'TEST0000000000000000BB' }])(
    'does not believe an answer about another refund (%j)',
    async (other) => {
      await world.steps.refund.tick();
      world.refundWechat.known.set('R1', atWechat(other));
      due();
      await world.steps.refund.tick();
      expect([stateOf(), world.refunds.told]).toEqual(['PROCESSING', []]);
    },
  );

  it('waits its turn behind another refund of the same payment', async () => {
    world.refunds.apart = 'later';
    await world.steps.refund.tick();
    expect(world.refundWechat.calls).toEqual([]);
  });
});

describe('a command', () => {
  it('is one refund however often it comes, and is answered again once that has ended', async () => {
    const { refund } = world.steps;
    expect(await refund.record([command, command])).toEqual(['recorded', 'known']);
    world.refundWechat.known.set('R1', atWechat());
    await refund.tick();
    due();
    await refund.tick();
    expect(await refund.record([command])).toEqual(['known']);
    expect(world.refunds.told).toEqual(['SUCCESS R1', 'SUCCESS R1']);
    expect(world.refundWechat.calls.filter((call) => call.startsWith('refund'))).toHaveLength(1);
  });

  it('for another amount under the same number is another refund, and is not made', async () => {
    await world.steps.refund.record([command]);
    expect(await world.steps.refund.record([{ ...command, amountFen: 1 }])).toEqual(['other']);
  });

  it('for money that is not known here waits', async () => {
    expect(await world.steps.refund.record([{ ...command, transactionId: '4200' }])).toEqual(['unknown-payment']);
  });
});

describe('a refund notification', () => {
  beforeEach(async () => {
    await world.steps.refund.record([command]);
    await world.steps.refund.tick();
    world.refundWechat.notice = atWechat();
    world.refundWechat.calls.length = 0;
  });

  it('ends the refund once a query has said the same', async () => {
    world.refundWechat.known.set('R1', atWechat());
    const { refundNotify } = world.steps;
    expect(await refundNotify.receive(raw, '127.0.0.1')).toEqual({ kind: 'success' });
    expect(await refundNotify.receive(raw, '127.0.0.1')).toEqual({ kind: 'success' });
    expect([stateOf(), world.refunds.told]).toEqual(['SUCCESS', ['SUCCESS R1']]);
  });

  it('counts once when a query learns it at the same moment (J4)', async () => {
    world.refundWechat.known.set('R1', atWechat());
    due();
    await Promise.all([world.steps.refundNotify.receive(raw, '127.0.0.1'), world.steps.refund.tick()]);
    expect(world.refunds.told).toEqual(['SUCCESS R1']);
  });

  it('that the money is back after all ends a refund the account had not taken', async () => {
    world.refundWechat.known.set('R1', atWechat({ state: 'ABNORMAL' }));
    due();
    await world.steps.refund.tick();
    expect(stateOf()).toBe('ABNORMAL');
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
    world.refundWechat.known.set('R1', atWechat());
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toEqual({ kind: 'success' });
    expect(world.refunds.told).toEqual(['ABNORMAL R1', 'SUCCESS R1']);
  });

  it('is not believed by itself', async () => {
    world.refundWechat.known.set('R1', atWechat({ state: 'PROCESSING' }));
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
    world.refundWechat.onQuery = () => ({ kind: 'unknown', reason: 'timeout' });
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
    expect([stateOf(), world.refunds.told]).toEqual(['PROCESSING', []]);
  });

  it.each([{ amountFen: 61 }, { transactionId: '4201' }, { outTradeNo: 'X' }, { totalFee: 1 }, { refundId: '5' }])(
    'that differs from our refund is answered FAIL (%j)',
    async (other) => {
      world.refundWechat.notice = atWechat(other);
      expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
      expect(world.refundWechat.calls).toEqual([]);
    },
  );

  it('that does not open is answered FAIL', async () => {
    world.refundWechat.notice = undefined;
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
  });

  it('of a refund made in the merchant console takes it over', async () => {
    const console = atWechat({ outRefundNo: '50CONSOLE', refundId: '50CONSOLE', amountFen: 40 });
    world.refundWechat.notice = console;
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toMatchObject({ kind: 'fail' });
    world.refundWechat.listed = [console];
    world.refundWechat.known.set('50CONSOLE', console);
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toEqual({ kind: 'success' });
    await world.steps.refund.tick();
    expect(world.refunds.told).toContain('SUCCESS 50CONSOLE');
  });
});

describe('a payment that is seen as refunded first', () => {
  it('is settled as paid, and its refunds are taken over', async () => {
    await world.open();
    world.refundWechat.listed = [atWechat({ outRefundNo: '50CONSOLE', refundId: '50CONSOLE' })];
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid({ transactionId: TRANSACTION }), refunded: true });
    await world.steps.status.query(NO);
    expect(world.stateOf(NO)).toBe('SUCCESS');
    expect(world.refunds.rows.get('50CONSOLE')).toMatchObject({ origin: 'CONSOLE', state: 'PROCESSING' });
  });
});

describe('refunds that could not be listed at once', () => {
  const listed = [atWechat({ outRefundNo: '50CONSOLE', refundId: '50CONSOLE' })];

  it('are listed again, ever more slowly, until WeChat has told them all', async () => {
    world.listings.due.set(TRANSACTION, 0);
    world.refundWechat.listed = undefined;
    await world.steps.takeOver.tick();
    await world.steps.takeOver.tick();
    expect(world.listings.laterMs).toEqual([5_000, 10_000]);
    world.refundWechat.listed = listed;
    await world.steps.takeOver.tick();
    expect([world.listings.due.size, world.refunds.rows.has('50CONSOLE')]).toEqual([0, true]);
  });

  it('need nobody when the settlement has listed them', async () => {
    await world.open();
    world.listings.due.set(TRANSACTION, 0);
    world.refundWechat.listed = listed;
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid({ transactionId: TRANSACTION }), refunded: true });
    await world.steps.status.query(NO);
    expect(world.listings.due.size).toBe(0);
    expect(world.store.settledAs.at(-1)).toMatchObject({ transactionId: TRANSACTION, refunded: true });
  });
});

describe('money that WeChat cannot pay out', () => {
  const { orderNo, transactionId, outRefundNo, amountFen } = command;
  const repayment = { orderNo, transactionId, outRefundNo, amountFen };

  beforeEach(async () => {
    await world.steps.refund.record([command]);
    world.refundWechat.known.set('R1', atWechat({ state: 'ABNORMAL' }));
    await world.steps.refund.tick();
    due();
    await world.steps.refund.tick();
    expect(stateOf()).toBe('ABNORMAL');
  });

  it('is told until order has said that the buyer was repaid', async () => {
    for (let times = 0; times < 2; times += 1) {
      due();
      await world.steps.refund.tick();
      expect(world.refunds.dueIn.get('R1')).toBeGreaterThan(0);
    }
    expect(world.refunds.told).toEqual(['ABNORMAL R1', 'ABNORMAL R1', 'ABNORMAL R1']);
    expect(await world.steps.refund.repaid([repayment, repayment])).toEqual(['recorded', 'known']);
    expect(world.refunds.dueIn.get('R1')).toBeUndefined();
    // Of two that tell at the same moment one is late.
    due();
    await world.steps.refund.tick();
    expect([world.refunds.dueIn.get('R1'), world.refunds.told.length]).toEqual([undefined, 3]);
  });

  it('and was repaid is shown to those who look on at once', async () => {
    const seen: unknown[] = [];
    const stop = world.watch.watch(command.orderNo, () => seen.push(stateOf()));
    await world.steps.refund.repaid([repayment]);
    stop();
    expect(seen).toEqual(['REPAID']);
  });

  it('and was repaid is told to order when WeChat pays it all the same', async () => {
    await world.steps.refund.repaid([repayment]);
    world.refundWechat.notice = atWechat();
    world.refundWechat.known.set('R1', atWechat());
    expect(await world.steps.refundNotify.receive(raw, '127.0.0.1')).toEqual({ kind: 'success' });
    expect([stateOf(), world.refunds.told]).toEqual(['SUCCESS', ['ABNORMAL R1', 'SUCCESS R1']]);
    expect(await world.steps.refund.repaid([repayment])).toEqual(['known']);
  });

  it('is not known here, or is other money', async () => {
    const strangers = [
      { ...repayment, outRefundNo: 'R2' },
      { ...repayment, amountFen: 1 },
    ];
    expect(await world.steps.refund.repaid(strangers)).toEqual(['unknown-refund', 'other']);
    expect(stateOf()).toBe('ABNORMAL');
  });
});

describe('what the buyer sees of money that came too late', () => {
  it('is that it goes back, and then that it has', async () => {
    await world.open();
    world.wechat.onQuery = () => ({ kind: 'paid', payment: paid({ transactionId: TRANSACTION }) });
    await world.steps.status.query(NO);
    await world.steps.record.ended([{ orderNo: NO, status: 'CANCELLED' }]);
    expect(await world.steps.status.read(NO)).toMatchObject({ view: { phase: 'refunding', refundStatus: null } });
    await world.steps.refund.record([command]);
    expect(await world.steps.status.read(NO)).toMatchObject({
      view: { phase: 'refunding', refundStatus: 'REQUESTED' },
    });
    world.refundWechat.known.set('R1', atWechat());
    await world.steps.refund.tick();
    due();
    await world.steps.refund.tick();
    expect(await world.steps.status.read(NO)).toMatchObject({ view: { phase: 'refunded', refundStatus: 'SUCCESS' } });
  });
});
