/**
 * Exchanges, queues and bindings. Both sides declare what they send to and what they read from, so neither has to be
 * up first. A queue's arguments never change under its name (RabbitMQ closes the channel with 406 if they do), so they
 * stand here, once.
 *
 * All queues that carry money are quorum queues, and what is dead-lettered between them is moved at least once.
 */
import type { EventType } from './events.ts';

/** The four names a deployment may choose. */
export interface TopologyNames {
  paymentExchange: string;
  orderExchange: string;
  /** Queue of `order`: everything `pay` tells it. */
  orderQueue: string;
  /** Queue of `pay`: everything `order` tells it. */
  payQueue: string;
}

export const defaultNames: TopologyNames = {
  paymentExchange: 'payment',
  orderExchange: 'order',
  orderQueue: 'order.payments',
  payQueue: 'pay.orders',
};

/** A durable queue with the arguments it is declared with. */
export interface QueueSpec {
  name: string;
  arguments: Record<string, string | number>;
}

/** What one app reads from the other: a queue bound to the other's exchange, with retry queues and a parked queue. */
export interface Inbox {
  queue: QueueSpec;
  exchange: string;
  keys: readonly EventType[];
  /** In order of use; after the last one a message is parked. */
  retries: readonly (QueueSpec & { delayMs: number })[];
  parked: QueueSpec;
}

/** Delays of the retry queues behind an inbox. */
export const RETRY_DELAYS_MS = [5_000, 30_000, 120_000, 600_000] as const;

const fromPay: readonly EventType[] = [
  'payment.succeeded',
  'payment.failed',
  'payment.mismatched',
  'payment.closed',
  'refund.succeeded',
  'refund.failed',
  'refund.abnormal',
];
/** What instances of `pay` tell one another; no inbox takes it. */
const amongPay: readonly EventType[] = ['payment.switched'];
const fromOrder: readonly EventType[] = [
  'order.placed',
  'payment.close.requested',
  'refund.requested',
  'refund.repaid',
  'order.paid',
  'order.cancelled',
  'order.failed',
];

const quorum = { 'x-queue-type': 'quorum' } as const;

const deadLetteringTo = (queue: string) =>
  ({
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  }) as const;

const inbox = (name: string, exchange: string, keys: readonly EventType[]): Inbox => {
  const parked = `${name}.parked`;
  return {
    queue: { name, arguments: { ...quorum, ...deadLetteringTo(parked), 'x-delivery-limit': 50 } },
    exchange,
    keys,
    retries: RETRY_DELAYS_MS.map((delayMs) => ({
      name: `${name}.retry.${delayMs}`,
      arguments: { ...quorum, ...deadLetteringTo(name), 'x-message-ttl': delayMs },
      delayMs,
    })),
    parked: { name: parked, arguments: { ...quorum } },
  };
};

/** What `order` reads: every result of a payment. */
export const orderInbox = (names: TopologyNames): Inbox => inbox(names.orderQueue, names.paymentExchange, fromPay);

/** What `pay` reads: orders placed, commands, and how orders ended. */
export const payInbox = (names: TopologyNames): Inbox => inbox(names.payQueue, names.orderExchange, fromOrder);

/** The exchange an event is published to: each app has its own, and its account may write to no other. */
export const exchangeOf = (type: EventType, names: TopologyNames): string =>
  [...fromPay, ...amongPay].includes(type) ? names.paymentExchange : names.orderExchange;

/** `order` answers requests of `pay` here; a request older than its caller's deadline is dropped. */
export const orderRequests = (names: TopologyNames): QueueSpec => ({
  name: `${names.orderQueue}.requests`,
  arguments: { 'x-queue-type': 'classic', 'x-message-ttl': 2_000 },
});

/** Where time-outs arrive when their delay is over. */
export const timeoutInbox = (names: TopologyNames): QueueSpec => ({
  name: `${names.orderQueue}.timeouts`,
  arguments: { ...quorum },
});

/**
 * The fixed-delay queue of unpaid orders. Its name holds its delay, because the delay is an argument of the queue
 * (messages expire at the head only, so delays are never mixed in one queue): after a change of the setting a new
 * queue is declared and the old one drains into the same target.
 */
export const timeoutDelay = (names: TopologyNames, delayMs: number): QueueSpec => ({
  name: `${names.orderQueue}.timeout.${delayMs}`,
  arguments: { ...quorum, ...deadLetteringTo(timeoutInbox(names).name), 'x-message-ttl': delayMs },
});

/** `type` of a time-out message; its body is `{"orderNo": "…"}`. A hint: MySQL decides whether time is up. */
export const TIMEOUT_TYPE = 'order.timeout';
