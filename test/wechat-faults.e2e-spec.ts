import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import type { Client, CreatedCode, PlacedOrder } from '../tools/stack/client.ts';
import type { EndpointFault, OrderFaults } from '../apps/wechat-simulator/src/domain/faults.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { Twins } from './support/twins.ts';

const HOURS_MS = 3_600_000;
/** Long enough for a code to grow too old before its order does. */
const PAY_WITHIN_SECONDS = 4 * 3_600;
const NO_NOTICE = { notify: { off: true } };

interface Shopper {
  buyer: Client;
  order: PlacedOrder;
}

describe('E. WeChat answers wrongly, late, or not at all', () => {
  const shop = Twins.forTests({ ORDER_PAY_WITHIN_SECONDS: String(PAY_WITHIN_SECONDS) });
  afterEach(async () => expect(await shop.broken()).toEqual([]));

  /** Placed, and the cashier is open; the code has not been asked for. */
  const atTheCashier = async (index = 0): Promise<Shopper> => {
    const buyer = shop.buyer(index % 2 === 0 ? 1 : 2);
    const order = await buyer.place([{ productId: TEA.productId, quantity: 1 }]);
    await buyer.openCashier(order);
    return { buyer, order };
  };
  const manyAtTheCashier = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => atTheCashier(index)));
  const codeOf = ({ buyer, order }: Shopper) => buyer.createCode(order.orderNo);
  const pays = async ({ buyer, order }: Shopper, code: CreatedCode) => {
    await buyer.tap(code.code_url);
    await shop.orderBecomes(order.orderNo, 'PAID');
  };
  const madeAtWechat = async (orderNo: string) =>
    (await shop.control.ledger('ordered')).filter(({ outTradeNo }) => outTradeNo === orderNo).length;

  it('E1: unreachable is a 502 with a code, and the same number goes through afterwards', async () => {
    const shopper = await atTheCashier();
    shop.world.proxies['pay-wechat'].set({ mode: 'reset' });
    try {
      await expect(codeOf(shopper)).rejects.toThrow(/502: .*WECHAT_UNREACHABLE/);
    } finally {
      shop.world.proxies['pay-wechat'].heal();
    }
    const code = await codeOf(shopper);
    expect(code.out_trade_no).toBe(shopper.order.orderNo);
    expect(await madeAtWechat(shopper.order.orderNo)).toBe(1);
    await pays(shopper, code);
  });

  /** Cases that wait for deadlines of WeChat's: they play at the same time, and each test looks at its own. */
  describe('for some orders', () => {
    const played = new Map<string, Promise<void>>();
    const look = (row: string) => played.get(row);

    beforeAll(async () => {
      const cases = Object.entries(acts);
      const casts = await Promise.all(cases.map(([, { faults }]) => manyAtTheCashier(faults.length)));
      await shop.control.faults({
        orders: Object.fromEntries(
          cases.flatMap(([, { faults }], i) => faults.map((fault, j) => [casts[i]?.[j]?.order.orderNo ?? '', fault])),
        ),
      });
      for (const [i, [row, { play }]] of cases.entries()) {
        const playing = play(casts[i] as [Shopper, Shopper, ...Shopper[]]);
        playing.catch(() => undefined); // the test of this row tells it
        played.set(row, playing);
      }
    });

    const nonsense: EndpointFault[] = [
      { refuse: 503 },
      { answer: 'empty' },
      { answer: 'html' },
      { answer: 'html', status: 502 },
      { answer: 'half-xml' },
      { answer: 'huge' },
      { answer: 'html', status: 302 },
    ];
    const strange = ['wrong-sign', 'no-sign', 'other-appid', 'other-order'] as const;
    const [before, after] = [{ systemError: 'before' as const }, { systemError: 'after' as const }];

    const acts: Record<
      string,
      { faults: OrderFaults[]; play: (cast: [Shopper, Shopper, ...Shopper[]]) => Promise<void> }
    > = {
      E2: {
        faults: [{ unifiedorder: { answerAfterMs: 9_000, times: 1 } }],
        play: async ([shopper]) => {
          await expect(codeOf(shopper)).rejects.toThrow(/504: .*WECHAT_UNREACHABLE/);
          const code = await codeOf(shopper);
          expect(code.out_trade_no).toBe(shopper.order.orderNo);
          expect(await madeAtWechat(shopper.order.orderNo)).toBe(1);
          expect(await codeOf(shopper)).toEqual(code);
          await pays(shopper, code);
        },
      },
      E3: {
        faults: nonsense.map((one) => ({ unifiedorder: { ...one, times: 1 }, orderquery: { ...one, times: 2 } })),
        play: async (shoppers) => {
          for (const shopper of shoppers) await expect(codeOf(shopper)).rejects.toThrow(/502: .*WECHAT_UNREACHABLE/);
          const codes = await Promise.all(shoppers.map(codeOf));
          expect(codes.map((code) => code.out_trade_no)).toEqual(shoppers.map(({ order }) => order.orderNo));
          await Promise.all(shoppers.map((shopper, i) => pays(shopper, codes[i] as CreatedCode)));
        },
      },
      E4: {
        faults: [
          { unifiedorder: { ...before, times: 1 } },
          { unifiedorder: { ...after, times: 1 } },
          { closeorder: { ...before, times: 4 } },
          { closeorder: { ...after, times: 4 } },
        ],
        play: async (shoppers) => {
          const codes = await Promise.all(shoppers.map(codeOf));
          const [paying, cancelling] = [shoppers.slice(0, 2), shoppers.slice(2)];
          await Promise.all(paying.map((shopper, i) => pays(shopper, codes[i] as CreatedCode)));
          await Promise.all(cancelling.map(({ buyer, order }) => buyer.cancel(order.orderNo)));
          for (const { order } of cancelling) await shop.orderBecomes(order.orderNo, 'CANCELLED');
          for (const { order } of shoppers) expect(await madeAtWechat(order.orderNo)).toBe(1);
        },
      },
      E5: {
        faults: [{ ...NO_NOTICE, orderquery: { error: 'FREQUENCY_LIMITED', times: 3 } }],
        play: async ([shopper]) => pays(shopper, await codeOf(shopper)),
      },
      E6: {
        faults: strange.map((answer) => ({
          // The answer to an order names no order, so a mixed-up one cannot be told by its content.
          ...(answer !== 'other-order' && { unifiedorder: { answer, times: 1 } }),
          orderquery: { answer, times: 2 },
        })),
        play: async (shoppers) => {
          const alarms = () => shop.counted('paypair_pay_wechat_distrusted_total', 'reason=');
          const atFirst = await alarms();
          for (const shopper of shoppers.slice(0, 3))
            await expect(codeOf(shopper)).rejects.toThrow(/502: .*WECHAT_UNREACHABLE/);
          const codes = await Promise.all(shoppers.map(codeOf));
          await Promise.all(shoppers.map((shopper, i) => pays(shopper, codes[i] as CreatedCode)));
          expect((await alarms()) - atFirst).toBeGreaterThanOrEqual(3 + strange.length);
        },
      },
      E7: {
        faults: [NO_NOTICE, NO_NOTICE],
        play: async ([quick, slow]) => {
          const [quickCode, slowCode] = [await codeOf(quick), await codeOf(slow)];
          await shop.control.pay(slow.order.orderNo, { outcome: 'leave' });
          const seen = await quick.buyer.status(quick.order.orderNo);
          expect(seen).toMatchObject({ tradeState: 'NOTPAY', phase: 'waiting' });
          await pays(quick, quickCode);
          for (const instance of [1, 2] as const) {
            const asked = await shop.operator(instance).settleNow(slow.order.orderNo);
            expect(asked).toMatchObject({ tradeState: 'NOTPAY', phase: 'waiting' });
          }
          expect(await shop.wayOf(slow.order.orderNo)).toEqual(['WAIT_PAY']);
          await pays(slow, slowCode);
        },
      },
      E8: {
        faults: [NO_NOTICE],
        play: async ([shopper]) => {
          await codeOf(shopper);
          const { orderNo, totalFee } = shopper.order;
          await shop.control.pay(orderNo, { amountFen: totalFee - 1 });
          await shop.orderBecomes(orderNo, 'REVIEW');
          expect(await shop.wayOf(orderNo)).not.toContain('PAID');
          const found = await shop.rows('pay', 'SELECT kind, state FROM anomaly WHERE order_no = ?', [orderNo]);
          expect(found).toEqual([{ kind: 'AMOUNT', state: 'OPEN' }]);
        },
      },
    };

    it('E2: an order whose answer came too late is asked for again with its own number', () => look('E2'));
    it('E3 and E12: pages, half and huge answers, errors and redirects say nothing of codes or money', () =>
      look('E3'));
    it('E4: SYSTEMERROR before or after doing it is asked about, or repeated with the same number', () => look('E4'));
    it('E5: FREQUENCY_LIMITED is waited out', () => look('E5'));
    it('E6: an answer unsigned, or not about this order, is not believed, and raises an alarm', () => look('E6'));
    it('E7: NOTPAY and SUCCESS in one second, and a buyer who is asked for the password for long', () => look('E7'));
    it('E8: another amount found by a query makes no order PAID', () => look('E8'));
  });

  it('E11: while no code is to be had few calls reach WeChat, and money is settled all the same', async () => {
    const busy = await manyAtTheCashier(30);
    const { order: bought, code } = await upToTheCode(shop.buyer(2));
    const before = await calls('unifiedorder');
    await shop.control.faults({
      endpoints: { unifiedorder: { refuse: 503 } },
    });
    const wanted = busy.flatMap((shopper) => Array.from({ length: 17 }, () => codeOf(shopper)));
    const answers = await Promise.allSettled(wanted);
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    const reached = (await calls('unifiedorder')) - before;
    expect(reached).toBeLessThan(wanted.length / 4);
    await shop.buyer().tap(code.code_url);
    await shop.orderBecomes(bought.orderNo, 'PAID');
    await shop.control.clearFaults();
    for (const shopper of busy) {
      const late = await until('there is a code again', () => codeOf(shopper), 30_000, 250);
      expect(late.out_trade_no).toBe(shopper.order.orderNo);
    }
    await Promise.all(busy.map(({ buyer, order }) => buyer.cancel(order.orderNo)));
    await Promise.all(busy.map(({ order }) => shop.orderBecomes(order.orderNo, 'CANCELLED')));
  });

  const calls = async (endpoint: string): Promise<number> =>
    (await shop.control.calls()).filter((one) => one.endpoint === endpoint).reduce((sum, { count }) => sum + count, 0);

  it('E9: a code that has grown too old is renewed under the same number, and the old one is dead', async () => {
    const shopper = await atTheCashier();
    const old = await codeOf(shopper);
    // Two hours, for both sides: a code lives no longer.
    await shop.rows('pay', 'UPDATE attempt SET code_url_at = code_url_at - INTERVAL 2 HOUR WHERE order_no = ?', [
      shopper.order.orderNo,
    ]);
    await shop.control.advance(2 * HOURS_MS);
    const fresh = await codeOf(shopper);
    expect(fresh.out_trade_no).toBe(old.out_trade_no);
    expect(fresh.code_url).not.toBe(old.code_url);
    await expect(shopper.buyer.tap(old.code_url)).rejects.toThrow(/CODE_/);
    await pays(shopper, fresh);
  });
});
