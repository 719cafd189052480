import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { DataSource } from 'typeorm';
import { orderKey, orderRequests, ORDER_PAYABLE, PENDING_DUE, type TopologyNames } from '#contract';
import {
  connectRabbit,
  createLogger,
  event,
  issueToken,
  openPayLink,
  Redis,
  startApp,
  type StartedApp,
} from '#platform';
import { amqpUrl, freshSchema, redisUrl, removeTopology, uniqueNames } from '../../../test/support/services.ts';
import { readConfig } from './config.ts';
import { OrderModule } from './order.module.ts';

const jwtSecret = 'test-only-jwt-secret-0123456789abcdef';
const payLinkSecret = 'test-only-pay-link-secret-0123456789abc';
const PAY_WITHIN_SECONDS = 1_000;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

jest.setTimeout(60_000);

let schema: Awaited<ReturnType<typeof freshSchema>>;
let names: TopologyNames;
let environment: NodeJS.ProcessEnv;
let started: StartedApp;
let connection: ChannelModel;
let channel: Channel;
const tokens: Record<string, string> = {};

const start = (more: NodeJS.ProcessEnv = {}) => {
  const config = readConfig({ ...environment, ...more });
  return startApp(OrderModule.with(config), {
    name: 'order',
    port: 0,
    logger: createLogger('order', 'silent'),
    configure: connectRabbit,
    signals: false,
  });
};

beforeAll(async () => {
  schema = await freshSchema('paypair_order');
  names = uniqueNames();
  environment = {
    ORDER_MYSQL_URL: schema.url,
    ORDER_AMQP_URL: amqpUrl(),
    REDIS_URL: await redisUrl(),
    PUBLIC_PAY_URL: 'https://pay.example',
    PAY_LINK_SECRET: payLinkSecret,
    AUTH_JWT_SECRET: jwtSecret,
    ORDER_PAY_WITHIN_SECONDS: String(PAY_WITHIN_SECONDS),
    DEMO: '1',
    MQ_PAYMENT_EXCHANGE: names.paymentExchange,
    MQ_ORDER_EXCHANGE: names.orderExchange,
    MQ_ORDER_QUEUE: names.orderQueue,
    MQ_PAY_QUEUE: names.payQueue,
  };
  started = await start();
  connection = await connect(amqpUrl());
  channel = await connection.createChannel();
  for (const sub of ['ann', 'bob', 'with space']) {
    tokens[sub] = await issueToken({ sub, secret: jwtSecret, expiresInSeconds: 600 });
  }
  tokens.operator = await issueToken({ sub: 'olga', roles: ['operator'], secret: jwtSecret, expiresInSeconds: 600 });
  await until(async () => (await get('/health/ready')).json.status === 'ready');
  await until(async () => (JSON.parse((await get('/products')).text) as unknown[]).length === 6);
});

afterAll(async () => {
  await started.close();
  await connection.close();
  await removeTopology(names, [PAY_WITHIN_SECONDS * 1000, 5_000]);
  await schema.drop();
});

/** Waits for what has to come; the test's own time limit ends it. */
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await pause(20);
};

type Call = Omit<RequestInit, 'headers'> & { as?: string; headers?: Record<string, string> };

