import type { Inbox } from '#contract';
import type { ConsumeMessage } from 'amqplib';
import { createHash } from 'node:crypto';
import { MAX_BODY_BYTES, type OutgoingMessage } from './publisher.ts';

/** Headers of ours on a message that was put aside. Counts are believed only within their bounds. */
export const ATTEMPT_HEADER = 'x-paypair-attempt';
export const REASON_HEADER = 'x-paypair-reason';
export const QUEUE_HEADER = 'x-paypair-queue';
export const LENGTH_HEADER = 'x-paypair-length';

const MAX_CARRIED_HEADERS = 20;
const MAX_HEADER_LENGTH = 255;
const MAX_REASON_LENGTH = 255;

/** How often the message went through the retry queues; a header that is no such count is read as never. */
export const attemptOf = (message: ConsumeMessage, inbox: Inbox): number => {
  const attempt: unknown = headersOf(message)[ATTEMPT_HEADER];
  const valid = typeof attempt === 'number' && Number.isInteger(attempt) && attempt >= 0;
  return valid ? Math.min(attempt, inbox.retries.length) : 0;
};

/** What a forwarded message goes by: as its body says when that was readable, else as its properties say. */
export interface Identity {
  messageId: string;
  type: string;
}

/** The message on its way to the next retry queue, or nothing when it has been through all of them. */
export const toRetry = (
  message: ConsumeMessage,
  inbox: Inbox,
  reason: string,
  identity: Identity,
): OutgoingMessage | undefined => {
  const attempt = attemptOf(message, inbox);
  const queue = inbox.retries[attempt];
  if (!queue) return undefined;
  return forward(message, queue.name, identity, { [ATTEMPT_HEADER]: attempt + 1, [REASON_HEADER]: cut(reason) });
};

/** The message on its way to the parked queue. Of a body over 64 KiB the beginning is kept, and its length. */
export const toParked = (message: ConsumeMessage, inbox: Inbox, reason: string, identity: Identity): OutgoingMessage =>
  forward(message, inbox.parked.name, identity, {
    [ATTEMPT_HEADER]: attemptOf(message, inbox),
    [REASON_HEADER]: cut(reason),
    [QUEUE_HEADER]: inbox.queue.name,
    ...(message.content.length > MAX_BODY_BYTES && { [LENGTH_HEADER]: message.content.length }),
  });

/**
 * The id a message goes by: its `messageId` when that is printable ASCII of at most 128 characters, otherwise one made
 * from its bytes, so that the same foreign message is always the same one.
 */
export const idOf = (message: Pick<ConsumeMessage, 'content' | 'properties'>): string => {
  const id: unknown = message.properties.messageId;
  if (typeof id === 'string' && /^[\x20-\x7e]{1,128}$/.test(id)) return id;
  return `sha256:${createHash('sha256').update(message.content).digest('hex')}`;
};

/** The `type` property when it is usable, else the routing key, else nothing. */
export const typeOf = (message: Pick<ConsumeMessage, 'properties' | 'fields'>): string => {
  const type: unknown = message.properties.type;
  const text = typeof type === 'string' && type !== '' ? type : message.fields.routingKey;
  return /^[\x20-\x7e]*$/.test(text) ? text.slice(0, 64) : '';
};

export const headersOf = (message: Pick<ConsumeMessage, 'properties'>): Record<string, unknown> => {
  const headers: unknown = message.properties.headers;
  return typeof headers === 'object' && headers !== null ? (headers as Record<string, unknown>) : {};
};

const forward = (
  message: ConsumeMessage,
  queue: string,
  identity: Identity,
  headers: Record<string, string | number>,
): OutgoingMessage => ({
  exchange: '',
  routingKey: queue,
  ...identity,
  body: message.content.subarray(0, MAX_BODY_BYTES),
  headers: { ...carried(message), ...headers },
  mandatory: true,
});

/** Plain, short headers only: what a stranger puts there must not grow with every hop or break our channel. */
const carried = (message: ConsumeMessage): Record<string, string | number> => {
  const entries = Object.entries(headersOf(message)).filter(
    (entry): entry is [string, string | number] =>
      /^[\x21-\x7e]{1,128}$/.test(entry[0]) &&
      ((typeof entry[1] === 'string' && entry[1].length <= MAX_HEADER_LENGTH) ||
        (typeof entry[1] === 'number' && Number.isSafeInteger(entry[1]))),
  );
  return Object.fromEntries(entries.slice(0, MAX_CARRIED_HEADERS));
};

const cut = (reason: string): string => reason.slice(0, MAX_REASON_LENGTH);
