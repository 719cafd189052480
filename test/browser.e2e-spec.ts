import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { until } from '../tools/services/until.ts';
import { openBrowser, readQr } from './support/browser.ts';
import { TEA } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';

const TEST_MS = 120_000;
const VISIBLE_MS = 20_000;

describe('a buyer with a real browser', () => {
  let stack: Stack;
  let browser: Browser;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([Stack.start(), openBrowser()]);
  }, STACK_MS);

  afterAll(async () => {
    await browser.close();
    await stack.stop();
  }, STACK_MS);

  /** A page that fails the test when a script of ours throws or its security policy stops something. */
  const open = async (url: string): Promise<{ page: Page; complaints: string[] }> => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(url);
    return { page, complaints };
  };

  const phaseIs = (page: Page, phase: string) =>
    page.locator(`.cashier[data-phase="${phase}"]`).waitFor({ state: 'attached', timeout: VISIBLE_MS });

  /** Scans with the phone's camera what the other screen shows, and taps a button of the payment sheet. */
  const payWithThePhone = async (codeUrl: string, outcome: string): Promise<void> => {
    const { page } = await open(`${stack.links['wechat-simulator']}/phone`);
    await page.locator('#code-text').fill(codeUrl);
    await page.locator('[data-paste] button').click();
    await page.locator(`[data-outcome="${outcome}"]`).click();
    await page.locator('[data-screen="result"]').waitFor({ state: 'visible', timeout: VISIBLE_MS });
    await page.close();
  };

  it(
    'sees the code that WeChat gave, pays it on the phone, and the cashier page turns to paid by itself',
    async () => {
      const buyer = stack.buyer();
      const order = await buyer.place([{ productId: TEA.productId, quantity: 1 }]);
      const { page, complaints } = await open(order.payUrl);
      // The link's secret is gone from the address bar.
      expect(new URL(page.url()).search).toBe('');
      await phaseIs(page, 'waiting');

      const seen = await until(
        'the code on the page can be read',
        async () => readQr(await page.screenshot()),
        VISIBLE_MS,
      );
      await buyer.openCashier(order);
      expect(seen).toBe((await buyer.createCode(order.orderNo)).code_url);

      await payWithThePhone(seen, 'pay');
      await phaseIs(page, 'paid');
      expect((await buyer.order(order.orderNo)).status).toBe('PAID');
      expect(complaints).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'sees that a payment failed for good',
    async () => {
      const buyer = stack.buyer();
      const order = await buyer.place([{ productId: TEA.productId, quantity: 1 }]);
      const { page } = await open(order.payUrl);
      await phaseIs(page, 'waiting');
      await buyer.openCashier(order);
      const { code_url } = await buyer.createCode(order.orderNo);
      await buyer.tap(code_url, 'fail');
      await phaseIs(page, 'failed');
    },
    TEST_MS,
  );

  it(
    'buys from the storefront without an account, and picks the code from the list on the phone',
    async () => {
      const { page, complaints } = await open(`${stack.links.order}/`);
      await page.locator('[data-products] [data-step="1"]').first().click();
      await page.locator('[data-buy]').click();
      await page.waitForURL(`${stack.links.pay}/pay/*`);
      await phaseIs(page, 'waiting');

      const phone = await open(`${stack.links['wechat-simulator']}/phone`);
      await phone.page.locator('[data-codes] button').first().click();
      await phone.page.locator('[data-outcome="pay"]').click();
      await phaseIs(page, 'paid');
      // The first order is refused until the visitor has a session; the page then asks for one and repeats.
      const others = complaints.filter((line) => !line.includes('401'));
      expect([...others, ...phone.complaints]).toEqual([]);
    },
    TEST_MS,
  );
});