const call = async (path: string, init: Call = {}, url = started.url): Promise<Answer> => {
  const { as, headers, ...rest } = init;
  const authorization = as === undefined ? undefined : { authorization: `Bearer ${tokens[as] ?? as}` };
  const response = await fetch(url + path, { ...rest, headers: { ...authorization, ...headers } });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const json = isJson ? (JSON.parse(text) as Answer['json']) : {};
  return { status: response.status, headers: response.headers, text, json };
};
const get = (path: string, as?: string) => call(path, as === undefined ? {} : { as });
const post = (body: unknown, { key = randomUUID(), as = 'ann' } = {}) =>
  call('/orders', {
    method: 'POST',
    as,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const penny = { items: [{ productId: 'sticker-penny', quantity: 1 }] };
const newOrder = async (as = 'ann') => String((await post(penny, { as })).json.orderNo);
const cancel = (orderNo: string, as = 'ann') => call(`/orders/${orderNo}/cancel`, { method: 'POST', as });
const pathsOf = ({ json }: Answer) => (json.errors as { path: string }[]).map(({ path }) => path);

describe('POST /orders', () => {
  it('answers 201 with a link that opens this order at the cashier', async () => {
    const answer = await post(penny);
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.json)).toEqual(['orderNo', 'totalFee', 'status', 'expiresAt', 'payUrl']);
    const { orderNo, payUrl, expiresAt, ...rest } = answer.json as Record<string, string>;
    expect(rest).toEqual({ totalFee: 1, status: 'WAIT_PAY' });
    expect(new Date(expiresAt!).toISOString()).toBe(expiresAt);
    const link = new URL(payUrl!);
    expect(link.origin + link.pathname).toBe(`https://pay.example/pay/${orderNo!}`);
    expect(openPayLink(payLinkSecret, link.searchParams.get('t')!, orderNo!, new Date())).toBe('valid');
  });

  it('answers the same bytes to the same key, and 422 to the key with another body', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(penny, { key })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const other = await post({ items: [{ productId: 'sticker-penny', quantity: 2 }] }, { key });
    expect([other.status, other.json.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const otherBuyer = await post(penny, { key, as: 'bob' });
    expect(otherBuyer.status).toBe(201);
    expect(otherBuyer.text).not.toBe(answers[0]!.text);
  });

  it('takes the shop’s price, whatever price comes with the order', async () => {
    const answer = await post({ ...penny, totalFee: 0, items: [{ ...penny.items[0], priceFen: 0 }] });
    expect([answer.status, answer.json.totalFee]).toEqual([201, 1]);
  });

  it.each<[string, unknown, string]>([
    ['no items', { items: [] }, 'items'],
    ['items missing', {}, 'items'],
    ['items of another type', { items: 'tea' }, 'items'],
    ['51 items', { items: Array.from({ length: 51 }, (_, i) => ({ productId: `p${i}`, quantity: 1 })) }, 'items'],
    ['quantity 0', { items: [{ productId: 'tea-puer', quantity: 0 }] }, 'items[0].quantity'],
    ['quantity -1', { items: [{ productId: 'tea-puer', quantity: -1 }] }, 'items[0].quantity'],
    ['quantity 1.5', { items: [{ productId: 'tea-puer', quantity: 1.5 }] }, 'items[0].quantity'],
    ['quantity 1e9', { items: [{ productId: 'tea-puer', quantity: 1e9 }] }, 'items[0].quantity'],
    ['quantity 1000', { items: [{ productId: 'tea-puer', quantity: 1000 }] }, 'items[0].quantity'],
    ['quantity as text', { items: [{ productId: 'tea-puer', quantity: '2' }] }, 'items[0].quantity'],
    ['quantity missing', { items: [...penny.items, { productId: 'tea-puer' }] }, 'items[1].quantity'],
    ['a product twice', { items: [...penny.items, ...penny.items] }, 'items[1].productId'],
    ['a hostile product', { items: [{ productId: "' OR 1=1 --", quantity: 1 }] }, 'items[0].productId'],
    ['an unknown product', { items: [{ productId: 'ghost', quantity: 1 }] }, 'items[0].productId'],
  ])('answers 400 with the path for %s', async (_, body, path) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(pathsOf(answer)).toEqual([path]);
  });

  it.each([['not json'], ['null'], ['[]'], ['{"items":'], ['']])('answers 400 to the body %j', async (body) => {
    expect((await post(body)).status).toBe(400);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['too long', 'k'.repeat(129)],
    ['with a space', 'a b'],
    ['not ASCII', 'schl\u00fcssel'],
  ])('answers 400 to an Idempotency-Key that is %s', async (_, key) => {
    const answer = await call('/orders', {
      method: 'POST',
      as: 'ann',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      body: JSON.stringify(penny),
    });
    expect(answer.status).toBe(400);
    expect(pathsOf(answer)).toEqual(['Idempotency-Key']);
  });

  it('names the product that is short, and writes nothing', async () => {
    const key = randomUUID();
    const fans = { items: [...penny.items, { productId: 'fan-silk', quantity: 6 }] };
    const answer = await post(fans, { key });
    expect([answer.status, answer.json.code, pathsOf(answer)]).toEqual([409, 'OUT_OF_STOCK', ['items[1].quantity']]);
    expect(answer.json.detail).toContain('fan-silk');
    expect((await post(penny, { key })).status).toBe(201);
  });

  it('wants a token, and one whose subject can be stored', async () => {
    expect((await call('/orders', { method: 'POST' })).status).toBe(401);
    expect((await post(penny, { as: 'not.a.token' })).status).toBe(401);
    expect((await post(penny, { as: 'with space' })).json.code).toBe('BUYER_NOT_SUPPORTED');
  });

  it('makes the order pending in Redis', async () => {
    const redis = started.app.get(Redis);
    const orderNo = await newOrder();
    await until(async () => (await redis.zscore(PENDING_DUE, orderNo)) !== null);
    expect(await redis.hgetall(orderKey(orderNo))).toMatchObject({ orderNo, totalFee: '1', status: 'WAIT_PAY' });
  });
});

