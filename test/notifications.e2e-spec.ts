import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { Proxy } from '../tools/chaos/proxy.ts';
import { until } from '../tools/services/until.ts';
import type { Client, PlacedOrder } from '../tools/stack/client.ts';
import { forgeries, type OrderFaults } from '../apps/wechat-simulator/src/domain/faults.ts';
import { Console } from './support/merchant-console.ts';
import { type Captured, codeIn, Notices } from './support/notices.ts';
import { upToTheCode } from './support/shop.ts';
import { both, Twins } from './support/twins.ts';

const NO_NOTICE = { notify: { off: true } };
const NO_NEWS = { ...NO_NOTICE, orderquery: { error: 'SYSTEMERROR' } };
const COPIES = 20;
const STORM = 6_000;
const STORM_SECONDS = 3;
/** All of the storm in memory at once, with what a heap does not give back at once. */
const STORM_COSTS_BYTES = 256 * 1024 * 1024;

describe('F. Notifications arrive as they like', () => {
  const shop = Twins.forTests({ SIMULATOR_REFUND_SECONDS: '1' });
  const notices = new Notices(shop);
  const merchant = new Console(shop);
  afterEach(async () => expect(await shop.broken()).toEqual([]));

  /** How many notifications were answered FAIL so far. */
  const refused = async (): Promise<number> => {
    const all = await shop.counted('paypair_pay_notices_total', 'outcome=');
    const fine = await shop.counted('paypair_pay_notices_total', '"settled"');
    return all - fine - (await shop.counted('paypair_pay_notices_total', '"already-settled"'));
  };
  /** Somebody has paid, and WeChat itself tells nobody. */
  const paidInSilence = async (
    how: object = NO_NOTICE,
  ): Promise<{ buyer: Client; order: PlacedOrder; taken: Captured }> => {
    const buyer = shop.buyer();
    const { order } = await upToTheCode(buyer);
    await shop.control.faults({ orders: { [order.orderNo]: how } });
    await shop.control.pay(order.orderNo);
    return { buyer, order, taken: await notices.captured(order.orderNo) };
  };
  const isPaidOnce = async (orderNo: string) => {
    await shop.orderBecomes(orderNo, 'PAID');
    expect(await shop.wayOf(orderNo)).toEqual(['WAIT_PAY', 'PAID']);
  };

  const dawdlers: Promise<string>[] = [];
  beforeAll(() => {
    const head = 'POST /weixin/pay/notify/url HTTP/1.1\r\nHost: pay\r\nContent-Type: text/xml\r\n';
    for (let index = 0; index < 60; index += 1) {
      const start = index % 2 === 0 ? head : `${head}Content-Length: 600\r\n\r\n<xml>`;
      dawdlers.push(dawdle(shop.world.portsOf(index % 4 < 2 ? 1 : 2).pay, start));
    }
  });

  it.each([2, COPIES])(
    'F1: %i copies at once, at two processes: all are answered SUCCESS, one counts',
    async (count) => {
      const { order, taken } = await paidInSilence();
      const raw = notices.ofPayment(taken);
      const replies = await Promise.all(
        Array.from({ length: count }, (_, i) => notices.post(raw, both[(i % 2) as 0 | 1])),
      );
      expect(replies).toEqual(Array.from({ length: count }, () => 'SUCCESS'));
      await isPaidOnce(order.orderNo);
    },
  );

  it('F2: a copy that comes when the order is paid, and when it is refunded, changes nothing', async () => {
    const { order, taken } = await paidInSilence();
    const raw = notices.ofPayment(taken);
    expect(await notices.post(raw)).toBe('SUCCESS');
    await isPaidOnce(order.orderNo);
    expect(await notices.post(raw, 2)).toBe('SUCCESS');
    await shop.operator().refund(order.orderNo, { amountFen: order.totalFee, reason: 'returned' });
    await shop.orderBecomes(order.orderNo, 'REFUNDED');
    for (const instance of both) expect(await notices.post(raw, instance)).toBe('SUCCESS');
    expect(await shop.wayOf(order.orderNo)).toEqual(['WAIT_PAY', 'PAID', 'REFUNDED']);
    const fate = 'SELECT outcome, COUNT(*) AS n FROM notice WHERE out_trade_no = ? GROUP BY outcome';
    expect(await shop.rows('pay', fate, [order.orderNo])).toEqual([{ outcome: 'settled', n: 1 }]);
  });

  it('F4: money that is faster than the answer with the code is settled, and that code is shown to nobody', async () => {
    const buyer = shop.buyer();
    const order = await buyer.place([{ productId: 'tea-longjing', quantity: 1 }]);
    await buyer.openCashier(order);
    await shop.control.faults({ orders: { [order.orderNo]: { unifiedorder: { answerAfterMs: 3_000, times: 1 } } } });
    const asking = expect(buyer.createCode(order.orderNo)).rejects.toThrow(/409: .*ORDER_PAID/);
    await until('WeChat has the order', () => shop.control.order(order.orderNo));
    await shop.control.pay(order.orderNo);
    await isPaidOnce(order.orderNo);
    await asking;
  });

  it('F5: money after the end goes back by itself; the page and the operator’s list say so', async () => {
    const buyer = shop.buyer();
    const { order } = await upToTheCode(buyer);
    await buyer.cancel(order.orderNo);
    await shop.orderBecomes(order.orderNo, 'CANCELLED');
    const { transactionId } = await shop.control.pay(order.orderNo, { althoughClosed: true });
    await shop.becomes(
      'the refund',
      'order',
      'SELECT state FROM refund_request WHERE order_no = ?',
      [order.orderNo],
      'SUCCESS',
    );
    expect(await shop.statusOf(order.orderNo)).toBe('CANCELLED');
    await until('the page says so', async () => (await buyer.status(order.orderNo)).phase === 'refunded');
    expect(await cashierOf(order)).toContain('data-phase="refunded"');
    const { rows } = await shop.operator(2).operatorList('order', 'anomalies');
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ orderNo: order.orderNo, kind: 'LATE', state: 'DONE', transactionId }),
      ]),
    );
  });

  it('F6: a refund that is told before its payment waits, and counts once the payment is known', async () => {
    const { order, taken } = await paidInSilence(NO_NEWS);
    const made = await merchant.refund(taken, { outRefundNo: `C${order.orderNo}`, refundFee: 800 });
    const told = notices.ofRefund(made, taken.transactionId);
    for (const instance of both) expect(await notices.post(told, instance, 'refund')).toBe('FAIL');
    expect(await shop.statusOf(order.orderNo)).toBe('WAIT_PAY');
    await shop.control.faults({ orders: { [order.orderNo]: NO_NOTICE } });
    expect(await notices.post(notices.ofPayment(taken))).toBe('SUCCESS');
    await shop.orderBecomes(order.orderNo, 'PART_REFUNDED');
    expect(await notices.post(told, 2, 'refund')).toBe('SUCCESS');
    expect(await shop.wayOf(order.orderNo)).toEqual(['WAIT_PAY', 'PAID', 'PART_REFUNDED']);
  });

  it('F7: what WeChat did not send is answered FAIL and counted, and the real message still counts', async () => {
    const before = await refused();
    const buyers = forgeries.map((_, index) => shop.buyer(index % 2 === 0 ? 1 : 2));
    const bought = await Promise.all(buyers.map((buyer) => upToTheCode(buyer)));
    const faults = bought.map(({ order }, i): [string, OrderFaults] => [
      order.orderNo,
      { notify: { forgeRate: 1, forgery: forgeries[i]! } },
    ]);
    await shop.control.faults({ orders: Object.fromEntries<OrderFaults>(faults) });
    await Promise.all(bought.map(({ order }) => shop.control.pay(order.orderNo)));
    await Promise.all(bought.map(({ order }) => isPaidOnce(order.orderNo)));
    const forged = await shop.control.ledger('forged');
    const kinds: string[] = forged.map(({ forgery }) => forgery);
    expect(kinds.sort()).toEqual([...forgeries].sort());
    expect(forged.map(({ replied }) => codeIn(replied))).toEqual(forgeries.map(() => 'FAIL'));
    expect((await refused()) - before).toBeGreaterThanOrEqual(forgeries.length);
  });

  it('F7: the right key does not help whoever tells of money that WeChat has not, or of another amount', async () => {
    const { order } = await upToTheCode(shop.buyer());
    const before = await shop.counted('paypair_pay_notices_total', '"unclear"');
    const invented = { outTradeNo: order.orderNo, transactionId: '4200000000202601010000000001', openid: 'oTEST' };
    const lie = notices.ofPayment({ ...invented, totalFee: order.totalFee, paidAt: Date.now() } as Captured);
    for (const instance of both) expect(await notices.post(lie, instance)).toBe('FAIL');
    await shop.control.faults({ orders: { [order.orderNo]: NO_NOTICE } });
    await shop.control.pay(order.orderNo);
    const taken = await notices.captured(order.orderNo);
    expect(await notices.post(notices.ofPayment({ ...taken, totalFee: 1 }))).toBe('FAIL');
    expect((await shop.counted('paypair_pay_notices_total', '"unclear"')) - before).toBe(3);
    await isPaidOnce(order.orderNo);
  });

  it('F8: an answer that gets lost is given again', async () => {
    const { order, taken } = await paidInSilence();
    const raw = notices.ofPayment(taken);
    const way = await Proxy.before(shop.world.portsOf(1).pay);
    way.set({ mode: 'cut', afterBytes: 0 });
    const lost = fetch(`http://127.0.0.1:${way.port}/weixin/pay/notify/url`, { method: 'POST', body: raw });
    await expect(lost).rejects.toThrow();
    await way.close();
    await isPaidOnce(order.orderNo);
    for (const instance of both) expect(await notices.post(raw, instance)).toBe('SUCCESS');
    await isPaidOnce(order.orderNo);
  });

  const head = (version: string, headers: string[]) =>
    [`POST /weixin/pay/notify/url HTTP/${version}`, 'Host: pay.example.test', ...headers, '', ''].join('\r\n');
  const length = (body: string) => `Content-Length: ${Buffer.byteLength(body)}`;
  const close = 'Connection: close';
  const ways: Record<string, (body: string) => string> = {
    'another content type': (body) => head('1.1', ['Content-Type: application/json', length(body), close]) + body,
    'a wrong charset': (body) => head('1.1', ['Content-Type: text/plain; charset=GBK', length(body), close]) + body,
    'no content type': (body) => head('1.1', [length(body), close]) + body,
    'a byte order mark': (body) =>
      head('1.1', ['Content-Type: text/xml', length(`\uFEFF${body}`), close]) + `\uFEFF${body}`,
    chunks: (body) => head('1.1', ['Content-Type: text/xml', 'Transfer-Encoding: chunked', close]) + chunked(body),
    'HTTP/1.0': (body) => head('1.0', ['Content-Type: text/xml', length(body)]) + body,
    'headers in other letters': (body) =>
      head('1.1', ['cONTENT-tYPE: TEXT/XML', length(body).toUpperCase(), close.toLowerCase()]) + body,
  };

  it('F11: a proxy that changes everything but the content changes nothing', async () => {
    for (const [index, write] of Object.values(ways).entries()) {
      const { order, taken } = await paidInSilence();
      const answer = await notices.raw(write(notices.ofPayment(taken)), both[(index % 2) as 0 | 1]);
      expect(answer).toMatch(/^HTTP\/1\.[01] 200 /);
      expect(codeIn(answer)).toBe('SUCCESS');
      await isPaidOnce(order.orderNo);
    }
  });

  it('F10: a storm of repeats, strangers and nonsense is answered, costs no memory, and is over when it is over', async () => {
    const { order, taken } = await paidInSilence();
    const known = notices.ofPayment(taken);
    expect(await notices.post(known)).toBe('SUCCESS');
    const strangers = Array.from({ length: 50 }, (_, i) =>
      notices.ofPayment({ ...taken, outTradeNo: `STRANGER${i}`, transactionId: `42000000002026010100000001${10 + i}` }),
    );
    const bodies = [known, known, ...strangers.slice(0, 1), '<xml>nonsense</xml>'];
    const memory = () => Promise.all(both.map((instance) => resident(shop.links(instance).pay)));
    const before = await memory();
    const answers = await storm((index) => ({
      url: notices.url(both[(index % 2) as 0 | 1]),
      body: index % 4 === 2 ? strangers[index % strangers.length]! : bodies[index % 4]!,
    }));
    const after = await memory();
    expect(new Set(answers)).toEqual(new Set(['SUCCESS', 'FAIL']));
    for (const [index, bytes] of after.entries()) expect(bytes - before[index]!).toBeLessThan(STORM_COSTS_BYTES);
    const { order: next } = await upToTheCode(shop.buyer());
    await shop.control.clearFaults();
    await shop.control.pay(next.orderNo);
    await isPaidOnce(next.orderNo);
    await isPaidOnce(order.orderNo);
  });

  it('F9: whoever sends a byte now and then is cut off, and nobody has noticed', async () => {
    const ends = await Promise.all(dawdlers);
    expect(ends.every((text) => /^HTTP\/1\.1 408 /.test(text))).toBe(true);
  });
});

