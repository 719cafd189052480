import {
  type Inbox,
  orderInbox,
  orderRequests,
  payInbox,
  type QueueSpec,
  timeoutDelay,
  timeoutInbox,
  type TopologyNames,
} from '#contract';
import type { Channel } from 'amqplib';
import { errorText } from './errors.ts';

export type AppName = 'pay' | 'order';

/** What one app declares on every new channel. Declaring is idempotent; neither app has to be up first. */
export interface Topology {
  names: TopologyNames;
  /** What this app reads, with everything behind it. */
  inbox: Inbox;
  /** What the other app reads: declared here too, so that the first message has somewhere to go. */
  outbound: Inbox;
  /** Further queues this app reads or writes. */
  queues: readonly QueueSpec[];
}

/**
 * The topology of an app. `timeoutDelayMs` (order only) adds the fixed-delay queue with exactly that delay.
 */
export const topologyOf = (app: AppName, names: TopologyNames, timeoutDelayMs?: number): Topology =>
  app === 'order'
    ? {
        names,
        inbox: orderInbox(names),
        outbound: payInbox(names),
        queues: [
          timeoutInbox(names),
          ...(timeoutDelayMs === undefined ? [] : [timeoutDelay(names, timeoutDelayMs)]),
          orderRequests(names),
        ],
      }
    : { names, inbox: payInbox(names), outbound: orderInbox(names), queues: [orderRequests(names)] };

/**
 * Declares everything, targets before what dead-letters into them.
 * @throws Error naming the queue when it exists with other arguments (406) or may not be declared (403)
 */
export const declareTopology = async (channel: Channel, topology: Topology): Promise<void> => {
  const { names, inbox, outbound, queues } = topology;
  await channel.assertExchange(names.paymentExchange, 'topic', { durable: true });
  await channel.assertExchange(names.orderExchange, 'topic', { durable: true });
  await declareQueue(channel, inbox.parked);
  await declareBound(channel, inbox);
  for (const queue of inbox.retries) await declareQueue(channel, queue);
  await declareQueue(channel, outbound.parked);
  await declareBound(channel, outbound);
  for (const queue of queues) await declareQueue(channel, queue);
};

/** Declares one durable queue. */
export const declareQueue = async (channel: Channel, queue: QueueSpec): Promise<void> => {
  try {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
  } catch (error) {
    throw new Error(`queue "${queue.name}" cannot be declared: ${explain(error)}`, { cause: error });
  }
};

const declareBound = async (channel: Channel, inbox: Inbox): Promise<void> => {
  await declareQueue(channel, inbox.queue);
  for (const key of inbox.keys) await channel.bindQueue(inbox.queue.name, inbox.exchange, key);
};

const explain = (error: unknown): string => {
  const text = errorText(error, 400);
  const differs = typeof error === 'object' && error !== null && 'code' in error && error.code === 406;
  return differs
    ? `${text}. It exists with other arguments: let it drain and delete it, or choose another name in the settings`
    : text;
};
