import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type OpenedScan, ProductCodes, Products, type Shortened } from './ports.ts';
import { ProductCode } from './product-code.ts';
import { Scan } from './scan.ts';
import { code, inAnHour, NO, paid, World } from './world.testing.ts';

Logger.overrideLogger(false);

const order = { orderNo: NO, totalFee: 100, title: 'tea', expiresAt: inAnHour() };
const scan = { productId: 'tea', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', scanId: 'n1', signType: 'MD5' } as const;
const BUSY = '商家系统繁忙，请稍后再扫一次';

class Codes extends ProductCodes {
  opened: OpenedScan = { kind: 'scanned', scan };
  shortened: Shortened = { kind: 'short', url: 'weixin://wxpay/s/An4baqw' };
  override url = (productId: string) => `weixin://wxpay/bizpayurl?product_id=${productId}`;
  override shorten = () => Promise.resolve(this.shortened);
  override open = () => this.opened;
  override answer = (signType: string, answer: object) => `${signType} ${JSON.stringify(answer)}`;
}

class Shelf extends Products {
  known: boolean | 'unreachable' = true;
  answer: Awaited<ReturnType<Products['orderFor']>> | Error = order;
  override has = () => Promise.resolve(this.known);
  override orderFor = () => (this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer));
}

let world: World;
let codes: Codes;
let shelf: Shelf;
let step: Scan;

beforeEach(() => {
  world = new World();
  [codes, shelf] = [new Codes(), new Shelf()];
  step = new Scan(codes, shelf, world.attempts, world.steps.prepay, world.counts);
});

const receive = () => step.receive(Buffer.from('<xml/>'), '10.0.0.1');
const refused = (refusal: string) => ({ kind: 'signed', xml: `MD5 ${JSON.stringify({ refusal })}` });
const prepared = { kind: 'signed', xml: `MD5 ${JSON.stringify({ prepayId: code.prepayId })}` };

describe('a scanned product code', () => {
  it('is answered with a prepay_id, in the algorithm it was signed with', async () => {
    expect(await receive()).toEqual(prepared);
    expect(world.store.attempt(NO).attempt).toMatchObject({ tradeType: 'NATIVE', state: 'NOTPAY', totalFee: 100 });
  });

  it('scanned again answers the same one, without asking WeChat again', async () => {
    expect([await receive(), await receive()]).toEqual([prepared, prepared]);
    expect(world.wechat.calls).toEqual([`prepare ${NO}`]);
  });

  it.each(['unreadable', 'unsigned', 'sign', 'foreign-appid', 'fields'])('is refused when it is %s', async (reason) => {
    codes.opened = { kind: 'refused', reason };
    expect(await receive()).toEqual({ kind: 'unsigned', message: '商家无法识别这次扫码' });
    expect(world.counted).toEqual([`scan-${reason}`]);
    expect(world.store.orders.size).toBe(0);
  });

  it.each([
    ['unknown-product', '没有这个商品'],
    ['sold-out', '商品已售罄'],
    ['busy', BUSY],
    ['unreachable', BUSY],
  ] as const)('says in words that the buyer reads: %s', async (answer, text) => {
    shelf.answer = answer;
    expect(await receive()).toEqual(refused(text));
    expect(world.wechat.calls).toEqual([]);
  });

  it('that was paid already says so', async () => {
    await receive();
    await world.store.settle([paid()]);
    expect(await receive()).toEqual(refused('这次扫码的订单已经支付'));
  });

  it('says "later" when WeChat does not answer or refuses, and is good again after', async () => {
    world.wechat.onPrepare = () => ({ kind: 'unknown', reason: 'deadline', timedOut: true });
    expect(await receive()).toEqual(refused(BUSY));
    world.wechat.onPrepare = () => ({ kind: 'refused', code: 'NOAUTH', text: '', leavesNothing: true });
    expect(await receive()).toEqual(refused(BUSY));
    world.wechat.onPrepare = () => code;
    expect(await receive()).toEqual(prepared);
  });

  it('says "later" when our own parts fail', async () => {
    shelf.answer = new Error('no connection');
    expect(await receive()).toEqual(refused(BUSY));
    expect(world.counted).toEqual(['scan-own-trouble']);
  });

  it('is answered before WeChat gives up, however long anybody else takes', async () => {
    jest.useFakeTimers();
    try {
      world.wechat.onPrepare = () => new Promise(() => undefined);
      const answer = receive();
      await jest.advanceTimersByTimeAsync(4_500);
      expect(await answer).toEqual(refused(BUSY));
    } finally {
      jest.useRealTimers();
    }
  });

  it('is never answered with more than WeChat shows', () => {
    for (const text of [BUSY, '商家无法识别这次扫码', '订单正在关闭，请稍后再扫一次']) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128);
    }
  });
});

describe('the code of a product', () => {
  const of = (short: boolean) => new ProductCode(codes, shelf).of('tea', short);

  it('is made for what is sold here only', async () => {
    expect(await of(false)).toEqual({ kind: 'code', url: 'weixin://wxpay/bizpayurl?product_id=tea' });
    shelf.known = false;
    expect(await of(false)).toEqual({ kind: 'unknown-product' });
    shelf.known = 'unreachable';
    expect(await of(true)).toEqual({ kind: 'order-unreachable' });
  });

  it('is shortened by WeChat when that is wanted', async () => {
    expect(await of(true)).toEqual({ kind: 'code', url: 'weixin://wxpay/s/An4baqw' });
    codes.shortened = { kind: 'refused', code: 'NOAUTH', text: 'no' };
    expect(await of(true)).toEqual({ kind: 'wechat-refused', code: 'NOAUTH', text: 'no' });
    codes.shortened = { kind: 'unknown' };
    expect(await of(true)).toEqual({ kind: 'wechat-unreachable', timedOut: false });
  });
});
