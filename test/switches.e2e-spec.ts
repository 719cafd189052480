import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { SimulatorControl } from './support/simulator-control.ts';
import { upToTheCode } from './support/shop.ts';
import { Stack, STACK_MS } from './support/stack.ts';
import { attempts, ordered, payingAs, refusal, STRANGER } from './support/ways.ts';

const TEST_MS = 180_000;
const FIVE_MINUTES_MS = 300_000;

describe('the way to pay', () => {
  let stack: Stack;
  let control: SimulatorControl;

  beforeAll(async () => {
    stack = await Stack.start({ SIMULATOR_REFUND_SECONDS: '1' });
    control = new SimulatorControl(stack.links['wechat-simulator'], stack.secrets.SIMULATOR_CONTROL_TOKEN);
  }, STACK_MS);

  afterAll(() => stack.stop(), STACK_MS);

  it(
    'changes only when WeChat has let go of the old one',
    async () => {
      await control.rules({ closeAfterMs: FIVE_MINUTES_MS });
      try {
        const { buyer, orderNo } = await ordered(stack);
        const code = await buyer.createCode(orderNo);
        const refused = buyer.createWay(orderNo, 'h5');
        expect(await refusal(refused)).toMatchObject({ status: 409, code: 'ATTEMPT_CLOSING', way: 'native' });
        expect(await buyer.createCode(orderNo)).toMatchObject({ code_url: code.code_url });
        await buyer.advanceClock(FIVE_MINUTES_MS);
        const { mweb_url: page = '', out_trade_no: number } = await buyer.createWay(orderNo, 'h5');
        expect(number).toBe(`${orderNo}-2`);
        await expect(buyer.tap(code.code_url)).rejects.toThrow(/ORDER_CLOSED/);
        await buyer.tap(page);
        await stack.orderBecomes(orderNo, 'PAID');
        expect(await attempts(stack, orderNo)).toEqual([
          { out_trade_no: orderNo, trade_type: 'NATIVE', state: 'CLOSED' },
          { out_trade_no: `${orderNo}-2`, trade_type: 'MWEB', state: 'SUCCESS' },
        ]);
      } finally {
        await control.rules({ closeAfterMs: 0 });
      }
    },
    TEST_MS,
  );

  it(
    'is told to the pages that are open, at whichever instance, when it changes',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      await buyer.createCode(orderNo);
      const second = await stack.secondPay();
      const leave = new AbortController();
      try {
        // Streams never ask by themselves: what comes has been told.
        const streams = [stack.links.pay, second.url].map((at) => buyer.follow(orderNo, leave.signal, at));
        const first = await Promise.all(streams.map((stream) => stream.next()));
        expect(first).toMatchObject([1, 2].map(() => ({ value: { tradeType: 'NATIVE' } })));
        await buyer.createWay(orderNo, 'h5');
        const shown = streams.map(async (stream) => {
          for await (const { tradeType, tradeState } of stream) if (tradeType === 'MWEB') return tradeState;
          return 'never';
        });
        expect(await Promise.all(shown)).toEqual(['NOTPAY', 'NOTPAY']);
      } finally {
        leave.abort();
        await second.stop();
      }
    },
    TEST_MS,
  );

  it(
    'changes at once when WeChat has refused the old one, of which it knows nothing then',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      await payingAs(STRANGER, control, () => buyer.meetWechat(orderNo));
      const refused = await refusal(buyer.createWay(orderNo, 'jsapi'));
      expect(refused).toMatchObject({ code: 'WECHAT_REFUSED', wechatText: 'appid和openid不匹配' });
      const code = await buyer.createCode(orderNo);
      expect(code.out_trade_no).toBe(`${orderNo}-2`);
      await buyer.tap(code.code_url);
      await stack.orderBecomes(orderNo, 'PAID');
    },
    TEST_MS,
  );

  it(
    'does not change when the money was faster',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      const { orderNo } = order;
      // Nobody hears of the payment but who asks.
      await buyer.faults({ notify: { off: true } });
      try {
        await buyer.tap(code.code_url);
        expect(await refusal(buyer.createWay(orderNo, 'h5'))).toMatchObject({ status: 409, code: 'ORDER_PAID' });
      } finally {
        await buyer.faults({});
      }
      await stack.orderBecomes(orderNo, 'PAID');
      expect(await attempts(stack, orderNo)).toEqual([
        { out_trade_no: orderNo, trade_type: 'NATIVE', state: 'SUCCESS' },
      ]);
    },
    TEST_MS,
  );

  it(
    'never changes because somebody looks at the page',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      await buyer.createWay(orderNo, 'h5');
      const page = await fetch(`${stack.links.pay}/pay/${orderNo}`, { headers: buyer.cookiesOf(orderNo) });
      expect(page.status).toBe(200);
      expect(await attempts(stack, orderNo)).toEqual([{ out_trade_no: orderNo, trade_type: 'MWEB', state: 'NOTPAY' }]);
    },
    TEST_MS,
  );

  it(
    'is one open attempt, whatever many browsers ask for at once',
    async () => {
      const { buyer, orderNo } = await ordered(stack);
      await buyer.meetWechat(orderNo);
      const asked = [1, 2, 3].flatMap(() => [
        buyer.createCode(orderNo),
        buyer.createWay(orderNo, 'jsapi'),
        buyer.createWay(orderNo, 'app'),
      ]);
      await Promise.allSettled(asked);
      const open = (await attempts(stack, orderNo)).filter(({ state }) => state === 'NOTPAY' || state === 'CREATED');
      expect(open).toHaveLength(1);
      const { mweb_url: page = '' } = await until('the last one wins', () => buyer.createWay(orderNo, 'h5'));
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      const states = (await attempts(stack, orderNo)).map(({ state }) => state);
      expect(states.toSorted()).toEqual([...Array<string>(states.length - 1).fill('CLOSED'), 'SUCCESS']);
    },
    TEST_MS,
  );

  it(
    'in which an order is paid a second time gives that money back',
    async () => {
      const buyer = stack.buyer();
      const { order, code } = await upToTheCode(buyer);
      const { orderNo } = order;
      // As if WeChat had confirmed a close and taken money all the same: what it never promises not to do.
      const sql = "UPDATE attempt SET state = 'CLOSED', open_slot = NULL WHERE out_trade_no = ? AND state = 'NOTPAY'";
      await stack.rows('pay', sql, [orderNo]);
      const { mweb_url: page = '' } = await buyer.createWay(orderNo, 'h5');
      await buyer.tap(page);
      await stack.orderBecomes(orderNo, 'PAID');
      const { transactionId } = await buyer.tap(code.code_url);
      await until('the second payment is back', async () => {
        const known = 'SELECT COUNT(*) FROM refund_request WHERE out_refund_no = ? AND state = ?';
        return (await stack.number('order', known, [`A${transactionId}`, 'SUCCESS'])) === 1;
      });
      expect(await stack.rows('order', 'SELECT kind, state FROM anomaly WHERE order_no = ?', [orderNo])).toEqual([
        { kind: 'DOUBLE', state: 'DONE' },
      ]);
    },
    TEST_MS,
  );
});