describe('reading orders', () => {
  it('shows an order to its buyer and to an operator, and to nobody else', async () => {
    const orderNo = await newOrder();
    const own = await get(`/orders/${orderNo}`, 'ann');
    expect(own.json).toMatchObject({
      orderNo,
      status: 'WAIT_PAY',
      totalFee: 1,
      currency: 'CNY',
      items: [{ productId: 'sticker-penny', quantity: 1, priceFen: 1 }],
      paidAt: null,
      log: [{ from: null, to: 'WAIT_PAY', reason: 'placed' }],
      payments: [],
      points: 0,
    });
    expect(own.json.payUrl).toContain(`/pay/${orderNo}?t=`);
    expect(own.json).not.toHaveProperty('buyerId');
    expect((await get(`/orders/${orderNo}`, 'operator')).json).toMatchObject({ orderNo, payUrl: null });
    const foreign = await get(`/orders/${orderNo}`, 'bob');
    const unknown = await get(`/orders/${'0'.repeat(22)}`, 'bob');
    expect([foreign.status, foreign.json.code]).toEqual([404, 'ORDER_NOT_FOUND']);
    expect([unknown.status, unknown.json.code]).toEqual([404, 'ORDER_NOT_FOUND']);
  });

  it.each(['x', '%2e%2e%2f', "'%20OR%201=1", 'A'.repeat(100)])(
    'answers 404 to the order number %s',
    async (orderNo) => {
      expect((await get(`/orders/${orderNo}`, 'ann')).status).toBe(404);
    },
  );

  it('lists own orders newest first, page by page', async () => {
    const token = await issueToken({ sub: `buyer-${randomUUID()}`, secret: jwtSecret, expiresInSeconds: 600 });
    const placed: string[] = [];
    for (let count = 0; count < 51; count += 1) placed.push(await newOrder(token));
    const first = await get('/orders', token);
    const orders = first.json.orders as { orderNo: string }[];
    expect(orders.map(({ orderNo }) => orderNo)).toEqual(placed.slice(1).reverse());
    const second = await get(`/orders?cursor=${String(first.json.next)}`, token);
    expect(second.json).toMatchObject({ orders: [{ orderNo: placed[0] }], next: null });
  });

  it('lists by state for an operator, and refuses a state that does not exist', async () => {
    const orderNo = await newOrder('bob');
    await cancel(orderNo, 'bob');
    const listed = await get('/orders?status=CLOSING', 'operator');
    expect((listed.json.orders as { orderNo: string }[]).map((order) => order.orderNo)).toContain(orderNo);
    expect(pathsOf(await get('/orders?status=NOPE', 'operator'))).toEqual(['status']);
    expect(pathsOf(await get('/orders?cursor=x', 'operator'))).toEqual(['cursor']);
  });
});

