import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from './support/browser.ts';
import { APPID, type Fields, MCH_ID, read, sign, TestSimulator, xml } from './support/simulator.ts';

jest.setTimeout(60_000);

/** Set to look at the pages: screenshots go there. */
const PICTURES = process.env['PHONE_PICTURES'];

describe('the phone in a browser', () => {
  const sim = TestSimulator.forTests();
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser.close());

  const sizes = [
    ['zh', 1280],
    ['en', 390],
  ] as const;
  const open = async (locale: string, width: number): Promise<void> => {
    page = await browser.newPage({ viewport: { width, height: width > 800 ? 900 : 844 } });
    page.on('pageerror', (error) => {
      throw error;
    });
    await page.goto(`${sim.url}/phone?lang=${locale}`);
  };
  const picture = async (name: string): Promise<void> => {
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBe(0);
    if (PICTURES === undefined) return;
    await mkdir(PICTURES, { recursive: true });
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  };
  const paste = async (code: string): Promise<void> => {
    await page.fill('#code-text', code);
    await page.press('#code-text', 'Enter');
  };
  const visible = (selector: string): Promise<unknown> => page.waitForSelector(selector, { state: 'visible' });

  it.each(sizes)(
    'pays with a coupon, and shows the refund with what the merchant said (%s, %i px)',
    async (locale, width) => {
      await sim.order({ body: '景德镇手绘茶杯，两只装', total_fee: '16800' });
      const order = await sim.order({ body: '龙井茶 250 g', total_fee: '6800' });
      await sim.order({ body: 'Mug', trade_type: 'JSAPI', openid: 'oUser', total_fee: '2900' });
      await open(locale, width);
      await visible(`.code:has-text("${order['out_trade_no']!}")`);
      await picture(`home-${width}`);
      await page.click(`.code:has-text("${order['out_trade_no']!}")`);
      await page.check('[name="coupon"][value="NO_CASH"]');
      expect(await page.textContent('[data-outcome="pay"]')).toContain('¥61.20');
      await picture(`sheet-${width}`);
      await page.click('[data-outcome="pay"]');
      await visible('[data-screen="result"] [data-sign="good"]');
      await picture(`paid-${width}`);
      await page.click('[data-screen="result"] [data-home]');
      const number = { out_trade_no: order['out_trade_no']!, total_fee: '6800' };
      await sim.refund({
        ...number,
        out_refund_no: `R${width}`,
        refund_fee: '3400',
        notify_url: sim.merchant.url('/r'),
      });
      await sim.control.advance(60_000);
      await sim.refund({ ...number, out_refund_no: `S${width}`, refund_fee: '1000' });
      await visible('.payment__state:has-text("¥44.00")');
      await page.click('.payment summary');
      const refunds = await page.locator('.refund').allTextContents();
      expect(refunds.map((text) => /¥[\d.]+/.exec(text)?.[0])).toEqual(['¥34.00', '¥10.00']);
      await page.locator('.refund').last().scrollIntoViewIfNeeded();
      await picture(`payments-${width}`);
      await page.close();
    },
  );

  it.each(sizes)('plays what else a user does (%s, %i px)', async (locale, width) => {
    const { out_trade_no: number } = await sim.order();
    await open(locale, width);
    for (const [outcome, state] of [
      ['notenough', 'NOTPAY'],
      ['leave', 'USERPAYING'],
      ['payerror', 'PAYERROR'],
      ['decline', 'PAYERROR'],
    ]) {
      await page.click(`.code:has-text("${number!}")`);
      if (outcome !== 'decline') await page.click('.outcomes summary');
      if (outcome === 'notenough') await picture(`outcomes-${width}`);
      await page.click(`[data-outcome="${outcome!}"]`);
      await visible('[data-screen="result"] .result__heading');
      if (outcome === 'notenough') await picture(`notenough-${width}`);
      await page.click('[data-screen="result"] [data-home]');
      expect(await sim.control.order(number!)).toMatchObject({ state });
    }
    await page.close();
  });

  it.each(sizes)('scans a product code, and shows what the merchant answers (%s, %i px)', async (locale, width) => {
    await sim.control.rules({ scanUrl: sim.merchant.url('/scan') });
    const fields: Fields = { appid: APPID, mch_id: MCH_ID, product_id: 'P9', time_stamp: '1415949957', nonce_str: 'n' };
    const pairs = Object.entries({ ...fields, sign: sign(fields) }).map((pair) => pair.join('='));
    const code = `weixin://wxpay/bizpayurl?${pairs.join('&')}`;
    const say = (answer: Fields): string => {
      const all = {
        return_code: 'SUCCESS',
        result_code: 'SUCCESS',
        appid: APPID,
        mch_id: MCH_ID,
        nonce_str: 'n',
        ...answer,
      };
      return xml({ ...all, sign: sign(all) });
    };
    await open(locale, width);
    sim.merchant.reply = () => ({ status: 200, body: say({ result_code: 'FAIL', err_code_des: '库存不足' }) });
    await paste(code);
    await visible('[data-paste-problem]:has-text("库存不足")');
    await picture(`refused-${width}`);
    sim.merchant.reply = async (_path, body) => {
      const order = await sim.order({ product_id: read(body)['product_id']!, body: '白茶', total_fee: '4200' });
      return { status: 200, body: say({ prepay_id: order['prepay_id']! }) };
    };
    await paste(code);
    await visible('[data-screen="sheet"] .sheet__amount:has-text("42.00")');
    await page.close();
  });

  it('opens the payment of a mobile browser, and leads back to the shop', async () => {
    const scene = JSON.stringify({ h5_info: { type: 'Wap', wap_url: 'https://shop.example.test', wap_name: 'Shop' } });
    const order = await sim.order({ trade_type: 'MWEB', scene_info: scene });
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const back = 'https://shop.example.test/done?a=1';
    await page.goto(`${order['mweb_url']!}&redirect_url=${encodeURIComponent(back)}`);
    await visible('[data-screen="sheet"]');
    await page.click('[data-outcome="pay"]');
    await visible('[data-shop]');
    expect(await page.getAttribute('[data-shop]', 'href')).toBe(back);
    await picture('mweb-390');
    expect(await sim.control.order(order['out_trade_no']!)).toMatchObject({ state: 'SUCCESS', tradeType: 'MWEB' });
    await page.close();
  });
});
