import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { until } from '../tools/services/until.ts';
import type { Client } from '../tools/stack/client.ts';
import { TEA, upToTheCode } from './support/shop.ts';
import { both, type Instance, Twins } from './support/twins.ts';
import { event } from '#platform';

const RACERS = 40;

type Outcome = { status: 'done'; value: unknown } | { status: 'refused'; because: string };

describe('Operators who all do the same at once', () => {
  const shop = Twins.forTests({ SIMULATOR_REFUND_SECONDS: '1' });
  afterEach(async () => expect(await shop.broken()).toEqual([]));

  const at = (index: number): Instance => (index % 2 === 0 ? 1 : 2);
  const paid = async (amountFen?: number) => {
    const buyer = shop.buyer();
    const { order } = await upToTheCode(buyer);
    const { orderNo, totalFee } = order;
    const { transactionId } = await buyer.payAnyway(orderNo, amountFen);
    await shop.orderBecomes(orderNo, amountFen === undefined || amountFen === totalFee ? 'PAID' : 'REVIEW');
    return { orderNo, transactionId };
  };
  const together = (acts: ((operator: Client, index: number) => Promise<unknown>)[]): Promise<Outcome[]> =>
    Promise.all(
      acts.map((act, index) =>
        act(shop.operator(at(index), `operator-${index}`), index).then(
          (value): Outcome => ({ status: 'done', value }),
          (error: unknown): Outcome => ({
            status: 'refused',
            because: /[A-Z]+(_[A-Z]+)+/.exec(String(error))?.[0] ?? String(error),
          }),
        ),
      ),
    );
  const racers = (act: (operator: Client, index: number) => Promise<unknown>) =>
    together(Array.from({ length: RACERS }, () => act));
  const done = (outcomes: readonly Outcome[]) => outcomes.filter(({ status }) => status === 'done').length;
  const reasons = (outcomes: readonly Outcome[]) =>
    [...new Set(outcomes.flatMap((one) => (one.status === 'refused' ? [one.because] : [])))].sort();
  const audits = (app: 'pay' | 'order', action: string, text: string) =>
    shop.number(app, "SELECT COUNT(*) FROM audit WHERE action LIKE ? AND CONCAT(subject, ' ', state_after) LIKE ?", [
      action,
      `%${text}%`,
    ]);
  const books = async (transactionId: string) => {
    const [row] = await shop.rows<Record<'role' | 'refunded' | 'reserved', string>>(
      'order',
      'SELECT role, refunded_fen AS refunded, reserved_fen AS reserved FROM order_payment WHERE transaction_id = ?',
      [transactionId],
    );
    return { role: row?.role, fen: Number(row?.refunded) + Number(row?.reserved) };
  };

  it.each([
    [TEA.priceFen + 50, ['PAID', 'CANCELLED'], 'ORDER_NOT_IN_REVIEW'],
    [TEA.priceFen - 1, ['CANCELLED'], 'ORDER_NOT_IN_REVIEW'],
  ])('decide once about %d fen', async (amountFen, ends, refusal) => {
    const { orderNo, transactionId } = await paid(amountFen);
    const outcomes = await racers((operator, index) => operator.review(orderNo, index % 4 < 2 ? 'accept' : 'refund'));
    expect(done(outcomes)).toBe(1);
    expect(reasons(outcomes)).toContain(refusal);
    const status = (await shop.statusOf(orderNo)) ?? '';
    expect(ends).toContain(status);
    expect(await books(transactionId)).toEqual({
      ...(status === 'PAID' ? { role: 'MAIN', fen: 50 } : { role: 'AMOUNT', fen: amountFen }),
    });
    expect(await audits('order', 'order.review.%', orderNo)).toBe(1);
  });

  it('give most of it back once, and leave one row', async () => {
    const { orderNo, transactionId } = await paid();
    const amountFen = TEA.priceFen * 0.6;
    const outcomes = await racers((operator) => operator.refund(orderNo, { amountFen, reason: 'broken' }));
    expect([done(outcomes), reasons(outcomes)]).toEqual([1, ['REFUND_EXCEEDS_PAID']]);
    expect(await books(transactionId)).toEqual({ role: 'MAIN', fen: amountFen });
    expect(await audits('order', 'refund.request', orderNo)).toBe(1);
    await shop.orderBecomes(orderNo, 'PART_REFUNDED');
  });

  it('and whose process is killed meanwhile, do it again: it was done once, with one row', async () => {
    const [refunded, reviewed] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, () => paid())),
      Promise.all(Array.from({ length: 8 }, () => paid(TEA.priceFen + 50))),
    ]);
    const wish = { amountFen: TEA.priceFen, reason: 'returned', restock: true };
    const acts = (operator: Client) => [
      ...refunded.map(({ orderNo }) => operator.refund(orderNo, wish, `refund-${orderNo}`)),
      ...reviewed.map(({ orderNo }) => operator.review(orderNo, 'accept', `review-${orderNo}`)),
    ];
    const first = acts(shop.operator(1));
    await Promise.any(first);
    await shop.world.killApp('order-1');
    const known = await Promise.allSettled(first);
    await shop.world.startApp('order-1');
    await shop.world.whenReady();
    const again = await Promise.all(acts(shop.operator(1)));
    for (const [index, one] of known.entries()) {
      if (one.status === 'fulfilled') expect(again[index]).toEqual(one.value);
    }
    for (const { orderNo, transactionId } of refunded) {
      await shop.orderBecomes(orderNo, 'REFUNDED');
      expect(await books(transactionId)).toEqual({ role: 'MAIN', fen: TEA.priceFen });
      expect(await audits('order', 'refund.request', orderNo)).toBe(1);
    }
    for (const { orderNo, transactionId } of reviewed) {
      await shop.orderBecomes(orderNo, 'PAID');
      expect(await books(transactionId)).toEqual({ role: 'MAIN', fen: 50 });
      expect(await audits('order', 'order.review.accept', orderNo)).toBe(1);
    }
  });

  describe('to a message that can never be handled', () => {
    /** Money that is booked for one order, told for another: nobody believes it. */
    const parked = async (): Promise<{ orderNo: string; id: string; messageId: string; end: () => Promise<void> }> => {
      const { transactionId } = await paid();
      const buyer = shop.buyer();
      const { order } = await upToTheCode(buyer);
      const { orderNo, totalFee } = order;
      const facts = { orderNo, outTradeNo: orderNo, transactionId, totalFee, paidAt: new Date().toISOString() };
      const told = event('payment.succeeded', `payment.succeeded:${transactionId}`, {
        ...{ ...facts, tradeType: 'NATIVE', source: 'query' },
      });
      const connection = await connect(shop.world.adminAmqpUrl);
      try {
        const channel = await connection.createConfirmChannel();
        const properties = { messageId: told.id, type: told.type, contentType: 'application/json', persistent: true };
        channel.sendToQueue(shop.world.names.orderQueue, Buffer.from(JSON.stringify(told)), properties);
        await channel.waitForConfirms();
      } finally {
        await connection.close();
      }
      const end = async () => {
        await buyer.cancel(orderNo);
        await shop.orderBecomes(orderNo, 'CANCELLED');
      };
      return { orderNo, id: await rowOf(told.id), messageId: told.id, end };
    };
    const rowOf = (messageId: string) =>
      until('it is parked', async () => {
        const { rows } = await shop.operator().operatorList('order', 'parked');
        return rows.find((row) => row['messageId'] === messageId)?.['id'] as string | undefined;
      });
    const all = (deed: 'replay' | 'discard', id: string) =>
      racers((operator) => operator.operate('order', `parked/${id}/${deed}`, {}));

    it('replay it once, find it again, and forget it once', async () => {
      const { id, messageId, end } = await parked();
      const replays = await all('replay', id);
      expect(done(replays)).toBe(1);
      for (const reason of reasons(replays)) expect(['ROW_BUSY', 'ROW_NOT_FOUND']).toContain(reason);
      const anew = await rowOf(messageId);
      expect(anew).not.toBe(id);
      const discards = await all('discard', anew);
      expect(done(discards)).toBe(1);
      expect(await audits('order', 'parked.replay', messageId)).toBe(1);
      expect(await audits('order', 'parked.discard', messageId)).toBe(1);
      await end();
    });

    it('cannot replay it without the broker, and are told so; nothing is lost', async () => {
      const { id, messageId, end } = await parked();
      await shop.world.services.halt('rabbitmq');
      try {
        const replays = await together(
          both.map(() => (operator) => operator.operate('order', `parked/${id}/replay`, {})),
        );
        expect([done(replays), reasons(replays)[0]]).toEqual([0, 'BROKER_AWAY']);
        expect(await audits('order', 'parked.replay', messageId)).toBe(0);
        expect(await rowOf(messageId)).toBe(id);
      } finally {
        await shop.world.services.start('rabbitmq');
      }
      await shop.world.whenReady();
      expect(done(await all('discard', id))).toBe(1);
      await end();
    });
  });
});