describe('payments', () => {
  const publish = (type: 'payment.succeeded' | 'payment.closed', data: Record<string, unknown>) => {
    const message = event(type, `${type}:${randomUUID()}`, data as never);
    const options = { persistent: true, messageId: message.id, type, contentType: 'application/json' };
    channel.publish(names.paymentExchange, type, Buffer.from(JSON.stringify(message)), options);
  };
  const succeeded = (orderNo: string, totalFee = 1) => {
    const transactionId = randomUUID().replaceAll('-', '').slice(0, 28);
    const paidAt = '2026-01-01T08:00:00.000Z';
    publish('payment.succeeded', {
      orderNo,
      outTradeNo: orderNo,
      transactionId,
      totalFee,
      paidAt,
      tradeType: 'NATIVE',
      source: 'notify',
    });
    return transactionId;
  };
  const ends = (orderNo: string, status: string) =>
    until(async () => (await get(`/orders/${orderNo}`, 'operator')).json.status === status);

  it('make an order PAID, tell of it, and leave nothing in Redis', async () => {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, names.orderExchange, 'order.paid');
    const orderNo = await newOrder();
    const transactionId = succeeded(orderNo);
    await ends(orderNo, 'PAID');
    const order = await get(`/orders/${orderNo}`, 'ann');
    expect(order.json).toMatchObject({
      payments: [{ transactionId, role: 'MAIN' }],
      payUrl: null,
      paidAt: '2026-01-01T08:00:00.000Z',
    });
    let told: string[] = [];
    await until(async () => {
      const message = await channel.get(queue, { noAck: true });
      if (message) told = [...told, String(message.properties.messageId)];
      return told.includes(`order.paid:${orderNo}`);
    });
    const redis = started.app.get(Redis);
    await until(async () => (await redis.zscore(PENDING_DUE, orderNo)) === null);
    expect(await redis.exists(orderKey(orderNo))).toBe(0);
    expect((await cancel(orderNo)).json.code).toBe('ORDER_PAID');
  });

  it('of another amount never make an order PAID', async () => {
    const orderNo = await newOrder();
    succeeded(orderNo, 2);
    await ends(orderNo, 'REVIEW');
    expect((await cancel(orderNo)).json.code).toBe('ORDER_IN_REVIEW');
  });

  it('end a cancelled order, whose buyer may ask again and again', async () => {
    const orderNo = await newOrder();
    expect(await cancel(orderNo)).toMatchObject({ status: 202, json: { status: 'CLOSING' } });
    expect((await cancel(orderNo, 'bob')).status).toBe(404);
    publish('payment.closed', { orderNo, closedAttempts: [] });
    await ends(orderNo, 'CANCELLED');
    expect(await cancel(orderNo)).toMatchObject({ status: 202, json: { status: 'CANCELLED' } });
  });

  it('can be prepared by asking for an order', async () => {
    const orderNo = await newOrder();
    const ask = async (data: unknown) => {
      const correlationId = randomUUID();
      const asking = await connection.createChannel();
      const reply = new Promise<unknown>((resolve) => {
        void asking
          .consume('amq.rabbitmq.reply-to', (message) => resolve(JSON.parse(String(message?.content))), { noAck: true })
          .then(() =>
            asking.sendToQueue(orderRequests(names).name, Buffer.from(JSON.stringify(data)), {
              type: ORDER_PAYABLE,
              correlationId,
              replyTo: 'amq.rabbitmq.reply-to',
              contentType: 'application/json',
            }),
          );
      });
      const answer = await reply;
      await asking.close();
      return answer;
    };
    expect(await ask({ orderNo })).toMatchObject({
      response: { found: true, orderNo, totalFee: 1, status: 'WAIT_PAY' },
    });
    expect(await ask({ orderNo: '0'.repeat(22) })).toEqual({ response: { found: false } });
  });
});

