/** The cashier page on a phone: inside WeChat and in another browser, and where the ways to pay meet. */
import { type Opening, type Scene, type Stage, TEA } from './scene.ts';

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
/** Names of browsers as they send them. */
export const MOBILE = `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1`;
export const WECHAT = `${IPHONE} Mobile/15E148 MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN`;

const FIVE_MINUTES_MS = 300_000;

/** An order, and what its buyer has begun on the way to paying it. */
const ordered =
  (way?: 'native' | 'h5') =>
  async (stage: Stage): Promise<Opening> => {
    const buyer = stage.buyer();
    const order = await buyer.place([{ productId: TEA, quantity: 1 }]);
    await buyer.openCashier(order);
    if (way === 'native') await buyer.createCode(order.orderNo);
    if (way === 'h5') await buyer.createWay(order.orderNo, 'h5');
    return { url: order.payUrl };
  };

export const wayScenes: readonly Scene[] = [
  { name: 'cashier-in-wechat', prepare: ordered(), userAgent: WECHAT, shows: '[data-way="jsapi"]' },
  { name: 'cashier-on-a-phone', prepare: ordered(), userAgent: MOBILE, shows: '[data-way="h5"]' },
  {
    name: 'cashier-on-a-phone-code',
    prepare: ordered(),
    userAgent: MOBILE,
    act: (page) => page.locator('[data-way="native"]').click(),
    shows: '[data-code="ready"]:not([hidden])',
  },
  {
    name: 'cashier-back-from-wechat',
    prepare: ordered('h5'),
    userAgent: MOBILE,
    shows: '[data-choice="asking"]:not([hidden])',
  },
  { name: 'cashier-paying-elsewhere', prepare: ordered('h5'), shows: '[data-code="elsewhere"]:not([hidden])' },
  {
    name: 'cashier-switch-refused',
    prepare: async (stage) => {
      await stage.buyer().rules({ closeAfterMs: FIVE_MINUTES_MS });
      return ordered('native')(stage);
    },
    userAgent: MOBILE,
    act: (page) => page.locator('[data-way="h5"]').click(),
    shows: '[data-closing]:not([hidden])',
    end: (stage) => stage.buyer().rules({ closeAfterMs: 0 }),
  },
];
