/**
 * `kill -9` at every step between the call of WeChat, the commit, the publish, the acknowledgement and Redis. Each row
 * is killed at its steps, started again, and goes on; how it ends is looked at when the leases of the dead have run
 * out, so rows heal side by side. Numbers are those of the fault matrix in docs/reliability.md.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../tools/services/until.ts';
import { CrashSite, type Sale } from './support/crash-site.ts';
import { crowd, patiently, TEA } from './support/shop.ts';
import { failPoints } from '#platform';

const OPEN_MS = 180_000;
/** For the rows before it, too. */
const ROW_MS = 420_000;

/** WeChat holds an answer back for longer than its caller lives. */
const HELD_MS = 10_000;

/** What must hold in the end. */
type Healed = () => Promise<void>;
interface Row {
  name: string;
  /** Comes first, because its dead process holds a lease for long. */
  early?: true;
  /** Kills, starts again, lets the buyer or WeChat repeat. */
  kill: (site: CrashSite) => Promise<Healed>;
}

const placing = (site: CrashSite) => {
  const buyer = site.buyer();
  const key = crypto.randomUUID();
  const place = () => buyer.place([{ productId: TEA.productId, quantity: 1 }], key);
  const orders = () =>
    site.count('order', 'orders o JOIN idempotency i ON i.buyer_id = o.buyer_id WHERE i.idem_key = ?', [key]);
  return { buyer, key, place, orders };
};

/** The buyer goes to the cashier, gets a code, pays, and has what was paid for. */
async function isPaidInTheEnd(site: CrashSite, sale: Sale): Promise<void> {
  await patiently(() => sale.buyer.openCashier(sale.order));
  const { code_url: codeUrl } = await site.code(sale);
  await sale.buyer.tap(codeUrl);
  await isSettledOnce(site, sale.orderNo);
}

/** PAID by one transaction, with points once, known to `pay`. */
async function isSettledOnce(site: CrashSite, orderNo: string): Promise<void> {
  await site.orderBecomes(orderNo, 'PAID');
  expect(await site.count('order', "order_log WHERE order_no = ? AND to_status = 'PAID'", [orderNo])).toBe(1);
  expect(await site.count('order', 'order_payment WHERE order_no = ?', [orderNo])).toBe(1);
  expect(await site.count('order', 'point_ledger WHERE order_no = ?', [orderNo])).toBe(1);
}

/** CANCELLED by one close at WeChat, with the stock back once. */
async function isCancelledOnce(site: CrashSite, orderNo: string, closedAtWechat: number): Promise<void> {
  await site.orderBecomes(orderNo, 'CANCELLED');
  expect(await site.rows('order', 'SELECT state FROM reservation WHERE order_no = ?', [orderNo])).toEqual([
    { state: 'RETURNED' },
  ]);
  expect(await site.ledger('closed', orderNo)).toHaveLength(closedAtWechat);
}

/** WeChat's first notification had no answer, and it came again. */
async function wasNotifiedAgain(site: CrashSite, orderNo: string): Promise<void> {
  const [first, ...more] = (await site.ledger('notified', orderNo)).map(({ replied = '' }) => replied);
  expect(first).toMatch(/^no reply/);
  expect(more.length).toBeGreaterThan(0);
}

const succeeded = (transactionId: string | null) => `payment.succeeded:${transactionId ?? ''}`;

