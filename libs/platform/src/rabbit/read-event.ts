import { envelope, EVENT_VERSION, type Event, eventData, type EventType, eventTypes } from '#contract';
import type { ConsumeMessage } from 'amqplib';
import type { z } from 'zod';
import { MAX_BODY_BYTES } from './publisher.ts';

/** What the consumer makes of one message before any handler sees it. */
export type Reading =
  | { kind: 'event'; event: Event }
  | { kind: 'park'; reason: string }
  | { kind: 'retry'; reason: string; id: string; type: EventType };

const utf8 = new TextDecoder('utf-8', { fatal: true });
const isEventType = (type: string): type is EventType => (eventTypes as readonly string[]).includes(type);
const refused = (reason: string): Reading => ({ kind: 'park', reason });

/**
 * Reads a message as strictly as if a stranger had sent it: at most 64 KiB, UTF-8, one JSON object, envelope, known
 * type, schema of its data; its `messageId` and `type`, when set, must be those of the body. What does not fit is
 * parked: it will not fit later either. A newer version is worth waiting for: this consumer may be updated meanwhile.
 */
export const readEvent = (message: Pick<ConsumeMessage, 'content' | 'properties'>): Reading => {
  const json = readJson(message.content);
  if ('reason' in json) return refused(json.reason);
  const parsed = envelope.safeParse(json.value);
  if (!parsed.success) return refused(`envelope: ${firstIssue(parsed.error)}`);
  const { id, type, version, time, data } = parsed.data;
  if (!/^[\x21-\x7e]+$/.test(id)) return refused('id is not printable ASCII');
  const { messageId, type: typeProperty } = message.properties as { messageId?: unknown; type?: unknown };
  if (messageId !== undefined && messageId !== id) return refused('messageId differs from the id in the body');
  if (typeProperty !== undefined && typeProperty !== type) return refused('type differs from the type in the body');
  if (!isEventType(type)) return refused(`unknown type ${type}`);
  if (version > EVENT_VERSION) {
    return { kind: 'retry', id, type, reason: `version ${version} is newer than ${EVENT_VERSION}` };
  }
  const checked = eventData[type].safeParse(data);
  if (!checked.success) return refused(`data of ${type}: ${firstIssue(checked.error)}`);
  return { kind: 'event', event: { id, type, version, time, data: checked.data } };
};

/** Bytes → JSON value, with the limits above. */
export const readJson = (content: Buffer): { value: unknown } | { reason: string } => {
  if (content.length > MAX_BODY_BYTES) return { reason: `body of ${content.length} bytes` };
  let text: string;
  try {
    text = utf8.decode(content);
  } catch {
    return { reason: 'body is not UTF-8' };
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { reason: 'body is not JSON' };
  }
};

/** Where and what, without the value: bodies hold what has no place in logs. */
const firstIssue = (error: z.ZodError): string => {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'does not fit its schema';
};
