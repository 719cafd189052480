import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnexpectedAnswer } from '../tools/stack/client.ts';
import { readQr } from './support/browser.ts';
import { SimulatorControl } from './support/simulator-control.ts';
import { TEA } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';
import { signProductScan } from '#wechat-pay/testing';

const TEST_MS = 180_000;
const ACCOUNT = { appid: 'wx8888888888888888', mchId: '1900000109' };

describe('the permanent code of a product', () => {
  let stack: Stack;
  let control: SimulatorControl;

  beforeAll(async () => {
    stack = await Stack.start();
    control = new SimulatorControl(stack.links['wechat-simulator'], stack.secrets.SIMULATOR_CONTROL_TOKEN);
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  const get = (path: string) => fetch(`${stack.links.pay}/weixin/pay/native/product/${path}`);
  const codeOf = async (productId: string): Promise<string> => {
    const { code_url: code } = (await (await get(productId)).json()) as { code_url: string };
    return code;
  };
  /** What the buyer reads on the phone instead of an order. */
  const refusal = async (codeUrl: string): Promise<unknown> => {
    const error: unknown = await stack
      .buyer()
      .scan(codeUrl)
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof UnexpectedAnswer)) throw new Error('the phone shows an order');
    return (JSON.parse(error.body) as { detail: unknown }).detail;
  };
  const stock = (productId: string) =>
    stack.number('order', 'SELECT stock FROM product WHERE product_id = ?', [productId]);
  /** Asks as WeChat does. */
  const ask = async (body: string) => {
    const answer = await fetch(`${stack.links.pay}/weixin/pay/native/callback`, { method: 'POST', body });
    return answer.text();
  };

  it(
    'is text or picture, and WeChat makes a shorter one',
    async () => {
      const code = await codeOf(TEA.productId);
      expect(code).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?sign=[0-9A-F]{32}&.*product_id=tea-longjing/);
      const png = await get(`${TEA.productId}?format=png`);
      expect(png.headers.get('content-type')).toBe('image/png');
      expect(readQr(Buffer.from(await png.arrayBuffer()))).toContain('product_id=tea-longjing');
      const svg = await get(`${TEA.productId}?format=svg&short=1`);
      expect([svg.headers.get('content-type'), await svg.text()]).toEqual([
        expect.stringContaining('image/svg+xml'),
        expect.stringContaining('<svg'),
      ]);
      const short = (await (await get(`${TEA.productId}?short=1`)).json()) as { code_url: string };
      expect(short.code_url).toMatch(/^weixin:\/\/wxpay\/s\//);
      expect((await stack.buyer().scan(short.code_url)).totalFee).toBe(TEA.priceFen);
    },
    TEST_MS,
  );

  it(
    'is not handed out for what is not sold, nor for what is no product id',
    async () => {
      const unknown = await get('gold-bar');
      expect([unknown.status, await unknown.json()]).toEqual([
        404,
        expect.objectContaining({ code: 'PRODUCT_NOT_FOUND' }),
      ]);
      const wrong = await get(`${'x'.repeat(33)}?format=pdf`);
      expect([wrong.status, await wrong.json()]).toEqual([400, expect.objectContaining({ code: 'INVALID_INPUT' })]);
    },
    TEST_MS,
  );

  it(
    'scanned again is the same order until that is paid, and another one after',
    async () => {
      const buyer = stack.buyer();
      const code = await codeOf('cup-celadon');
      const before = await stock('cup-celadon');
      const scans = await Promise.all([buyer.scan(code), buyer.scan(code)]);
      const [first] = scans;
      expect(scans.map(({ outTradeNo }) => outTradeNo)).toEqual([first.outTradeNo, first.outTradeNo]);
      const orderNo = first.outTradeNo;
      await buyer.tap(code);
      await stack.orderBecomes(orderNo, 'PAID');
      const [order] = await stack.rows<{ buyer_id: string }>(
        'order',
        'SELECT buyer_id FROM orders WHERE order_no = ?',
        [orderNo],
      );
      expect(order?.buyer_id).toMatch(/^wx:oPaypair/);
      expect(await stock('cup-celadon')).toBe(before - 1);
      expect((await buyer.scan(code)).outTradeNo).not.toBe(orderNo);
    },
    TEST_MS,
  );

  it(
    'says on the phone what is sold out, or not sold any more',
    async () => {
      const code = await codeOf('fan-silk');
      const left = await stock('fan-silk');
      await stack.rows('order', "UPDATE product SET stock = 0 WHERE product_id = 'fan-silk'");
      expect(await refusal(code)).toBe('商品已售罄');
      await stack.rows('order', "UPDATE product SET stock = ? WHERE product_id = 'fan-silk'", [left]);
      expect((await stack.buyer().scan(code)).totalFee).toBe(9_900);
      const gone = signProductScan({ ...ACCOUNT, apiKey: stack.secrets.WECHAT_API_KEY }, { product_id: 'gold-bar' });
      expect(await ask(gone)).toMatch(/<result_code>.*FAIL.*<err_code_des>.*没有这个商品/s);
    },
    TEST_MS,
  );

  it(
    'is answered to WeChat alone, and a scan told again with its own order',
    async () => {
      const merchant = { ...ACCOUNT, apiKey: stack.secrets.WECHAT_API_KEY };
      const scanned = signProductScan(merchant, {
        product_id: 'sticker-penny',
        openid: 'oReplayed',
        nonce_str: 'same',
      });
      const [, prepayId] = /<prepay_id><!\[CDATA\[(\w+)/.exec(await ask(scanned)) ?? [];
      expect(prepayId).toMatch(/^wx/);
      expect(await ask(scanned)).toContain(prepayId);
      const orders = "SELECT COUNT(*) FROM orders WHERE buyer_id = 'wx:oReplayed'";
      const [attempt] = await stack.rows<{ out_trade_no: string }>(
        'pay',
        'SELECT out_trade_no FROM attempt WHERE prepay_id = ?',
        [prepayId],
      );
      await stack.buyer().payAnyway(attempt?.out_trade_no ?? '');
      await stack.orderBecomes(attempt?.out_trade_no ?? '', 'PAID');
      expect(await ask(scanned)).toContain('这次扫码的订单已经支付');
      expect(await stack.number('order', orders)).toBe(1);
      for (const body of ['', '<xml/>', scanned.replace('oReplayed', 'oSomebody')]) {
        expect(await ask(body)).toMatch(/<return_code>.*FAIL.*商家无法识别这次扫码/s);
      }
      expect(await stack.number('order', "SELECT COUNT(*) FROM orders WHERE buyer_id = 'wx:oSomebody'")).toBe(0);
    },
    TEST_MS,
  );

  it(
    'asks the buyer to come back while the shop cannot take orders',
    async () => {
      const code = await codeOf(TEA.productId);
      await stack.apps.kill('order');
      expect(await refusal(code)).toBe('商家系统繁忙，请稍后再扫一次');
      expect((await get(TEA.productId)).status).toBe(503);
      await stack.apps.start('order');
      const { outTradeNo } = await stack.buyer().scan(code);
      expect(await control.ledger('scanned')).toContainEqual(
        expect.objectContaining({ productId: TEA.productId, prepayId: null }),
      );
      await stack.buyer().tap(code);
      await stack.orderBecomes(outTradeNo, 'PAID');
    },
    TEST_MS,
  );

  it('is not drawn for one address more often than anybody prints', async () => {
    const answers = await Promise.all(Array.from({ length: 130 }, () => get(TEA.productId)));
    const last = answers.find(({ status }) => status === 429);
    expect(await last?.json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await fetch(`${stack.links.pay}/health/live`)).status).toBe(200);
  });
});