const orderRows: Row[] = [
  {
    name: 'A1 order: before the transaction of a new order',
    async kill(site) {
      const { buyer, key, place, orders } = placing(site);
      await site.deaths.at('order', 'place.asked', key, place);
      expect(await orders()).toBe(0);
      const order = await patiently(place);
      return async () => {
        expect(await orders()).toBe(1);
        await isPaidInTheEnd(site, { orderNo: order.orderNo, buyer, order });
      };
    },
  },
  {
    name: 'A2 order: stock taken, not committed',
    async kill(site) {
      const { buyer, key, place, orders } = placing(site);
      const before = await site.pieces();
      await site.deaths.at('order', 'place.stock-taken', key, place);
      expect(await orders()).toBe(0);
      await until('the stock is back', async () => (await site.pieces()) === before);
      const order = await patiently(place);
      return async () => {
        expect(await orders()).toBe(1);
        await isPaidInTheEnd(site, { orderNo: order.orderNo, buyer, order });
      };
    },
  },
  {
    name: 'A3 order: committed, before anything is published or put into Redis',
    async kill(site) {
      const { buyer, key, place, orders } = placing(site);
      await site.deaths.at('order', 'place.committed', key, place);
      expect(await orders()).toBe(1);
      const order = await patiently(place);
      expect(await site.isPendingInRedis(order.orderNo)).toBe(false);
      return async () => {
        await site.isKnownToPay(order.orderNo);
        await isPaidInTheEnd(site, { orderNo: order.orderNo, buyer, order });
        expect(await orders()).toBe(1);
      };
    },
  },
  {
    name: 'A4 order: committed, before the time-out message',
    early: true,
    async kill(site) {
      const { place } = placing(site);
      await site.deaths.at('order', 'place.before-timeout', '', place);
      const { orderNo } = await patiently(place);
      await site.timeIsUp(orderNo, { told: false });
      return () => isCancelledOnce(site, orderNo, 0);
    },
  },
  {
    name: 'A5 order: complete, before the HTTP answer',
    async kill(site) {
      const { buyer, key, place, orders } = placing(site);
      await site.deaths.at('order', 'place.before-answer', '', place);
      const stored = await site.rows<{ body: string }>('order', 'SELECT body FROM idempotency WHERE idem_key = ?', [
        key,
      ]);
      const order = await patiently(place);
      expect(stored).toEqual([{ body: JSON.stringify(order) }]);
      return async () => {
        expect(await orders()).toBe(1);
        await isPaidInTheEnd(site, { orderNo: order.orderNo, buyer, order });
      };
    },
  },
];

/** Asked again, WeChat is called with the same number, and the code that comes can be paid. */
const oneAttempt = (site: CrashSite, sale: Sale): Healed => {
  return async () => {
    const { out_trade_no: outTradeNo } = await site.code(sale);
    expect(outTradeNo).toBe(sale.orderNo);
    await isPaidInTheEnd(site, sale);
    expect(await site.count('pay', 'attempt WHERE order_no = ?', [sale.orderNo])).toBe(1);
    expect(await site.ledger('captured', outTradeNo)).toHaveLength(1);
  };
};

const prepayRows: Row[] = [
  {
    name: 'A6 prepay: attempt committed, before unifiedorder',
    async kill(site) {
      const sale = await site.sale();
      await site.deaths.at('pay', 'prepay.before-call', sale.orderNo, () => sale.buyer.createCode(sale.orderNo));
      expect(await site.ledger('ordered', sale.orderNo)).toHaveLength(0);
      return oneAttempt(site, sale);
    },
  },
  {
    name: 'A7 prepay: request sent, answer not read',
    async kill(site) {
      const sale = await site.sale();
      await site.wechat({ orders: { [sale.orderNo]: { unifiedorder: { answerAfterMs: HELD_MS } } } });
      const asking = sale.buyer.createCode(sale.orderNo).catch(() => undefined);
      await until('WeChat has the order', async () => (await site.ledger('ordered', sale.orderNo)).length);
      await site.deaths.byKill('pay');
      await asking;
      await site.wechat({ orders: { [sale.orderNo]: {} } });
      return oneAttempt(site, sale);
    },
  },
  {
    name: 'A8 prepay: answer read, code not stored',
    async kill(site) {
      const sale = await site.sale();
      await site.deaths.at('pay', 'prepay.answered', sale.orderNo, () => sale.buyer.createCode(sale.orderNo));
      expect(await site.ledger('ordered', sale.orderNo)).toHaveLength(1);
      return oneAttempt(site, sale);
    },
  },
];

