/** The demo's shop and the simulated phone. */
import { request, type APIRequestContext, type Page } from 'playwright-core';
import { until } from '../services/until.ts';
import { begun, type Opening, type Scene, type Stage, TEA, VISIBLE_MS } from './scene.ts';

const fillBag = async (page: Page): Promise<void> => {
  for (const nth of [0, 2]) await page.locator('[data-products] [data-step="1"]').nth(nth).click();
  await page.locator('[data-products] [data-step="1"]').first().click();
};

const openDetails = async (page: Page): Promise<void> => {
  const details = page.locator('.order', { has: page.locator('[data-tone="good"]') }).locator('summary');
  await details.first().click();
};

/** Places an order as the visitor that a browser session is. */
const place = async (visitor: APIRequestContext, stage: Stage, productId: string): Promise<string> => {
  const answer = await visitor.post(`${stage.links.order}/orders`, {
    headers: { 'idempotency-key': crypto.randomUUID() },
    data: { items: [{ productId, quantity: 1 }] },
  });
  return ((await answer.json()) as { orderNo: string }).orderNo;
};

const statusIs = (stage: Stage, orderNo: string, status: string): Promise<unknown> =>
  until(
    `${orderNo} is ${status}`,
    async () => {
      const sql = 'SELECT 1 FROM orders WHERE order_no = ? AND status = ?';
      return (await stage.rows('order', sql, [orderNo, status])).length > 0;
    },
    90_000,
  );

/** One visitor with an order that waits, one that is cancelled, and one that was paid and is partly given back. */
async function withOrders(stage: Stage): Promise<Opening> {
  const visitor = await request.newContext();
  try {
    await visitor.get(`${stage.links.order}/`);
    const [paid, cancelled] = [await place(visitor, stage, TEA), await place(visitor, stage, 'cup-celadon')];
    await place(visitor, stage, 'noodles-dandan');
    await visitor.post(`${stage.links.order}/orders/${cancelled}/cancel`);
    const { payUrl } = (await (await visitor.get(`${stage.links.order}/orders/${paid}`)).json()) as { payUrl: string };
    const buyer = stage.buyer();
    await buyer.openCashier({ orderNo: paid, payUrl });
    await buyer.tap((await buyer.createCode(paid)).code_url);
    await statusIs(stage, paid, 'PAID');
    await stage.operator().refund(paid, { amountFen: 800, reason: '茶叶罐有破损' });
    await statusIs(stage, cancelled, 'CANCELLED');
    return { url: `${stage.links.order}/`, state: await visitor.storageState() };
  } finally {
    await visitor.dispose();
  }
}

export const shopScenes: readonly Scene[] = [
  {
    name: 'shop',
    prepare: (stage) => Promise.resolve({ url: `${stage.links.order}/` }),
    act: fillBag,
    shows: '.bag--filled',
    long: true,
  },
  {
    name: 'shop-refused',
    prepare: (stage) => Promise.resolve({ url: `${stage.links.order}/nowhere` }),
    shows: '.trouble',
  },
  { name: 'shop-orders', prepare: withOrders, act: openDetails, shows: '.order .refund', long: true },
];

const phone = (stage: Stage): Opening => ({ url: `${stage.links['wechat-simulator']}/phone` });

const openFirstCode = async (page: Page): Promise<void> => {
  await page.locator('[data-codes] button').first().click();
  await page.locator('[data-screen="sheet"]').waitFor({ state: 'visible', timeout: VISIBLE_MS });
};

/** There is always a code to pay, however many were paid before. */
const withCode = async (stage: Stage): Promise<Opening> => {
  await begun(stage);
  return phone(stage);
};

export const phoneScenes: readonly Scene[] = [
  { name: 'phone', prepare: withCode, shows: '[data-codes] .code' },
  { name: 'phone-sheet', prepare: withCode, act: openFirstCode, shows: '[data-screen="sheet"]:not([hidden])' },
  {
    name: 'phone-paid',
    prepare: withCode,
    fresh: true,
    act: async (page) => {
      await openFirstCode(page);
      await page.locator('[data-outcome="pay"]').click();
    },
    shows: '[data-screen="result"]:not([hidden])',
  },
  {
    name: 'phone-payments',
    prepare: withCode,
    act: (page) => page.locator('.payment summary').first().click(),
    shows: '.payment[open]',
  },
];
