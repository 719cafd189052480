import { expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../../../tools/services/until.ts';
import type { Client, PlacedOrder } from '../../../tools/stack/client.ts';
import { begun, inPhase, TEA, VISIBLE_MS } from '../../../tools/pages/scene.ts';
import { MOBILE, WECHAT } from '../../../tools/pages/way-scenes.ts';
import { readQr } from '../browser.ts';
import type { Stack } from '../stack.ts';
import { payingAs, STRANGER } from '../ways.ts';
import { openPage } from './look.ts';

const TEST_MS = 120_000;
const FIVE_MINUTES_MS = 300_000;
const phone = { locale: 'en-GB', viewport: { width: 390, height: 844 } } as const;

/** WeChat's part of a page: it comes late, notes what it is asked, and answers what the test wants. */
const fakeBridge = (context: BrowserContext, answer: string): Promise<unknown> =>
  context.addInitScript(`setTimeout(() => {
    window.asked = [];
    window.WeixinJSBridge = { invoke: (name, parameters, done) => {
      window.asked.push({ name, parameters });
      done({ err_msg: 'get_brand_wcpay_request:${answer}' });
    } };
    document.dispatchEvent(new Event('WeixinJSBridgeReady'));
  }, 300)`);

interface Asked {
  name: string;
  parameters: Record<string, string>;
}
const asked = (page: Page): Promise<Asked> =>
  until(
    'WeChat is asked for its payment sheet',
    async () => (await page.evaluate<Asked[] | undefined>('window.asked'))?.[0],
    VISIBLE_MS,
  );
const seen = (page: Page, selector: string) =>
  page.locator(selector).first().waitFor({ state: 'visible', timeout: VISIBLE_MS });
const says = (page: Page, words: string | RegExp) =>
  page.locator('[data-way-note]', { hasText: words }).waitFor({ state: 'visible', timeout: VISIBLE_MS });

/** Paying on the device itself, and what happens where the ways meet. */
export function checkWays(on: () => { stack: Stack; browser: Browser }): void {
  const ordered = async (): Promise<{ buyer: Client; order: PlacedOrder }> => {
    const buyer = on().stack.buyer();
    const order = await buyer.place([{ productId: TEA, quantity: 1 }]);
    await buyer.openCashier(order);
    return { buyer, order };
  };
  const waysOf = async ({ orderNo }: PlacedOrder) => {
    const sql = 'SELECT trade_type FROM attempt WHERE order_no = ? ORDER BY seq';
    const rows = await on().stack.rows<{ trade_type: string }>('pay', sql, [orderNo]);
    return rows.map(({ trade_type }) => trade_type);
  };
  const open = (order: PlacedOrder, userAgent: string) =>
    openPage(on().browser, { url: order.payUrl }, { ...phone, userAgent });

  it(
    'inside WeChat: one tap, known by WeChat alone; its "ok" proves nothing, the payment does',
    async () => {
      const { buyer, order } = await ordered();
      const { page, complaints, close } = await open(order, WECHAT);
      await fakeBridge(page.context(), 'ok');
      await seen(page, '[data-way="jsapi"]');
      expect(await waysOf(order)).toEqual([]);
      await page.locator('[data-way="jsapi"]').click();
      const { name, parameters } = await asked(page);
      expect(name).toBe('getBrandWCPayRequest');
      expect(Object.keys(parameters)).toEqual(['appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign']);
      await seen(page, '[data-choice="asking"]');
      await page.locator('[data-ask]').click();
      expect((await buyer.status(order.orderNo)).phase).toBe('waiting');
      expect(await page.locator(inPhase('waiting')).count()).toBe(1);
      await buyer.tap(JSON.stringify(parameters));
      await seen(page, inPhase('paid'));
      expect(await waysOf(order)).toEqual(['JSAPI']);
      expect(complaints).toEqual([]);
      await close();
    },
    TEST_MS,
  );

  it(
    'inside WeChat: a buyer who gives up reads so and can choose again',
    async () => {
      const { order } = await ordered();
      const { page, close } = await open(order, WECHAT);
      await fakeBridge(page.context(), 'cancel');
      await page.locator('[data-way="jsapi"]').click();
      await says(page, 'You did not complete the payment.');
      await seen(page, '[data-way="jsapi"]');
      await close();
    },
    TEST_MS,
  );

  it(
    'inside WeChat: an openid of another account is WeChat’s own error',
    async () => {
      const { buyer, order } = await ordered();
      await payingAs(STRANGER, buyer, async () => {
        const { page, close } = await open(order, WECHAT);
        await page.locator('[data-way="jsapi"]').click();
        await says(page, 'appid和openid不匹配');
        await close();
      });
    },
    TEST_MS,
  );

  it(
    'inside WeChat: after a payment that it did not take, the next tap asks it anew who is paying',
    async () => {
      const { buyer, order } = await ordered();
      const { page, close } = await open(order, WECHAT);
      await fakeBridge(page.context(), 'fail');
      await page.locator('[data-way="jsapi"]').click();
      await says(page, 'WeChat did not complete the payment');
      // Another account on the same phone.
      const another = 'oPaypair888888888Phone000002';
      await payingAs(another, buyer, async () => {
        await page.locator('[data-way="jsapi"]').click();
        const sql = 'SELECT payer_openid FROM attempt WHERE order_no = ? ORDER BY seq';
        await until('the other one is to pay', async () => {
          const rows = await on().stack.rows<{ payer_openid: string }>('pay', sql, [order.orderNo]);
          return rows.at(-1)?.payer_openid === another;
        });
        expect(await waysOf(order)).toEqual(['JSAPI', 'JSAPI']);
      });
      await close();
    },
    TEST_MS,
  );

  it(
    'inside WeChat: a buyer whom it does not name is sent there once, not round and round',
    async () => {
      const { buyer, order } = await ordered();
      await buyer.faults({ oauth: { errcode: 40_163 } });
      try {
        const { page, close } = await open(order, WECHAT);
        await page.locator('[data-way="jsapi"]').click();
        await says(page, 'WeChat did not confirm who is paying.');
        await close();
      } finally {
        await buyer.faults({});
      }
    },
    TEST_MS,
  );

  it(
    'inside WeChat: a buyer can ask again where WeChat was too busy to answer',
    async () => {
      const { buyer, order } = await ordered();
      await buyer.faults({ oauth: { errcode: -1, times: 1 } });
      const { page, close } = await open(order, WECHAT);
      await fakeBridge(page.context(), 'cancel');
      await page.locator('[data-way="jsapi"]').click();
      await page.getByRole('heading', { name: 'Checkout is not available right now' }).waitFor({ timeout: VISIBLE_MS });
      await page.getByRole('link', { name: 'Reload' }).click();
      await says(page, 'You did not complete the payment.');
      expect(await waysOf(order)).toEqual(['JSAPI']);
      await close();
    },
    TEST_MS,
  );

  it(
    'from a phone’s browser: to WeChat and back, where the page asks and waits',
    async () => {
      const { buyer, order } = await ordered();
      const { page, complaints, close } = await open(order, MOBILE);
      await seen(page, '[data-way="h5"]');
      expect(await waysOf(order)).toEqual([]);
      await page.locator('[data-way="h5"]').click();
      await seen(page, '[data-screen="sheet"]');
      // Back without having paid: nothing is believed.
      await page.goto(`${on().stack.links.pay}/pay/${order.orderNo}`);
      await seen(page, '[data-choice="asking"]');
      await page.locator('[data-choice="asking"] [data-other-ways]').click();
      await page.locator('[data-way="h5"]').click();
      await seen(page, '[data-screen="sheet"]');
      await page.locator('[data-outcome="pay"]').click();
      await page.locator('[data-shop]').click();
      await seen(page, inPhase('paid'));
      expect((await buyer.order(order.orderNo)).status).toBe('PAID');
      expect(await waysOf(order)).toEqual(['MWEB']);
      expect(complaints).toEqual([]);
      await close();
    },
    TEST_MS,
  );

  it(
    'a switch that WeChat refuses is said, the old way stays, and later it works; the desk follows',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const desk = await openPage(browser, { url: order.payUrl }, { locale: 'en-GB' });
      await buyer.rules({ closeAfterMs: FIVE_MINUTES_MS });
      const { page, close } = await open(order, MOBILE);
      try {
        await page.locator('[data-way="h5"]').click();
        await seen(page, '[data-closing]');
        expect(await page.locator('[data-closing-retry]').isDisabled()).toBe(true);
        expect(await page.locator('[data-closing-retry]').textContent()).toMatch(/^Change in \d:\d\d$/);
        await page.getByRole('button', { name: 'Show the code from before' }).click();
        await seen(page, '[data-code="ready"]');
        expect(readQr(await page.locator('[data-plate]').screenshot())).toBe(codeUrl);
      } finally {
        await buyer.rules({ closeAfterMs: 0 });
      }
      await page.locator('[data-choice="code"] [data-other-ways]').click();
      await page.locator('[data-way="h5"]').click();
      await seen(page, '[data-screen="sheet"]');
      expect(await waysOf(order)).toEqual(['NATIVE', 'MWEB']);
      await seen(desk.page, '[data-code="elsewhere"]');
      await desk.page.getByRole('button', { name: 'Scan here instead' }).click();
      await seen(desk.page, '[data-code="ready"]');
      expect(await waysOf(order)).toEqual(['NATIVE', 'MWEB', 'NATIVE']);
      await close();
      await desk.close();
    },
    TEST_MS,
  );

  it(
    'without JavaScript a phone gets the code by a link',
    async () => {
      const { order } = await ordered();
      const noScript = { ...phone, userAgent: MOBILE, javaScriptEnabled: false };
      const { page, close } = await openPage(on().browser, { url: order.payUrl }, noScript);
      expect(await page.locator('[data-way="h5"]').isVisible()).toBe(false);
      await page.getByRole('link', { name: 'Show a code for another phone' }).click();
      expect(readQr(await page.locator('[data-plate]').screenshot())).toMatch(/^weixin:/);
      await close();
    },
    TEST_MS,
  );

  it(
    'a shop with a page of its own gets its buyer back once the server has confirmed, and only then',
    async () => {
      const { stack, browser } = on();
      const { buyer, order, codeUrl } = await begun(stack);
      const second = await stack.secondPay({ SHOP_SUCCESS_URL: `${stack.links.order}/` });
      try {
        const url = order.payUrl.replace(stack.links.pay, second.url);
        const { page, close } = await openPage(browser, { url }, { locale: 'en-GB' });
        await seen(page, inPhase('waiting'));
        await buyer.tap(codeUrl);
        await page.waitForURL(`${stack.links.order}/?orderNo=${order.orderNo}&lang=en`, { timeout: VISIBLE_MS });
        await close();
      } finally {
        await second.stop();
      }
    },
    TEST_MS,
  );
}
