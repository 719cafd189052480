import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Injectable, Logger, Module } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { type Event, ORDER_PAYABLE, payInbox, TIMEOUT_TYPE, timeoutDelay } from '#contract';
import { connect } from 'amqplib';
import { pino } from 'pino';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { amqpUrl, freshSchema, removeTopology, uniqueNames } from '../../../../test/support/services.ts';
import { Health } from '../health/health.ts';
import { type StartedApp, startApp } from '../http/start-app.ts';
import { Database, MysqlModule } from '../mysql/mysql.module.ts';
import { transact } from '../mysql/transact.ts';
import { event } from '../outbox/event.ts';
import { Outbox } from '../outbox/outbox.ts';
import { outboxTable } from '../outbox/outbox-row.ts';
import { RabbitClient } from './client.ts';
import { connectRabbit } from './connect-rabbit.ts';
import { LiveEvents } from './live-events.ts';
import { done, type Outcome, park } from './outcome.ts';
import { parkedMessageTable } from './parked-messages.ts';
import { Publisher } from './publisher.ts';
import { RabbitModule } from './rabbit.module.ts';
import { until } from './testing/until.ts';

jest.setTimeout(60_000);

const names = uniqueNames();
const TIMEOUT_MS = 200;
const seen: string[] = [];

class Tables20261121000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(outboxTable);
    await runner.query(parkedMessageTable);
  }
  async down(): Promise<void> {
    // Tests drop the schema.
  }
}

@Injectable()
class Seen {
  note(events: Event[]): Outcome[] {
    seen.push(...events.map(({ id }) => id));
    return events.map(({ id }) => (id.endsWith('wrong') ? park('wrong') : done));
  }
}

@Controller()
class OrderHandlers {
  constructor(private readonly notes: Seen) {}

  @EventPattern<string[]>([
    'payment.succeeded',
    'payment.failed',
    'payment.mismatched',
    'payment.closed',
    'refund.succeeded',
    'refund.failed',
    'refund.abnormal',
  ])
  payments(events: Event[]): Outcome[] {
    return this.notes.note(events);
  }

  @EventPattern(TIMEOUT_TYPE)
  timeouts(hints: { orderNo: string }[]): void {
    seen.push(...hints.map(({ orderNo }) => `timeout:${orderNo}`));
  }

  @MessagePattern<string>(ORDER_PAYABLE)
  payable(): { found: false } {
    return { found: false };
  }
}

@Controller()
class PayHandlers {
  constructor(private readonly notes: Seen) {}

  @EventPattern<string[]>([...payInbox(names).keys])
  orders(events: Event[]): Outcome[] {
    return this.notes.note(events);
  }
}

const orderNo = '20261121000000000001';

