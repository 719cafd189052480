import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MAX_ATTEMPTS } from '../domain/attempt.ts';
import { code, mweb, NO, paid, prepayId, World } from './world.testing.ts';

Logger.overrideLogger(false);

const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const IP = '127.0.0.1';

let world: World;

beforeEach(async () => {
  world = await World.withOneOrder();
});

const native = () => world.steps.prepay.native(NO, IP);
const jsapi = (openid = OPENID) => world.steps.prepay.jsapi(NO, IP, openid);
const h5 = () => world.steps.prepay.h5(NO, IP);
const app = () => world.steps.prepay.app(NO, IP);
const ageMs = (outTradeNo: string, ms: number) => {
  world.store.attempt(outTradeNo).attempt.preparedAt = new Date(Date.now() - ms);
};

describe('each way to pay', () => {
  it('inside WeChat is signed anew each time, from the same prepay_id', async () => {
    world.wechat.onPrepare = () => prepayId;
    const [first, second] = [await jsapi(), await jsapi()];
    expect(first).toMatchObject({
      kind: 'ready',
      outTradeNo: NO,
      cashier: { package: 'prepay_id=wx2014', nonceStr: '1' },
    });
    expect(second).toMatchObject({ cashier: { package: 'prepay_id=wx2014', nonceStr: '2' } });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
    expect(world.store.attempt(NO).attempt).toMatchObject({ tradeType: 'JSAPI', payerOpenid: OPENID });
  });

  it('from a mobile browser leads to a page of WeChat, fetched again when its few minutes are over', async () => {
    world.wechat.onPrepare = () => mweb;
    expect(await h5()).toMatchObject({ kind: 'ready', orderNo: NO, outTradeNo: NO, mwebUrl: mweb.mwebUrl });
    ageMs(NO, 3 * 60_000);
    await h5();
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
    ageMs(NO, 4 * 60_000);
    world.wechat.onPrepare = () => ({ ...mweb, mwebUrl: `${mweb.mwebUrl}3` });
    expect(await h5()).toMatchObject({ outTradeNo: NO, mwebUrl: `${mweb.mwebUrl}3` });
    expect(world.store.attempt(NO).attempt.scene).toEqual({ wapUrl: 'https://pay.example.test', wapName: 'tea shop' });
  });

  it('from an app is signed with the appid of the app', async () => {
    world.wechat.onPrepare = () => prepayId;
    const cashier = { appid: 'wx7777777777777777', prepayid: 'wx2014', package: 'Sign=WXPay' };
    expect(await app()).toMatchObject({ kind: 'ready', cashier });
    expect(world.store.attempt(NO).attempt).toMatchObject({ tradeType: 'APP', appid: 'wx7777777777777777' });
  });

  it('in a mini-program is signed with the appid of the mini-program', async () => {
    world.wechat.onPrepare = () => prepayId;
    const answer = await world.steps.prepay.mini(NO, IP, OPENID);
    expect(answer).toMatchObject({ kind: 'ready', cashier: { appId: 'wx5555555555555555' } });
    const { attempt } = world.store.attempt(NO);
    expect(attempt).toMatchObject({ tradeType: 'JSAPI', appid: 'wx5555555555555555', payerOpenid: OPENID });
  });

  it('from an app or in a mini-program needs their appids', async () => {
    world.appids = {};
    expect(await app()).toEqual({ kind: 'way-not-configured', setting: 'WECHAT_APP_APPID' });
    const mini = await world.steps.prepay.mini(NO, IP, OPENID);
    expect(mini).toEqual({ kind: 'way-not-configured', setting: 'WECHAT_MINI_APPID' });
    expect(world.wechat.calls).toEqual([]);
  });
});

