import { describe, expect, it } from '@jest/globals';
import { readEvent } from './read-event.ts';

const good = {
  id: 'payment.closed:1',
  type: 'payment.closed',
  version: 1,
  time: '2026-11-21T10:00:00+08:00',
  data: { orderNo: '20261121000000000001', closedAttempts: [] },
};
const read = (body: unknown, properties: object = {}) =>
  readEvent({
    content: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    properties: properties as Parameters<typeof readEvent>[0]['properties'],
  });
const reasonOf = (body: unknown, properties?: object) => {
  const reading = read(body, properties);
  return reading.kind === 'event' ? 'accepted' : `${reading.kind}: ${reading.reason}`;
};

describe('reading a message', () => {
  it('gives the event', () => {
    expect(read(good, { messageId: good.id, type: good.type })).toEqual({ kind: 'event', event: good });
  });

  it('drops members it does not know', () => {
    expect(read({ ...good, data: { ...good.data, later: 1 }, extra: true })).toEqual({ kind: 'event', event: good });
  });

  it.each([
    ['nothing', '', 'body is not JSON'],
    ['no JSON', '{', 'body is not JSON'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'body is not UTF-8'],
    ['too much', Buffer.alloc(64 * 1024 + 1), 'body of 65537 bytes'],
    ['an array', '[]', 'envelope: body: '],
    ['a version that is no number', { ...good, version: '1' }, 'envelope: version: '],
    ['a time without zone', { ...good, time: '2026-11-21T10:00:00' }, 'envelope: time: '],
    ['an id that could not be sent on', { ...good, id: 'ä' }, 'id is not printable ASCII'],
    ['an unknown type', { ...good, type: 'toString' }, 'unknown type toString'],
    ['wrong data', { ...good, data: { ...good.data, orderNo: 1 } }, 'data of payment.closed: orderNo: '],
    ['poisoned keys', '{"__proto__":{"id":"x"}}', 'envelope: id: '],
  ])('parks %s', (_, body, reason) => {
    expect(reasonOf(body)).toMatch(`park: ${reason}`);
  });

  it('parks a message whose properties say something else than its body', () => {
    expect(reasonOf(good, { messageId: 'payment.closed:2' })).toMatch('park: messageId differs');
    expect(reasonOf(good, { type: 'payment.failed' })).toMatch('park: type differs');
  });

  it('waits for a version it does not know yet, also when the data has changed', () => {
    expect(reasonOf({ ...good, version: 2, data: {} })).toBe('retry: version 2 is newer than 1');
  });

  it('names no value of the message in its reason', () => {
    expect(reasonOf({ ...good, data: { orderNo: 'SECRET', closedAttempts: [] } })).not.toMatch('SECRET');
  });
});