describe('two apps with messaging', () => {
  const schemas: Awaited<ReturnType<typeof freshSchema>>[] = [];
  let order: StartedApp;
  let pay: StartedApp;

  const start = async (app: 'pay' | 'order'): Promise<StartedApp> => {
    const schema = await freshSchema(`rabbit_${app}`);
    schemas.push(schema);
    @Module({
      imports: [
        MysqlModule.forRoot({ url: schema.url, migrations: [Tables20261121000000] }),
        RabbitModule.forRoot({ app, url: amqpUrl(), names, ...(app === 'order' && { timeoutDelayMs: TIMEOUT_MS }) }),
      ],
      controllers: [app === 'order' ? OrderHandlers : PayHandlers],
      providers: [Seen],
    })
    class App {}
    const started = await startApp(App, {
      name: app,
      port: 0,
      logger: pino({ level: 'silent' }),
      openapi: false,
      signals: false,
      configure: connectRabbit,
    });
    await started.app.get(Database).whenOpen();
    return started;
  };
  const send = async ({ app }: StartedApp, ...events: Event[]) => {
    const outbox = app.get(Outbox);
    outbox.publish(await transact(app.get(DataSource), (em) => outbox.record(em, events)));
  };
  const isReady = async ({ app }: StartedApp) => (await app.get<Health>(Health).readiness()).status === 'ready';

  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(async () => {
    seen.length = 0;
    [order, pay] = await Promise.all([start('order'), start('pay')]);
    await until('both are ready', async () => (await isReady(order)) && (await isReady(pay)));
  });
  afterEach(async () => {
    await Promise.all([order.close(), pay.close()]);
    await removeTopology(names, [TIMEOUT_MS]);
  });
  afterAll(() => Promise.all(schemas.map((schema) => schema.drop())));

  it('carry events both ways, and put aside what is parked', async () => {
    await send(pay, event('payment.closed', 'payment.closed:1', { orderNo, closedAttempts: [] }));
    await send(pay, event('payment.closed', 'payment.closed:wrong', { orderNo, closedAttempts: [] }));
    await send(order, event('payment.close.requested', 'close:1', { orderNo, reason: 'timeout' }));
    await until('all arrived', () => seen.length === 3);
    const stored = () => order.app.get(DataSource).query<{ message_id: string }[]>('SELECT * FROM parked_message');
    await until('the parked one is stored', async () => (await stored()).length === 1);
    expect(await stored()).toMatchObject([{ message_id: 'payment.closed:wrong', reason: 'wrong', times: 1 }]);
  });

  it('carry time-outs after their delay', async () => {
    await order.app.get(Publisher).publish({
      exchange: '',
      routingKey: timeoutDelay(names, TIMEOUT_MS).name,
      messageId: `order.timeout:${orderNo}`,
      type: TIMEOUT_TYPE,
      body: { orderNo },
      mandatory: true,
    });
    await until('it arrives', () => seen.includes(`timeout:${orderNo}`));
  });

  it('ask and answer', async () => {
    await until('it is answered', async () => {
      const [answer] = await Promise.allSettled([pay.app.get(RabbitClient).request(ORDER_PAYABLE, { orderNo })]);
      return answer.status === 'fulfilled';
    });
    expect(await pay.app.get(RabbitClient).request(ORDER_PAYABLE, { orderNo })).toEqual({ found: false });
  });

  it('tell every listener what happens, and when it may have missed something', async () => {
    const heard: [string, string][] = [];
    const listeners = ['a', 'b'].map((name) =>
      pay.app.get(LiveEvents).listen(['order.paid'], {
        event: ({ id }) => heard.push([name, id]),
        gap: () => heard.push([name, 'gap']),
      }),
    );
    await Promise.all(listeners.map(({ ready }) => ready));
    const facts = { orderNo, totalFee: 1, at: '2026-11-21T10:00:00.000Z' };
    await send(order, event('order.cancelled', 'order.cancelled:1', facts), event('order.paid', 'order.paid:1', facts));
    await until('both heard it', () => heard.length === 4);
    expect(heard.sort()).toEqual([
      ['a', 'gap'],
      ['a', 'order.paid:1'],
      ['b', 'gap'],
      ['b', 'order.paid:1'],
    ]);
    await listeners[0]!.close();
    await send(order, event('order.paid', 'order.paid:2', facts));
    await until('the other still listens', () => heard.length === 5);
    expect(heard[4]).toEqual(['b', 'order.paid:2']);
  });

  it('tell every listener what is announced, of which nothing is kept', async () => {
    const heard: string[] = [];
    const live = pay.app.get(LiveEvents);
    const switched = (nth: number) =>
      event('payment.switched', `payment.switched:${orderNo}-${nth}`, { orderNo, outTradeNo: `${orderNo}-${nth}` });
    live.announce(switched(2));
    const listeners = [1, 2].map(() =>
      live.listen(['payment.switched', 'order.paid'], { event: ({ id }) => heard.push(id) }),
    );
    await Promise.all(listeners.map(({ ready }) => ready));
    live.announce(switched(3));
    await until('both heard it', () => heard.length === 2);
    expect(heard).toEqual([`payment.switched:${orderNo}-3`, `payment.switched:${orderNo}-3`]);
    expect(await pay.app.get(DataSource).query('SELECT * FROM outbox')).toEqual([]);
    await Promise.all(listeners.map(({ close }) => close()));
  });

  it('leave no connection behind when they are closed', async () => {
    await Promise.all([order.close(), pay.close()]);
    const direct = await connect(amqpUrl());
    const channel = await direct.createChannel();
    const counts = [names.orderQueue, names.payQueue].map(
      async (queue) => (await channel.checkQueue(queue)).consumerCount,
    );
    expect(await Promise.all(counts)).toEqual([0, 0]);
    await direct.close();
  });
});