const notifyRows: Row[] = [
  {
    name: 'A9 notify: received, not verified',
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      await site.deaths.at('pay', 'notify.received', orderNo, () => buyer.tap(codeUrl));
      await site.wechatComesAgain();
      return async () => {
        await isSettledOnce(site, orderNo);
        await wasNotifiedAgain(site, orderNo);
      };
    },
  },
  {
    name: 'A10 notify: verified, and everything written, before the commit',
    async kill(site) {
      const sales = [await site.saleWithCode(), await site.saleWithCode()] as const;
      for (const [index, point] of (['notify.verified', 'settle.written'] as const).entries()) {
        const { orderNo, buyer, codeUrl } = sales[index] ?? sales[0];
        await site.deaths.at('pay', point, orderNo, () => buyer.tap(codeUrl));
        await site.wechatComesAgain();
      }
      return async () => {
        for (const { orderNo } of sales) {
          await isSettledOnce(site, orderNo);
          await wasNotifiedAgain(site, orderNo);
        }
      };
    },
  },
  {
    name: 'A11 notify: committed, before the publish, and published, before the confirm',
    async kill(site) {
      const unsent = await site.saleWithCode();
      await site.deaths.at('pay', 'outbox.before-publish', `payment.succeeded ${unsent.orderNo}`, () =>
        unsent.buyer.tap(unsent.codeUrl),
      );
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      const broker = site.world.proxies['pay-rabbitmq'];
      broker.set({ mode: 'one-way', passes: 'up' });
      const { transactionId } = await buyer.tap(codeUrl);
      await site.orderBecomes(orderNo, 'PAID');
      const waits = await site.count('pay', 'outbox WHERE message_id = ?', [succeeded(transactionId)]);
      await site.deaths.byKill('pay', () => {
        broker.heal();
      });
      expect(waits).toBe(1);
      return async () => {
        await isSettledOnce(site, unsent.orderNo);
        await until('it is published again', () => site.copiesOf(succeeded(transactionId)) > 1, 60_000);
        await isSettledOnce(site, orderNo);
      };
    },
  },
  {
    name: 'A12 notify: committed, before the HTTP answer',
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      await site.deaths.at('pay', 'notify.before-answer', orderNo, () => buyer.tap(codeUrl));
      await site.wechatComesAgain();
      return async () => {
        await isSettledOnce(site, orderNo);
        await wasNotifiedAgain(site, orderNo);
      };
    },
  },
  {
    name: 'A13 notify: after the answer',
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      await site.deaths.at('pay', 'notify.answered', orderNo, () => buyer.tap(codeUrl));
      expect(await site.count('pay', "notice WHERE out_trade_no = ? AND outcome = 'settled'", [orderNo])).toBe(1);
      return async () => {
        await isSettledOnce(site, orderNo);
        expect((await site.ledger('notified', orderNo)).map(({ accepted }) => accepted)).toEqual([true]);
      };
    },
  },
  {
    name: 'A14 outbox: published and confirmed, before the row is removed',
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      let message = '';
      await site.deaths.at('pay', 'outbox.confirmed', `payment.succeeded ${orderNo}`, async () => {
        message = succeeded((await buyer.tap(codeUrl)).transactionId);
      });
      return async () => {
        await until('it is published again', () => site.copiesOf(message) > 1, 60_000);
        await isSettledOnce(site, orderNo);
      };
    },
  },
];

const consumerRow = (name: string, point: 'inbox.delivered' | 'settle.booked' | 'inbox.handled'): Row => ({
  name,
  async kill(site) {
    const { orderNo, buyer, codeUrl } = await site.saleWithCode();
    const about = point === 'settle.booked' ? orderNo : `payment.succeeded ${orderNo}`;
    await site.deaths.at('order', point, about, () => buyer.tap(codeUrl));
    return () => isSettledOnce(site, orderNo);
  },
});

