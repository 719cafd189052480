/** Every state of the cashier page. */
import { signPayLink } from '#platform';
import { until } from '../services/until.ts';
import { begun, type Begun, inPhase, type Opening, type Scene, type Stage, TEA } from './scene.ts';

const opening = ({ order }: Pick<Begun, 'order'>): Opening => ({ url: order.payUrl });

/** The page hears of the end of an order a moment later than the order itself. */
const phaseIs = ({ buyer, order }: Begun, phase: string) =>
  until(`the page shows "${phase}"`, async () => (await buyer.status(order.orderNo)).phase === phase, 60_000);

const ending =
  (phase: string, how: (one: Begun, stage: Stage) => Promise<unknown>) =>
  async (stage: Stage): Promise<Opening> => {
    const one = await begun(stage);
    await how(one, stage);
    await phaseIs(one, phase);
    return opening(one);
  };

/** As if WeChat had confirmed a close and taken money all the same: what it never promises not to do. */
const closeForUsOnly = (stage: Stage, { order }: Begun): Promise<unknown> =>
  stage.rows(
    'pay',
    "UPDATE attempt SET state = 'CLOSED', open_slot = NULL WHERE out_trade_no = ? AND state = 'NOTPAY'",
    [order.orderNo],
  );

/** Money for an order that had been cancelled: one order per stack, seen before and after it went back. */
const late = new WeakMap<Stage, Promise<Begun>>();
const paidLate = (stage: Stage): Promise<Begun> => {
  const known = late.get(stage) ?? payLate(stage);
  late.set(stage, known);
  return known;
};
export const payLate = async (stage: Stage): Promise<Begun> => {
  const one = await begun(stage);
  await closeForUsOnly(stage, one);
  await one.buyer.cancel(one.order.orderNo);
  await phaseIs(one, 'closed');
  await one.buyer.tap(one.codeUrl);
  await phaseIs(one, 'refunding');
  return one;
};

/** Without a code: WeChat answers late, or refuses. */
const codeless =
  (fault: object) =>
  async (stage: Stage): Promise<Opening> => {
    const buyer = stage.buyer();
    const order = await buyer.place([{ productId: TEA, quantity: 1 }]);
    await buyer.faults({ orders: { [order.orderNo]: { unifiedorder: fault } } });
    return opening({ order });
  };
const heal = (stage: Stage): Promise<void> => stage.buyer().faults({});

/** How long `pay` shows a code: two hours less five minutes. */
const CODE_SHOWN_SECONDS = 2 * 3_600 - 5 * 60;

/** An order whose code is too old a few seconds after the page was opened. */
export async function withOldCode(stage: Stage): Promise<Opening> {
  const one = await begun(stage);
  await stage.rows('pay', 'UPDATE attempt SET code_url_at = code_url_at - INTERVAL ? SECOND WHERE out_trade_no = ?', [
    CODE_SHOWN_SECONDS - 3,
    one.order.orderNo,
  ]);
  return opening(one);
}

