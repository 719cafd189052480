import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { type Client, UnexpectedAnswer } from '../tools/stack/client.ts';
import { SimulatorControl } from './support/simulator-control.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const TEST_MS = 180_000;
const FIVE_MINUTES_MS = 300_000;
const APPID = 'wx8888888888888888';
const APP_APPID = 'wx6666666666666666';

describe('every way to pay', () => {
  let stack: Stack;
  let control: SimulatorControl;

  beforeAll(async () => {
    stack = await Stack.start({ SIMULATOR_REFUND_SECONDS: '1' });
    control = new SimulatorControl(stack.links['wechat-simulator'], stack.secrets.SIMULATOR_CONTROL_TOKEN);
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  /** A buyer in front of the cashier, who has not chosen yet. */
  async function ordered(): Promise<{ buyer: Client; orderNo: string }> {
    const buyer = stack.buyer();
    const order = await buyer.place([{ productId: TEA.productId, quantity: 1 }]);
    await buyer.openCashier(order);
    return { buyer, orderNo: order.orderNo };
  }
  const attempts = (orderNo: string) =>
    stack.rows<{ out_trade_no: string; trade_type: string; state: string }>(
      'pay',
      'SELECT out_trade_no, trade_type, state FROM attempt WHERE order_no = ? ORDER BY seq',
      [orderNo],
    );
  const refusal = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const error: unknown = await work.then(
      () => new Error('it was not refused'),
      (thrown: unknown) => thrown,
    );
    if (error instanceof UnexpectedAnswer) return JSON.parse(error.body) as Record<string, unknown>;
    throw error;
  };
  /** What `order` was told of the payment. */
  const told = async (orderNo: string) => {
    const sql = 'SELECT trade_type, openid, appid FROM attempt WHERE order_no = ? AND state = ?';
    const [paid] = await stack.rows<Record<string, string>>('pay', sql, [orderNo, 'SUCCESS']);
    return paid;
  };

  it(
    'inside WeChat: known by WeChat alone, signed, paid',
    async () => {
      const { buyer, orderNo } = await ordered();
      expect(await refusal(buyer.createWay(orderNo, 'jsapi'))).toMatchObject({
        ...{ status: 403, code: 'OPENID_REQUIRED', authorizeUrl: `/weixin/oauth/start?outtradeno=${orderNo}` },
      });
      expect(await buyer.meetWechat(orderNo)).toBe(`${stack.links.pay}/pay/${orderNo}`);
      const given = await buyer.createWay(orderNo, 'jsapi');
      expect(given).toMatchObject({ appId: APPID, out_trade_no: orderNo, signType: 'HMAC-SHA256' });
      const again = await buyer.createWay(orderNo, 'jsapi');
      expect(again['package']).toBe(given['package']);
      expect(again['paySign']).not.toBe(given['paySign']);
      expect(await buyer.status(orderNo)).toMatchObject({ tradeType: 'JSAPI', phase: 'waiting' });
      await buyer.tap(JSON.stringify(again));
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await told(orderNo)).toMatchObject({ trade_type: 'JSAPI', openid: expect.stringMatching(/^oPaypair/) });
      expect(await attempts(orderNo)).toEqual([{ out_trade_no: orderNo, trade_type: 'JSAPI', state: 'SUCCESS' }]);
    },
    TEST_MS,
  );

  it(
    'inside WeChat with an openid of another account: WeChat’s own error',
    async () => {
      const { buyer, orderNo } = await ordered();
      await control.rules({ oauthOpenid: 'oPaypair666666666Phone000001' });
      try {
        await buyer.meetWechat(orderNo);
      } finally {
        await control.rules({ oauthOpenid: '' });
      }
      expect(await refusal(buyer.createWay(orderNo, 'jsapi'))).toMatchObject({
        ...{ status: 502, code: 'WECHAT_REFUSED', wechatText: 'appid和openid不匹配' },
      });
    },
    TEST_MS,
  );

  it(
    'from a mobile browser: a page of WeChat that leads back to the order',
    async () => {
      const { buyer, orderNo } = await ordered();
      const { mweb_url: page = '' } = await buyer.createWay(orderNo, 'h5');
      expect(new URL(page).searchParams.get('redirect_url')).toBe(`${stack.links.pay}/pay/${orderNo}`);
      const there = await fetch(page, { redirect: 'manual' });
      expect(there.headers.get('location')).toContain(encodeURIComponent(`/pay/${orderNo}`));
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await told(orderNo)).toMatchObject({ trade_type: 'MWEB' });
    },
    TEST_MS,
  );

  it(
    'from an app: signed for the appid of the app, and given back like any money',
    async () => {
      const { buyer, orderNo } = await ordered();
      const given = await buyer.createWay(orderNo, 'app');
      expect(given).toMatchObject({ appid: APP_APPID, partnerid: '1900000109', package: 'Sign=WXPay' });
      await buyer.tap(JSON.stringify(given));
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await told(orderNo)).toMatchObject({ trade_type: 'APP', appid: APP_APPID });
      await stack.operator().refund(orderNo, { amountFen: TEA.priceFen, reason: 'returned' });
      await stack.orderBecomes(orderNo, 'REFUNDED', TEST_MS);
    },
    TEST_MS,
  );

  it(
    'changes only when WeChat has let go of the old one',
    async () => {
      await control.rules({ closeAfterMs: FIVE_MINUTES_MS });
      try {
        const { buyer, orderNo } = await ordered();
        const code = await buyer.createCode(orderNo);
        const refused = buyer.createWay(orderNo, 'h5');
        expect(await refusal(refused)).toMatchObject({ status: 409, code: 'ATTEMPT_CLOSING', way: 'native' });
        expect(await buyer.createCode(orderNo)).toMatchObject({ code_url: code.code_url });
        await buyer.advanceClock(FIVE_MINUTES_MS);
        const { mweb_url: page = '', out_trade_no: number } = await buyer.createWay(orderNo, 'h5');
        expect(number).toBe(`${orderNo}-2`);
        await expect(buyer.tap(code.code_url)).rejects.toThrow(/ORDER_CLOSED/);
        await buyer.tap(page);
        await stack.orderBecomes(orderNo, 'PAID');
        expect(await attempts(orderNo)).toEqual([
          { out_trade_no: orderNo, trade_type: 'NATIVE', state: 'CLOSED' },
          { out_trade_no: `${orderNo}-2`, trade_type: 'MWEB', state: 'SUCCESS' },
        ]);
      } finally {
        await control.rules({ closeAfterMs: 0 });
      }
    },
    TEST_MS,
  );

  it(
    'does not change when the money was faster',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      const { orderNo } = order;
      // Nobody hears of the payment but who asks.
      await buyer.faults({ notify: { off: true } });
      try {
        await buyer.tap(code.code_url);
        expect(await refusal(buyer.createWay(orderNo, 'h5'))).toMatchObject({ status: 409, code: 'ORDER_PAID' });
      } finally {
        await buyer.faults({});
      }
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await attempts(orderNo)).toEqual([{ out_trade_no: orderNo, trade_type: 'NATIVE', state: 'SUCCESS' }]);
    },
    TEST_MS,
  );

  it(
    'never changes because somebody looks at the page',
    async () => {
      const { buyer, orderNo } = await ordered();
      await buyer.createWay(orderNo, 'h5');
      expect(await buyer.meetWechat(orderNo)).toContain(orderNo);
      const page = await fetch(`${stack.links.pay}/pay/${orderNo}`, { headers: buyer.cookiesOf(orderNo) });
      expect(page.status).toBe(200);
      expect(await attempts(orderNo)).toEqual([{ out_trade_no: orderNo, trade_type: 'MWEB', state: 'NOTPAY' }]);
    },
    TEST_MS,
  );

  it(
    'is one open attempt, whatever many browsers ask for at once',
    async () => {
      const { buyer, orderNo } = await ordered();
      await buyer.meetWechat(orderNo);
      const asked = [1, 2, 3].flatMap(() => [
        buyer.createCode(orderNo),
        buyer.createWay(orderNo, 'jsapi'),
        buyer.createWay(orderNo, 'app'),
      ]);
      await Promise.allSettled(asked);
      const open = (await attempts(orderNo)).filter(({ state }) => state === 'NOTPAY' || state === 'CREATED');
      expect(open).toHaveLength(1);
      const { mweb_url: page = '' } = await until('the last one wins', () => buyer.createWay(orderNo, 'h5'));
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      const states = (await attempts(orderNo)).map(({ state }) => state);
      expect(states.toSorted()).toEqual([...Array<string>(states.length - 1).fill('CLOSED'), 'SUCCESS']);
    },
    TEST_MS,
  );

  it(
    'paid in two ways: the second payment goes back',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      const { orderNo } = order;
      // As if WeChat had confirmed a close and taken money all the same: what it never promises not to do.
      const sql = "UPDATE attempt SET state = 'CLOSED', open_slot = NULL WHERE out_trade_no = ? AND state = 'NOTPAY'";
      await stack.rows('pay', sql, [orderNo]);
      const { mweb_url: page = '' } = await buyer.createWay(orderNo, 'h5');
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      const { transactionId } = await buyer.tap(code.code_url);
      await until('the second payment is back', async () => {
        const known = 'SELECT COUNT(*) FROM refund_request WHERE out_refund_no = ? AND state = ?';
        return (await stack.number('order', known, [`A${transactionId}`, 'SUCCESS'])) === 1;
      });
      expect(await stack.rows('order', 'SELECT kind, state FROM anomaly WHERE order_no = ?', [orderNo])).toEqual([
        { kind: 'DOUBLE', state: 'DONE' },
      ]);
    },
    TEST_MS,
  );

  it(
    'refuses what cannot be meant',
    async () => {
      const { buyer, orderNo } = await ordered();
      const post = async (path: string, body?: string) => {
        const headers = {
          ...buyer.cookiesOf(orderNo),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        };
        const answer = await fetch(`${stack.links.pay}/weixin/pay/create/${path}`, {
          ...{ method: 'POST', headers },
          ...(body !== undefined && { body }),
        });
        return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
      };
      expect(await post(`cash?outtradeno=${orderNo}`)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
      for (const number of ['', '../etc', "1' OR 1=1", 'A'.repeat(200)]) {
        expect(await post(`h5?outtradeno=${encodeURIComponent(number)}`)).toMatchObject({
          ...{ status: 400, code: 'INVALID_INPUT', errors: [{ path: 'outtradeno' }] },
        });
      }
      expect(await post('app?outtradeno=TEST0000000000000000AA')).toMatchObject({
        status: 403,
        code: 'PAY_LINK_REQUIRED',
      });
      // No body changes who pays what.
      const lies = JSON.stringify({ openid: 'oAnother', totalFee: 1, outtradeno: 'other' });
      expect(await post(`jsapi?outtradeno=${orderNo}&openid=oAnother`, lies)).toMatchObject({
        code: 'OPENID_REQUIRED',
      });
      expect(await post(`h5?outtradeno=${orderNo}`, lies)).toMatchObject({ total_fee: TEA.priceFen });
    },
    TEST_MS,
  );

  it(
    'takes an OAuth answer only in the browser it was asked for, and only once',
    async () => {
      const { buyer, orderNo } = await ordered();
      const other = stack.buyer();
      const start = await fetch(`${stack.links.pay}/weixin/oauth/start?outtradeno=${orderNo}`, {
        ...{ headers: buyer.cookiesOf(orderNo), redirect: 'manual' },
      });
      const wechat = await fetch(start.headers.get('location')!, { redirect: 'manual' });
      const callback = wechat.headers.get('location')!;
      const visit = start.headers.getSetCookie()[0]!.split(';')[0]!;
      const come = (headers: Record<string, string>, url = callback) => fetch(url, { headers, redirect: 'manual' });
      expect((await come(other.cookiesOf(orderNo))).status).toBe(403);
      expect((await come({ cookie: visit }, callback.replace(/state=\w/, 'state=x'))).status).toBe(403);
      expect((await come({ cookie: visit }, callback.replace(/code=\w+/, 'code=neverGiven'))).status).toBe(403);
      const back = await come({ cookie: visit });
      expect([back.status, back.headers.get('location')]).toEqual([302, `/pay/${orderNo}`]);
      expect(back.headers.getSetCookie().map((one) => one.split('=')[0])).toEqual(['paypair_openid', 'paypair_oauth']);
      expect(back.headers.getSetCookie().join()).not.toContain('oPaypair');
      // WeChat redirects twice now and then: the same code again leads on, and names nobody.
      const twice = await come({ cookie: visit });
      expect([twice.status, twice.headers.getSetCookie()]).toEqual([302, []]);
    },
    TEST_MS,
  );
});