describe('the demo', () => {
  it('makes a visitor a buyer by a cookie that scripts cannot read', async () => {
    const session = await call('/demo/session', { method: 'POST' });
    expect(session.status).toBe(204);
    const cookie = session.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^paypair_demo=.*HttpOnly.*SameSite=Lax/);
    const own = { cookie: cookie.split(';')[0]! };
    expect((await call('/orders', { headers: own })).json).toEqual({ orders: [], next: null });
    const again = await call('/demo/session', { method: 'POST', headers: own });
    expect([again.status, again.headers.get('set-cookie')]).toEqual([204, null]);
  });

  it('shows the storefront', async () => {
    const page = await get('/');
    expect(page.headers.get('set-cookie')).toMatch(/^paypair_demo=.*HttpOnly/);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('does not exist outside of demo mode', async () => {
    const plain = await start({ DEMO: '0' });
    try {
      expect((await call('/', {}, plain.url)).status).toBe(404);
      expect((await call('/demo/session', { method: 'POST' }, plain.url)).status).toBe(404);
    } finally {
      await plain.close();
    }
  });
});

describe('without Redis and RabbitMQ', () => {
  it('places orders all the same, and keeps what it has to tell', async () => {
    const alone = await start({ REDIS_URL: 'redis://127.0.0.1:1/0', ORDER_AMQP_URL: 'amqp://127.0.0.1:1' });
    try {
      const ready = () => call('/health/ready', {}, alone.url);
      await until(async () => (await ready()).status === 200);
      expect((await ready()).json).toMatchObject({ status: 'degraded', checks: { redis: 'down', rabbitmq: 'down' } });
      const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
      const init = { method: 'POST', as: 'ann', headers, body: JSON.stringify(penny) };
      const answer = await call('/orders', init, alone.url);
      expect(answer.status).toBe(201);
      // The other process takes the event over as soon as this one gives it up, and the broker gets it.
      const waiting = 'SELECT 1 FROM outbox WHERE message_id = ?';
      const id = `order.placed:${String(answer.json.orderNo)}`;
      await until(async () => (await started.app.get(DataSource).query<unknown[]>(waiting, [id])).length === 0);
    } finally {
      await alone.close();
    }
  });
});

describe('time to pay', () => {
  it('ends by the time-out message alone, and the close is commanded', async () => {
    const hasty = await start({ ORDER_PAY_WITHIN_SECONDS: '5' });
    for (const { app } of [started, hasty]) {
      const schedules = app.get(SchedulerRegistry);
      for (const name of schedules.getIntervals()) schedules.deleteInterval(name);
    }
    try {
      const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
      await until(async () => (await call('/health/ready', {}, hasty.url)).json.status === 'ready');
      const init = { method: 'POST', as: 'ann', headers, body: JSON.stringify(penny) };
      const { orderNo } = (await call('/orders', init, hasty.url)).json as { orderNo: string };
      await until(async () => (await get(`/orders/${orderNo}`, 'ann')).json.status === 'CLOSING');
      expect((await get(`/orders/${orderNo}`, 'ann')).json.log).toMatchObject([
        { to: 'WAIT_PAY' },
        { from: 'WAIT_PAY', to: 'CLOSING', reason: 'time is up' },
      ]);
      await until(async () => {
        const rows = await started.app.get(DataSource).query<unknown[]>('SELECT 1 FROM outbox');
        return rows.length === 0;
      });
    } finally {
      await hasty.close();
    }
  });
});
