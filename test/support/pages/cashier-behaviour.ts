import { expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { begun, inPhase, VISIBLE_MS } from '../../../tools/pages/scene.ts';
import { payLate, withOldCode } from '../../../tools/pages/cashier-scenes.ts';
import { readQr } from '../browser.ts';
import type { Stack } from '../stack.ts';
import { openPage } from './look.ts';

const TEST_MS = 120_000;
const CUT_MS = 10_000;
const DAY_MS = 86_400_000;

const seen = (page: Page, selector: string) =>
  page.locator(selector).first().waitFor({ state: 'visible', timeout: VISIBLE_MS });
const announced = (page: Page, words: RegExp) =>
  page.locator('[data-live]', { hasText: words }).waitFor({ state: 'attached', timeout: VISIBLE_MS });
/** What a camera reads that is held at the code. */
const scanned = async (page: Page) => readQr(await page.locator('[data-plate]').screenshot());
const english = { locale: 'en-GB' } as const;

/** What the cashier page does while things happen around it. */
export function checkCashier(on: () => { stack: Stack; browser: Browser }): void {
  it(
    'says what happens to those who do not see it',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, english);
      await seen(page, inPhase('waiting'));
      await buyer.tap(codeUrl);
      await announced(page, /^Paid/);
      expect(await page.title()).toMatch(/^Paid · /);
      await close();
    },
    TEST_MS,
  );

  it(
    'works without JavaScript down to the code and a link to reload',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, { ...english, javaScriptEnabled: false });
      expect(await scanned(page)).toBe(codeUrl);
      await buyer.tap(codeUrl);
      await stack.orderBecomes(order.orderNo, 'PAID');
      await page.getByRole('link', { name: /^Reload this page/ }).click();
      await seen(page, inPhase('paid'));
      await close();
    },
    TEST_MS,
  );

  it(
    'shows a code that a camera reads at 200 pixels, on a dark screen too',
    async () => {
      const { stack, browser } = on();
      const { order, codeUrl } = await begun(stack);
      const look = await openPage(browser, { url: order.payUrl }, { colorScheme: 'dark' });
      await seen(look.page, '[data-qr] svg');
      const plate = await look.page.locator('[data-plate]').boundingBox();
      await look.close();
      const deviceScaleFactor = 200 / (plate?.width ?? 0);
      const small = await openPage(browser, { url: order.payUrl }, { colorScheme: 'dark', deviceScaleFactor });
      expect(await scanned(small.page)).toBe(codeUrl);
      await small.close();
    },
    TEST_MS,
  );

  it(
    'catches up after the network was away for ten seconds in which the order was paid',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, english);
      await seen(page, inPhase('waiting'));
      await page.context().setOffline(true);
      const back = new Promise((resolve) => setTimeout(resolve, CUT_MS));
      await seen(page, '[data-notice="offline"]');
      await announced(page, /Connection lost/);
      await buyer.tap(codeUrl);
      await stack.orderBecomes(order.orderNo, 'PAID');
      await back;
      expect(await page.locator(inPhase('waiting')).count()).toBe(1);
      await page.context().setOffline(false);
      await seen(page, inPhase('paid'));
      await page.locator('[data-notice="offline"]').waitFor({ state: 'hidden', timeout: VISIBLE_MS });
      await close();
    },
    TEST_MS,
  );

  it(
    'shows the same code and the same end on two screens',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const both = await Promise.all([1, 2].map(() => openPage(browser, { url: order.payUrl })));
      for (const { page } of both) expect(await scanned(page)).toBe(codeUrl);
      await buyer.tap(codeUrl);
      await Promise.all(both.map(({ page }) => seen(page, inPhase('paid'))));
      await Promise.all(both.map(({ close }) => close()));
    },
    TEST_MS,
  );

  it(
    'shows no old code to a buyer who comes back with the back button',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, english);
      await seen(page, inPhase('waiting'));
      await page.goto(`${stack.links.order}/`);
      await buyer.tap(codeUrl);
      await stack.orderBecomes(order.orderNo, 'PAID');
      await page.goBack();
      await seen(page, inPhase('paid'));
      await page.getByRole('link', { name: 'Back to the shop' }).click();
      await seen(page, '.shop');
      await page.goBack();
      await seen(page, inPhase('paid'));
      await close();
    },
    TEST_MS,
  );

  it(
    'replaces a code that has become too old with one click, and goes on without the mouse',
    async () => {
      const { stack, browser } = on();
      const { page, close } = await openPage(browser, await withOldCode(stack), english);
      await seen(page, '[data-code="old"]');
      const button = page.getByRole('button', { name: 'Get a new code' });
      // Past the other language and the button that copies the order number.
      for (let stop = 1; stop <= 3; stop += 1) await page.keyboard.press('Tab');
      expect(await button.and(page.locator(':focus-visible')).count()).toBe(1);
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      await page.keyboard.press('Enter');
      await seen(page, '[data-code="ready"] img');
      expect(await scanned(page)).toMatch(/^weixin:/);
      await close();
    },
    TEST_MS,
  );

  it.each([
    ['a day ahead', DAY_MS],
    ['a day behind', -DAY_MS],
  ])(
    'counts down by the shop’s clock, although the buyer’s is %s',
    async (_what, skewMs) => {
      const { stack, browser } = on();
      const { order } = await begun(stack);
      const { page, close } = await openPage(browser, { url: 'about:blank' }, english);
      await page.clock.install({ time: Date.now() + skewMs });
      await page.goto(order.payUrl);
      await seen(page, inPhase('waiting'));
      await page.clock.runFor(2_000);
      expect(await page.locator('[data-clock]').textContent()).toMatch(/^2\d:\d\d$/);
      expect(await page.locator(inPhase('waiting')).count()).toBe(1);
      await close();
    },
    TEST_MS,
  );

  it(
    'asks when it is looked at again, after a sleep in which neither its clock ran nor its stream was open',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const { page, close } = await openPage(browser, { url: 'about:blank' }, english);
      await page.route('**/status/stream*', (route) => route.abort());
      await page.clock.install();
      await page.goto(order.payUrl);
      await seen(page, inPhase('waiting'));
      await page.clock.pauseAt(Date.now() + 60_000);
      // What it began to ask before is answered.
      await page.waitForLoadState('networkidle');
      await buyer.tap(codeUrl);
      await stack.orderBecomes(order.orderNo, 'PAID');
      expect(await page.locator(inPhase('waiting')).count()).toBe(1);
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await seen(page, inPhase('paid'));
      await close();
    },
    TEST_MS,
  );

  it(
    'reads itself again when the browser had kept it, as long as anything can change: late money on its way back too',
    async () => {
      const { stack, browser } = on();
      const { order } = await payLate(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, english);
      await seen(page, inPhase('refunding'));
      const again = page.waitForEvent('load');
      await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
      await again;
      await seen(page, inPhase('refunding'));
      await close();
    },
    TEST_MS,
  );

  it(
    'copies the order number; where the browser keeps the clipboard to itself, it is marked',
    async () => {
      const { stack, browser } = on();
      const { order } = await begun(stack);
      const permissions = ['clipboard-read', 'clipboard-write'];
      const { page, close } = await openPage(browser, { url: order.payUrl }, { ...english, permissions });
      const button = page.getByRole('button', { name: 'Copy' });
      await button.click();
      await announced(page, /^Copied/);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(order.orderNo);
      await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      await button.click();
      expect(await page.evaluate('getSelection().toString()')).toBe(order.orderNo);
      await close();
    },
    TEST_MS,
  );

  it(
    'hears of the payment at whatever instance it is open',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const second = await stack.secondPay();
      try {
        const { page, close } = await openPage(browser, { url: order.payUrl.replace(stack.links.pay, second.url) });
        await seen(page, inPhase('waiting'));
        await buyer.tap(codeUrl);
        await seen(page, inPhase('paid'));
        await close();
      } finally {
        await second.stop();
      }
    },
    TEST_MS,
  );
}