describe('another way to pay', () => {
  it('takes a new number after WeChat has closed the old one', async () => {
    await native();
    world.wechat.onPrepare = () => mweb;
    expect(await h5()).toMatchObject({ kind: 'ready', outTradeNo: `${NO}-2` });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`, `query ${NO}`, `close ${NO}`, `prepare ${NO}-2`]);
    expect([world.stateOf(NO), world.stateOf(`${NO}-2`)]).toEqual(['CLOSED', 'NOTPAY']);
  });

  it('is told to every page that is open: when the old way is over, and when the new one is there', async () => {
    let changes = 0;
    world.watch.watch(NO, () => (changes += 1));
    await native();
    expect([world.switched, changes]).toEqual([[], 1]);
    world.wechat.onPrepare = () => {
      expect([world.switched, changes]).toEqual([[NO], 2]);
      return mweb;
    };
    await h5();
    expect(world.switched).toEqual([NO, `${NO}-2`]);
    await h5();
    expect(world.switched).toHaveLength(2);
  });

  it('is told to every page even when WeChat then refuses the new one', async () => {
    await native();
    world.wechat.onPrepare = () => ({ kind: 'refused', code: 'NOAUTH', text: '', leavesNothing: true });
    expect(await h5()).toMatchObject({ kind: 'wechat-refused' });
    expect(world.switched).toEqual([NO]);
  });

  it('is another payer, too', async () => {
    world.wechat.onPrepare = () => prepayId;
    await jsapi();
    expect(await jsapi('oAnother')).toMatchObject({ kind: 'ready', outTradeNo: `${NO}-2` });
    expect(world.stateOf(NO)).toBe('CLOSED');
  });

  it('is another appid, too: an openid and a prepay_id are good for one only', async () => {
    world.wechat.onPrepare = () => prepayId;
    await jsapi();
    expect(await world.steps.prepay.mini(NO, IP, OPENID)).toMatchObject({
      ...{ kind: 'ready', outTradeNo: `${NO}-2`, cashier: { appId: 'wx5555555555555555' } },
    });
    expect(await jsapi()).toMatchObject({ outTradeNo: `${NO}-3`, cashier: { appId: 'wx8888888888888888' } });
  });

  it('is not taken without end, and the one that is open stays', async () => {
    await native();
    const { attempts } = world.store.order(NO);
    const first = structuredClone(attempts[0]!);
    while (attempts.length < MAX_ATTEMPTS)
      attempts.unshift({ ...first, outTradeNo: `old ${attempts.length}`, state: 'CLOSED' });
    expect(await h5()).toEqual({ kind: 'refused', reason: 'TOO_MANY_ATTEMPTS' });
    expect(await native()).toMatchObject({ kind: 'ready', outTradeNo: NO });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
  });

  it('waits while WeChat does not close the old one, which can still be paid', async () => {
    await native();
    world.wechat.onClose = () => ({ kind: 'refused', code: 'TRADE_STATE_ERROR' });
    const answer = await h5();
    expect(answer).toMatchObject({ kind: 'closing', tradeType: 'NATIVE' });
    const { retryAfterMs } = answer as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(290_000);
    expect(retryAfterMs).toBeLessThanOrEqual(300_000);
    expect(await native()).toMatchObject({ kind: 'ready', outTradeNo: NO, codeUrl: code.codeUrl });
  });

  it('is not begun when nobody knows what WeChat has done', async () => {
    await native();
    world.wechat.onClose = () => ({ kind: 'unknown', reason: 'no answer' });
    expect(await h5()).toEqual({ kind: 'wechat-unreachable', timedOut: false });
    world.wechat.onQuery = () => ({ kind: 'unknown', reason: 'no answer' });
    expect(await h5()).toEqual({ kind: 'wechat-unreachable', timedOut: false });
    expect(world.stateOf(NO)).toBe('NOTPAY');
  });

  it('is not needed when the money was faster', async () => {
    await native();
    world.wechat.onClose = () => ({ kind: 'paid' });
    let asked = 0;
    world.wechat.onQuery = () => ((asked += 1) === 1 ? { kind: 'unpaid' } : { kind: 'paid', payment: paid() });
    expect(await h5()).toEqual({ kind: 'refused', reason: 'ORDER_PAID' });
    expect(world.stateOf(NO)).toBe('SUCCESS');
    expect(world.wechat.calls.filter((call) => call.startsWith('prepare'))).toEqual([`prepare ${NO}`]);
  });

  it('waits for a minute after a call that WeChat may still hear of', async () => {
    world.wechat.onPrepare = () => ({ kind: 'unknown', reason: 'deadline', timedOut: true });
    await native();
    world.wechat.onQuery = () => ({ kind: 'absent' });
    expect(await h5()).toMatchObject({ kind: 'closing', tradeType: 'NATIVE' });
    world.store.attempt(NO).attempt.calledAt = new Date(Date.now() - 60_000);
    world.wechat.onPrepare = () => mweb;
    expect(await h5()).toMatchObject({ kind: 'ready', outTradeNo: `${NO}-2` });
  });

  it('does not wait after a call that WeChat has refused: nothing of it is there, nor on its way', async () => {
    world.wechat.onPrepare = () => ({
      kind: 'refused',
      code: 'FAIL',
      text: 'appid和openid不匹配',
      leavesNothing: true,
    });
    expect(await jsapi()).toMatchObject({ kind: 'wechat-refused', text: 'appid和openid不匹配' });
    world.wechat.onQuery = () => ({ kind: 'absent' });
    world.wechat.onPrepare = () => code;
    expect(await native()).toMatchObject({ kind: 'ready', outTradeNo: `${NO}-2` });
    expect(world.wechat.calls).toEqual([`prepare ${NO}`, `query ${NO}`, `prepare ${NO}-2`]);
  });

  it.each([
    ['a refusal that may mean a known number', 'prepare', false],
    ['a refused repeat of a call whose outcome nobody knows', 'unknown', true],
  ] as const)('waits all the same after %s', async (_what, before, leavesNothing) => {
    world.wechat.onPrepare = () => ({ kind: 'unknown', reason: 'no answer', timedOut: false });
    if (before === 'unknown') await jsapi();
    world.wechat.onPrepare = () => ({ kind: 'refused', code: 'NOAUTH', text: '', leavesNothing });
    await jsapi();
    world.wechat.onQuery = () => ({ kind: 'absent' });
    expect(await native()).toMatchObject({ kind: 'closing', tradeType: 'JSAPI' });
    expect(world.stateOf(NO)).toBe('CREATED');
  });

  it('is never begun by looking at the page', async () => {
    world.wechat.onPrepare = () => prepayId;
    await jsapi();
    expect(await world.steps.prepay.firstNative(NO, IP)).toEqual({ kind: 'other-way', tradeType: 'JSAPI' });
    expect(world.stateOf(NO)).toBe('NOTPAY');
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
  });

  it('leaves one attempt open when two browsers ask for two ways at once', async () => {
    await native();
    world.wechat.onPrepare = () => mweb;
    const answers = await Promise.all([h5(), h5()]);
    expect(answers.map((answer) => 'outTradeNo' in answer && answer.outTradeNo)).toEqual(Array(2).fill(`${NO}-2`));
    const open = world.store.order(NO).attempts.filter(({ state }) => state === 'NOTPAY' || state === 'CREATED');
    expect(open.map(({ outTradeNo }) => outTradeNo)).toEqual([`${NO}-2`]);
  });
});

describe('the status', () => {
  it('says in which way the order is being paid, and shows a code for scanning only', async () => {
    world.wechat.onPrepare = () => prepayId;
    await jsapi();
    const shown = await world.steps.status.read(NO);
    expect(shown).toMatchObject({ view: { tradeType: 'JSAPI', tradeState: 'NOTPAY', codeUrlExpiresAt: null } });
    expect(shown).toMatchObject({ codeUrl: undefined });
  });

  it('says nothing of a way before the first', async () => {
    expect(await world.steps.status.read(NO)).toMatchObject({ view: { tradeType: null } });
  });
});
