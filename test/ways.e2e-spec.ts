import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SimulatorControl } from './support/simulator-control.ts';
import { TEA } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';
import { attempts, ordered, payingAs, refusal, STRANGER } from './support/ways.ts';

const TEST_MS = 180_000;
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

  /** How the order was paid. */
  const paidBy = async (orderNo: string) => {
    const sql = 'SELECT trade_type, openid, appid, spbill_create_ip FROM attempt WHERE order_no = ? AND state = ?';
    const [paid] = await stack.rows<Record<string, string>>('pay', sql, [orderNo, 'SUCCESS']);
    return paid;
  };

  it(
    'inside WeChat: known by WeChat alone, signed, paid',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
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
      expect(await paidBy(orderNo)).toMatchObject({ trade_type: 'JSAPI', openid: expect.stringMatching(/^oPaypair/) });
      expect(await attempts(stack, orderNo)).toEqual([
        { out_trade_no: orderNo, trade_type: 'JSAPI', state: 'SUCCESS' },
      ]);
    },
    TEST_MS,
  );

  it(
    'inside WeChat with an openid of another account: WeChat’s own error',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      await payingAs(STRANGER, control, () => buyer.meetWechat(orderNo));
      expect(await refusal(buyer.createWay(orderNo, 'jsapi'))).toMatchObject({
        ...{ status: 502, code: 'WECHAT_REFUSED', wechatText: 'appid和openid不匹配' },
      });
    },
    TEST_MS,
  );

  it(
    'from a mobile browser: a page of WeChat that leads back to the order',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      const { mweb_url: page = '' } = await buyer.createWay(orderNo, 'h5');
      expect(new URL(page).searchParams.get('redirect_url')).toBe(`${stack.links.pay}/pay/${orderNo}`);
      const there = await fetch(page, { redirect: 'manual' });
      expect(there.headers.get('location')).toContain(encodeURIComponent(`/pay/${orderNo}`));
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await paidBy(orderNo)).toMatchObject({ trade_type: 'MWEB' });
    },
    TEST_MS,
  );

  it(
    'in a mini-program: its server vouches for the payer',
    async () => {
      const { orderNo } = await ordered(stack);
      const payer = { openid: 'oPaypair555555555Phone000001', payerIp: '::ffff:203.0.113.9' };
      await expect(stack.buyer().createMini(orderNo, payer)).rejects.toThrow(/FORBIDDEN/);
      await expect(stack.operator().createMini(orderNo, payer)).rejects.toThrow(/FORBIDDEN/);
      const backend = stack.backend();
      const malformed = backend.createMini(orderNo, { openid: 'o <>', payerIp: 'here' });
      expect(await refusal(malformed)).toMatchObject({ errors: [{ path: 'openid' }, { path: 'payerIp' }] });
      const given = await backend.createMini(orderNo, payer);
      expect(given).toMatchObject({ appId: 'wx5555555555555555', out_trade_no: orderNo });
      await backend.tap(JSON.stringify(given));
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await paidBy(orderNo)).toMatchObject({
        ...{ trade_type: 'JSAPI', openid: payer.openid, appid: given['appId'], spbill_create_ip: '203.0.113.9' },
      });
    },
    TEST_MS,
  );

  it(
    'from an app: signed for the appid of the app, and given back like any money',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      const given = await buyer.createWay(orderNo, 'app');
      expect(given).toMatchObject({ appid: APP_APPID, partnerid: '1900000109', package: 'Sign=WXPay' });
      await buyer.tap(JSON.stringify(given));
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await paidBy(orderNo)).toMatchObject({ trade_type: 'APP', appid: APP_APPID });
      await stack.operator().refund(orderNo, { amountFen: TEA.priceFen, reason: 'returned' });
      await stack.orderBecomes(orderNo, 'REFUNDED', TEST_MS);
    },
    TEST_MS,
  );

  it(
    'refuses what cannot be meant',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
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
      const { buyer, orderNo } = await ordered(stack);
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
      expect(back.headers.getSetCookie().map((one) => one.split('=')[0])).toEqual([
        'paypair_openid',
        expect.stringMatching(/^paypair_oauth_[0-9a-f]{8}$/),
      ]);
      expect(back.headers.getSetCookie().join()).not.toContain('oPaypair');
      // WeChat redirects twice now and then: the same code again leads on, and names nobody.
      const twice = await come({ cookie: visit });
      expect([twice.status, twice.headers.getSetCookie()]).toEqual([302, []]);
    },
    TEST_MS,
  );

  it(
    'keeps what several pages of one browser have begun at WeChat apart, and forgets the oldest of many',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      const jar = new Map<string, string>();
      const header = () => ({ cookie: [buyer.cookiesOf(orderNo).cookie, ...jar.values()].join('; ') });
      const callbacks: string[] = [];
      for (let page = 0; page < 6; page += 1) {
        const start = await fetch(`${stack.links.pay}/weixin/oauth/start?outtradeno=${orderNo}`, {
          ...{ headers: header(), redirect: 'manual' },
        });
        for (const cookie of start.headers.getSetCookie()) {
          const [name = ''] = cookie.split('=');
          if (cookie.includes('Max-Age=0')) jar.delete(name);
          else jar.set(name, cookie.split(';')[0]!);
        }
        const wechat = await fetch(start.headers.get('location')!, { redirect: 'manual' });
        callbacks.push(wechat.headers.get('location')!);
      }
      expect(jar.size).toBe(5);
      const backs = await Promise.all(callbacks.map((url) => fetch(url, { headers: header(), redirect: 'manual' })));
      expect(backs.map(({ status }) => status)).toEqual([403, 302, 302, 302, 302, 302]);
    },
    TEST_MS,
  );

  it.each<[string, object, number, string, string]>([
    ['an invalid code', { errcode: 40_029 }, 403, 'OAUTH_CODE_INVALID', '微信没有确认付款人'],
    ['a wrong secret', { errcode: 40_125 }, 502, 'OAUTH_REFUSED', '微信没有确认付款人'],
    ['a server that may not ask', { errcode: 40_164 }, 502, 'OAUTH_REFUSED', '微信没有确认付款人'],
    ['too many calls', { errcode: 45_011 }, 502, 'OAUTH_UNREACHABLE', '暂时无法打开支付页面'],
    ['a gateway in trouble', { refuse: 503 }, 502, 'OAUTH_UNREACHABLE', '暂时无法打开支付页面'],
    ['silence', { hangMs: 20_000 }, 502, 'OAUTH_UNREACHABLE', '暂时无法打开支付页面'],
    ['half an answer', { answer: 'half-json' }, 502, 'OAUTH_UNREACHABLE', '暂时无法打开支付页面'],
  ])(
    'says what became of the question who is paying, without a secret, after %s',
    async (_what, fault, status, code, heading) => {
      const { buyer, orderNo } = await ordered(stack);
      const start = await fetch(`${stack.links.pay}/weixin/oauth/start?outtradeno=${orderNo}`, {
        ...{ headers: buyer.cookiesOf(orderNo), redirect: 'manual' },
      });
      const wechat = await fetch(start.headers.get('location')!, { redirect: 'manual' });
      const cookie = start.headers.getSetCookie()[0]!.split(';')[0]!;
      await buyer.faults({ oauth: fault });
      try {
        const answer = await fetch(wechat.headers.get('location')!, {
          headers: { cookie, accept: 'text/html', 'accept-language': 'zh-CN' },
          redirect: 'manual',
        });
        const page = await answer.text();
        expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
        expect(page).toContain(code);
        expect(page).toContain(heading);
        expect(page).not.toContain(stack.secrets.WECHAT_OAUTH_SECRET);
        expect(await refusal(buyer.createWay(orderNo, 'jsapi'))).toMatchObject({ code: 'OPENID_REQUIRED' });
      } finally {
        await buyer.faults({});
      }
    },
    TEST_MS,
  );

  it('is described with every refusal', async () => {
    const answer = await fetch(`${stack.links.pay}/docs-json`);
    const { paths } = (await answer.json()) as { paths: Record<string, { post?: { responses: object } }> };
    for (const way of ['native', 'jsapi', 'h5', 'app', 'mini']) {
      const described = Object.keys(paths[`/weixin/pay/create/${way}`]?.post?.responses ?? {});
      expect(described).toEqual(expect.arrayContaining(['200', '403', '404', '409', '502', '503', '504']));
    }
  });
});