/** The page as the buyer's browser gets it, by the pay link. */
async function cashierOf({ orderNo, payUrl }: PlacedOrder): Promise<string> {
  const entered = await fetch(payUrl, { redirect: 'manual' });
  const cookie = entered.headers.getSetCookie().find((one) => one.startsWith(`paypair_order_${orderNo}=`)) ?? '';
  return (await fetch(new URL(`/pay/${orderNo}`, payUrl), { headers: { cookie } })).text();
}

const chunked = (body: string): string => {
  const parts = body.match(/[^]{1,100}/g) ?? [];
  return [...parts, ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
};

/** One byte in each second until the other side hangs up. @returns what it said */
const dawdle = (port: number, start: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(start));
    const timer = setInterval(() => socket.write('x'), 1_000);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || reject(error));
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });

/** So many in each second, whether they are answered or not. @returns `SUCCESS`, `FAIL`, or HTTP status of each */
async function storm(make: (index: number) => { url: string; body: string }): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 400 });
  const one = (index: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const { url, body } = make(index);
      const asked = request(url, { method: 'POST', agent, headers: { 'content-type': 'text/xml' } }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(answer.statusCode === 200 ? codeIn(text) : `HTTP ${answer.statusCode}`));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const inTenth = STORM / STORM_SECONDS / 10;
  const all: Promise<string>[] = [];
  while (all.length < STORM) {
    for (let i = 0; i < inTenth; i += 1) all.push(one(all.length));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const answers = await Promise.all(all);
  agent.destroy();
  return answers;
}

const resident = async (app: string): Promise<number> => {
  const page = await (await fetch(`${app}/metrics`)).text();
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(page)?.[1]);
};
