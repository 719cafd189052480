import { expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { signPayLink } from '#platform';
import { begun, inPhase, VISIBLE_MS } from '../../../tools/pages/scene.ts';
import type { Stack } from '../stack.ts';
import { openPage } from './look.ts';

const TEST_MS = 120_000;
const HOSTILE = `<img src=x onerror=alert(1)>"'&<b>¥0`;

/** What holds on every page: languages, refusals, other people's words, headers. */
export function checkEveryPage(on: () => { stack: Stack; browser: Browser }): void {
  it(
    'a language once chosen stays, on the next page too, and goes along to the shop',
    async () => {
      const { stack, browser } = on();
      const { order } = await begun(stack);
      const { page, close } = await openPage(browser, { url: order.payUrl }, { locale: 'zh-CN' });
      const language = () => page.locator('html').getAttribute('lang');
      expect(await language()).toBe('zh-CN');
      await page.getByRole('link', { name: 'English' }).click();
      await page.waitForURL('**/pay/*?lang=en');
      expect(await language()).toBe('en');
      await page.goto(page.url().replace('?lang=en', ''));
      expect(await language()).toBe('en');
      await begun(stack).then(({ order: other }) => page.goto(other.payUrl));
      expect(await language()).toBe('en');
      expect(await page.locator('[data-panel="closed"] a').getAttribute('href')).toBe(`${stack.links.order}/?lang=en`);
      await close();
    },
    TEST_MS,
  );

  it(
    'a link that is forged, expired or of another order gets a page with 403, an unknown one 404, in two languages',
    async () => {
      const { stack } = on();
      const { order } = await begun(stack);
      const another = await begun(stack);
      const base = `${stack.links.pay}/pay/${order.orderNo}`;
      const expired = signPayLink(stack.secrets.PAY_LINK_SECRET, order.orderNo, new Date(0));
      const refused = async (url: string, language: string) => {
        const answer = await fetch(url, { headers: { accept: 'text/html', 'accept-language': language } });
        expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
        return { status: answer.status, heading: /<h1[^>]*>([^<]*)</.exec(await answer.text())?.[1] };
      };
      const invalid = [
        base,
        `${base}?t=forged`,
        `${base}?t=${new URL(order.payUrl).searchParams.get('t')}x`,
        `${base}${new URL(another.order.payUrl).search}`,
      ];
      for (const url of invalid) {
        expect(await refused(url, 'en')).toEqual({ status: 403, heading: 'This payment link is not valid' });
        expect(await refused(url, 'zh-CN')).toEqual({ status: 403, heading: '支付链接无效' });
      }
      const old = `${base}?t=${expired}`;
      expect(await refused(old, 'en')).toEqual({ status: 403, heading: 'This payment link has expired' });
      expect(await refused(old, 'zh')).toEqual({ status: 403, heading: '支付链接已过期' });
      const none = `${stack.links.pay}/pay/none`;
      expect(await refused(none, 'en')).toEqual({ status: 404, heading: 'We cannot find this order' });
      expect(await refused(none, 'zh')).toEqual({ status: 404, heading: '找不到此订单' });
      const nowhere = `${stack.links.pay}/nowhere`;
      expect(await refused(nowhere, 'en')).toEqual({ status: 404, heading: 'There is no page here' });
    },
    TEST_MS,
  );

  it(
    'an address that leads nowhere or cannot be read is a page for people and problem+json for programs, in the shop too',
    async () => {
      const { links } = on().stack;
      const addresses = ['/pay/%E4', '/pay/a%ffb/qr.svg', '/nowhere'].map((path) => links.pay + path);
      for (const address of [...addresses, `${links.order}/nowhere`, `${links.order}/orders/%zz`]) {
        const page = await fetch(address, { headers: { accept: 'text/html', 'accept-language': 'en' } });
        expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
        expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
        expect(await page.text()).toContain('There is no page here');
        const program = await fetch(address);
        expect(program.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
        expect(program.status).toBe(page.status);
      }
    },
    TEST_MS,
  );

  it(
    'a product with a hostile name is only text: in the shop, at the cashier, on the phone, among the orders',
    async () => {
      const { stack, browser } = on();
      await stack.rows('order', 'INSERT INTO product (product_id, title, price_fen, stock) VALUES (?, ?, 7, 9)', [
        'hostile',
        HOSTILE,
      ]);
      const { page, complaints, close } = await openPage(browser, { url: `${stack.links.order}/` });
      page.on('dialog', (dialog) => complaints.push(dialog.message()));
      const only = async (selector: string) => {
        const place = page.locator(selector, { hasText: HOSTILE }).first();
        await place.waitFor({ state: 'visible', timeout: VISIBLE_MS });
        expect(await page.locator('img, b').count()).toBe(0);
      };
      await only('.product');
      await page.locator('.product', { hasText: HOSTILE }).locator('[data-step="1"]').click();
      await only('.bag__line');
      await page.locator('[data-buy]').click();
      await page.locator(inPhase('waiting')).waitFor({ timeout: VISIBLE_MS });
      await only('.bill__title');
      await page.goto(`${stack.links['wechat-simulator']}/phone`);
      await only('.code');
      await page.goto(`${stack.links.order}/`);
      await only('.order');
      expect(complaints).toEqual([]);
      await close();
      await stack.rows('order', 'UPDATE product SET stock = 0 WHERE product_id = ?', ['hostile']);
    },
    TEST_MS,
  );

  it(
    'pages are strict about scripts and referrers and not kept; their files are compressed and kept for good',
    async () => {
      const { stack } = on();
      const { order } = await begun(stack);
      const entered = await fetch(order.payUrl, { redirect: 'manual' });
      expect(entered.headers.get('cache-control')).toBe('no-store');
      const cookie = entered.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ');
      const cashier = `${stack.links.pay}/pay/${order.orderNo}`;
      const page = await fetch(cashier, { headers: { cookie } });
      expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none';.*script-src 'self';/);
      expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(page.headers.get('referrer-policy')).toBe('strict-origin');
      expect(page.headers.get('cache-control')).toBe('no-store');
      // The page holds the buyer's code: compressing it together with anything else could betray it.
      expect(page.headers.get('content-encoding')).toBeNull();
      const files = [...(await page.text()).matchAll(/"(\/assets\/[^"]+\.(?:css|js))"/g)].flatMap(
        ([, path]) => path ?? [],
      );
      expect(files).not.toHaveLength(0);
      for (const path of files) {
        const file = await fetch(stack.links.pay + path, { headers: { 'accept-encoding': 'br' } });
        expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
        expect(file.headers.get('content-encoding')).toBe('br');
      }
      const stream = await fetch(`${stack.links.pay}/weixin/pay/status/stream?outtradeno=${order.orderNo}`, {
        headers: { cookie },
      });
      expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(stream.headers.get('content-encoding')).toBeNull();
      await stream.body?.cancel();
    },
    TEST_MS,
  );

  it(
    'the phone shows both its buttons without scrolling on a screen of 1280 × 800',
    async () => {
      const { stack, browser } = on();
      await begun(stack);
      const phone = { url: `${stack.links['wechat-simulator']}/phone` };
      const { page, close } = await openPage(browser, phone, {
        locale: 'en-GB',
        viewport: { width: 1280, height: 800 },
      });
      await page.locator('[data-codes] button').first().click();
      const button = page.locator('[data-outcome="decline"]');
      await button.waitFor({ state: 'visible', timeout: VISIBLE_MS });
      const [inner, outer] = [await button.boundingBox(), await page.locator('.phone__screen').boundingBox()];
      const bottom = (box: typeof inner): number => (box ? box.y + box.height : NaN);
      expect(bottom(inner)).toBeLessThanOrEqual(bottom(outer));
      await close();
    },
    TEST_MS,
  );
}