const consumerRows: Row[] = [
  consumerRow('A15 consumer: delivered, before its transaction', 'inbox.delivered'),
  consumerRow('A16 consumer: in its transaction, after the compare-and-set', 'settle.booked'),
  consumerRow('A17 consumer: committed, before the acknowledgement', 'inbox.handled'),
  {
    name: 'A18 consumer: committed, before Redis is told',
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      await site.deaths.at('order', 'settle.before-redis', orderNo, () => buyer.tap(codeUrl));
      return async () => {
        await isSettledOnce(site, orderNo);
        await until('Redis waits no more', async () => !(await site.isPendingInRedis(orderNo)), 90_000);
      };
    },
  },
];

const endRows: Row[] = [
  {
    name: 'A19 time-out: handled before the acknowledgement; in pay before the query, before the close, after it; closed before the acknowledgement',
    early: true,
    async kill(site) {
      const steps = [
        ['order', 'timeout.handled', ''],
        ['pay', 'close.before-query', ''],
        ['pay', 'close.before-call', ''],
        ['pay', 'close.answered', ''],
        ['order', 'inbox.handled', 'payment.closed '],
      ] as const;
      const orderNos: string[] = [];
      for (const [app, point, words] of steps) {
        const { orderNo } = await site.saleWithCode();
        await site.deaths.at(app, point, `${words}${orderNo}`, () => site.timeIsUp(orderNo));
        orderNos.push(orderNo);
      }
      return async () => {
        for (const orderNo of orderNos) await isCancelledOnce(site, orderNo, 1);
      };
    },
  },
  {
    name: 'A20 re-query: WeChat has said that it is paid, nothing is written',
    early: true,
    async kill(site) {
      const { orderNo, buyer, codeUrl } = await site.saleWithCode();
      await site.wechat({ orders: { [orderNo]: { notify: { off: true } } } });
      await site.deaths.at('pay', 'query.answered', orderNo, () => buyer.tap(codeUrl));
      return async () => {
        await isSettledOnce(site, orderNo);
        const sql = 'SELECT settle_source FROM attempt WHERE order_no = ?';
        expect(await site.rows('pay', sql, [orderNo])).toEqual([{ settle_source: 'query' }]);
      };
    },
  },
  {
    name: 'A21 refund: before the call, after the call before its answer, before the answer is written down',
    early: true,
    async kill(site) {
      const refund = async ({ orderNo }: Sale) =>
        (await site.operator.refund(orderNo, { amountFen: TEA.priceFen, reason: 'returned' })).outRefundNo;
      const numbers: string[] = [];
      const sales = [await site.sold(), await site.sold(), await site.sold()] as const;
      await site.wechat({ endpoints: { refund: { answerAfterMs: HELD_MS } } });
      const held = await refund(sales[0]);
      await until('WeChat has given it back', async () => (await site.ledger('refunded', held)).length);
      await site.deaths.byKill('pay');
      await site.wechat({});
      numbers.push(held);
      for (const [index, point] of (['refund.before-call', 'refund.answered'] as const).entries()) {
        const sale = sales[index + 1] ?? sales[0];
        await site.deaths.at('pay', point, sale.orderNo, async () => numbers.push(await refund(sale)));
      }
      return async () => {
        for (const { orderNo } of sales) await site.orderBecomes(orderNo, 'REFUNDED');
        for (const number of numbers) expect(await site.ledger('refunded', number)).toHaveLength(1);
      };
    },
  },
];

/** Buyers who have paid, whose notifications `pay` is handling, and cannot finish until it is let go. */
async function inTheMiddle(site: CrashSite, count: number) {
  const sales: Awaited<ReturnType<CrashSite['saleWithCode']>>[] = [];
  for (let left = count; left > 0; left -= 10) {
    const some = Array.from({ length: Math.min(10, left) }, () => site.saleWithCode());
    sales.push(...(await Promise.all(some)));
  }
  const orderNos = sales.map(({ orderNo }) => orderNo);
  const letGo = await site.holdInPay(orderNos);
  const before = await site.queriesAnswered();
  await Promise.all(sales.map(({ buyer, codeUrl }) => buyer.tap(codeUrl)));
  await until('all are being handled', async () => (await site.queriesAnswered()) >= before + count);
  const replies = async () => (await site.ledger('notified', ...orderNos)).map(({ replied = '' }) => replied);
  expect((await replies()).length).toBeLessThan(count);
  return { orderNos, letGo, replies };
}