export const cashierScenes: readonly Scene[] = [
  {
    name: 'cashier-waiting',
    prepare: async (stage) => opening(await begun(stage)),
    shows: '[data-code="ready"]:not([hidden]) svg',
  },
  {
    name: 'cashier-code-loading',
    prepare: codeless({ answerAfterMs: 7_000 }),
    fresh: true,
    shows: '[data-code="loading"]:not([hidden])',
    end: heal,
  },
  {
    name: 'cashier-code-failed',
    prepare: codeless({ error: 'NOAUTH' }),
    fresh: true,
    shows: '[data-code="failed"]:not([hidden])',
    end: heal,
  },
  {
    name: 'cashier-code-old',
    prepare: withOldCode,
    fresh: true,
    shows: '[data-code="old"]:not([hidden])',
  },
  {
    name: 'cashier-offline',
    prepare: async (stage) => opening(await begun(stage)),
    act: (page) => page.context().setOffline(true),
    shows: '[data-notice="offline"]:not([hidden])',
  },
  {
    name: 'cashier-paid',
    prepare: ending('paid', ({ buyer, codeUrl }) => buyer.tap(codeUrl)),
    shows: inPhase('paid'),
  },
  {
    name: 'cashier-paid-and-refunded',
    prepare: ending('paid', async (one, stage) => {
      await one.buyer.tap(one.codeUrl);
      await phaseIs(one, 'paid');
      await stage.operator().refund(one.order.orderNo, { amountFen: 800, reason: 'broken cup' });
      await until('the page knows of the refund', async () => {
        return (await one.buyer.status(one.order.orderNo)).refundStatus !== null;
      });
    }),
    shows: '[data-when="refund"]:not([hidden])',
  },
  {
    name: 'cashier-closing',
    prepare: ending('closing', async ({ buyer, order }) => {
      await buyer.faults({ orders: { [order.orderNo]: { closeorder: { systemError: 'before' } } } });
      await buyer.cancel(order.orderNo);
    }),
    shows: inPhase('closing'),
    end: heal,
  },
  {
    name: 'cashier-closed',
    prepare: ending('closed', ({ buyer, order }) => buyer.cancel(order.orderNo)),
    shows: inPhase('closed'),
  },
  {
    name: 'cashier-failed',
    prepare: ending('failed', ({ buyer, codeUrl }) => buyer.tap(codeUrl, 'fail')),
    shows: inPhase('failed'),
  },
  {
    name: 'cashier-expired',
    prepare: ending('expired', ({ order }, stage) =>
      stage.rows('pay', 'UPDATE payable SET expires_at = expires_at - INTERVAL 1 HOUR WHERE order_no = ?', [
        order.orderNo,
      ]),
    ),
    shows: inPhase('expired'),
  },
  {
    name: 'cashier-review',
    prepare: ending('review', ({ buyer, order }) => buyer.payAnyway(order.orderNo, 6_799)),
    shows: inPhase('review'),
  },
  {
    name: 'cashier-refunding',
    prepare: async (stage) => opening(await paidLate(stage)),
    shows: inPhase('refunding'),
  },
  {
    name: 'cashier-refunded',
    prepare: async (stage) => {
      const one = await paidLate(stage);
      await one.buyer.advanceClock(10 * 60_000);
      await phaseIs(one, 'refunded');
      return opening(one);
    },
    shows: inPhase('refunded'),
  },
  {
    name: 'cashier-confirming',
    prepare: async (stage) => {
      const one = await begun(stage);
      await stage.apps.kill('order');
      await one.buyer.tap(one.codeUrl);
      await phaseIs(one, 'confirming');
      return opening(one);
    },
    shows: inPhase('confirming'),
    end: (stage) => stage.apps.start('order'),
  },
];

/** What a buyer sees who is not to see a cashier. */
export const refusalScenes: readonly Scene[] = [
  {
    name: 'refused-link',
    prepare: async (stage) => {
      const [mine, another] = [await begun(stage), await begun(stage)];
      const url = new URL(mine.order.payUrl);
      url.search = new URL(another.order.payUrl).search;
      return { url: url.href };
    },
    shows: '.trouble',
  },
  {
    name: 'refused-expired-link',
    prepare: async (stage) => {
      const { order } = await begun(stage);
      const url = new URL(order.payUrl);
      url.searchParams.set('t', signPayLink(stage.secrets.PAY_LINK_SECRET, order.orderNo, new Date(0)));
      return { url: url.href };
    },
    shows: '.trouble',
  },
  {
    name: 'refused-unknown-order',
    prepare: (stage) => Promise.resolve({ url: `${stage.links.pay}/pay/none` }),
    shows: '.trouble',
  },
  {
    name: 'refused-busy',
    prepare: async (stage) => {
      // An order that `pay` has not heard of yet, at the moment when `order` cannot be asked.
      await stage.apps.kill('order');
      const orderNo = 'UNHEARD0000000000000AA';
      const token = signPayLink(stage.secrets.PAY_LINK_SECRET, orderNo, new Date(Date.now() + 60_000));
      return { url: `${stage.links.pay}/pay/${orderNo}?t=${token}` };
    },
    shows: '.trouble:has([href=""])',
    end: (stage) => stage.apps.start('order'),
  },
];