const wholeRows: Row[] = [
  {
    name: 'A22 pay and order at the same moment, back in either order',
    async kill(site) {
      const orderNos: string[] = [];
      for (const first of ['order', 'pay'] as const) {
        const buying = crowd(site, 12, { abreast: 6, patient: true });
        await until('some have paid', () => buying.paid() >= 4, 60_000, 5);
        await site.deaths.ofBoth(first);
        orderNos.push(...(await buying.done).map(({ order }) => order.orderNo));
      }
      return async () => {
        for (const orderNo of orderNos) await isSettledOnce(site, orderNo);
      };
    },
  },
  {
    name: 'A24 pay: SIGTERM with 50 notifications in hand',
    async kill(site) {
      const sold = await site.sold();
      const { orderNos, letGo, replies } = await inTheMiddle(site, 50);
      const seen = new Set<number | string>();
      let held = true;
      const code = await site.deaths.byRestart('pay', async () => {
        const ready = await site.readiness('pay');
        if (ready !== 200 && held) {
          held = false;
          await letGo();
        }
        seen.add(await site.asked(() => sold.buyer.status(sold.orderNo)));
      });
      expect(code).toBe(0);
      // Nobody was turned away with an error: he was answered, or there was nobody any more to answer.
      expect([...seen].filter((status) => status !== 200 && status !== 'no answer')).toEqual([]);
      const answers = await replies();
      expect(answers).toHaveLength(orderNos.length);
      expect(answers.filter((reply) => reply.startsWith('no reply'))).toEqual([]);
      return async () => {
        for (const orderNo of orderNos) await isSettledOnce(site, orderNo);
      };
    },
  },
  {
    name: 'H5 pay: SIGTERM, and SIGKILL before it could finish',
    async kill(site) {
      const { orderNos, letGo } = await inTheMiddle(site, 10);
      expect(await site.deaths.byRestart('pay', () => site.readiness('pay').then(() => undefined), 300)).toBe(
        'SIGKILL',
      );
      await letGo();
      await site.wechatComesAgain();
      return async () => {
        for (const orderNo of orderNos) await isSettledOnce(site, orderNo);
      };
    },
  },
];

const rows = [...orderRows, ...prepayRows, ...notifyRows, ...consumerRows, ...endRows, ...wholeRows];

describe('kill -9 at every step', () => {
  let site: CrashSite;
  let killing: Promise<unknown> = Promise.resolve();
  const killed = new Map<string, Promise<Healed>>();

  beforeAll(async () => {
    site = await CrashSite.open();
    const inTurn = [...rows.filter(({ early }) => early), ...rows.filter(({ early }) => !early)];
    for (const { name, kill } of inTurn) {
      const done = killing.then(() => kill(site));
      killed.set(name, done);
      // Its own test tells it; the rows after it begin in an order shop.
      killing = done.catch(() => site.mend());
    }
    killing.catch(() => undefined);
  }, OPEN_MS);

  afterAll(async () => {
    await killing.catch(() => undefined);
    await site.close();
  }, OPEN_MS);

  it.each(rows)(
    '$name',
    async ({ name }) => {
      const healed = await killed.get(name);
      await healed?.();
      expect(healed).toBeDefined();
    },
    ROW_MS,
  );

  it(
    'leaves every promise kept',
    async () => {
      await killing;
      expect(await site.examine()).toEqual([]);
    },
    ROW_MS,
  );

  it('has a row for every fail point', () => {
    expect([...site.points.reached].sort()).toEqual(Object.keys(failPoints).sort());
  });
});
