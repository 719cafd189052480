import { describe, expect, it } from '@jest/globals';
import { defaultNames, orderInbox } from '#contract';
import type { ConsumeMessage } from 'amqplib';
import { attemptOf, idOf, toParked, toRetry } from './forwarding.ts';

const inbox = orderInbox(defaultNames);
const identity = { messageId: 'a:1', type: 'payment.closed' };
const message = (headers: Record<string, unknown>, content = Buffer.from('{}'), messageId?: unknown) =>
  ({
    content,
    fields: { routingKey: 'payment.closed' },
    properties: { headers, messageId },
  }) as unknown as ConsumeMessage;

describe('putting a message aside', () => {
  it('goes through the retry queues in order, then nowhere', () => {
    const queues = [0, 1, 2, 3, 4].map(
      (attempt) => toRetry(message({ 'x-paypair-attempt': attempt }), inbox, 'why', identity)?.routingKey,
    );
    expect(queues).toEqual([...inbox.retries.map(({ name }) => name), undefined]);
    expect(toRetry(message({}), inbox, 'why', identity)).toMatchObject({
      ...identity,
      exchange: '',
      mandatory: true,
      headers: { 'x-paypair-attempt': 1, 'x-paypair-reason': 'why' },
    });
  });

  it.each([['1'], [-1], [1.5], [NaN], [null], [{}]])('believes no attempt count like %p', (attempt) => {
    expect(attemptOf(message({ 'x-paypair-attempt': attempt }), inbox)).toBe(0);
  });

  it('bounds a count that is too large', () => {
    expect(attemptOf(message({ 'x-paypair-attempt': 1_000 }), inbox)).toBe(4);
  });

  it('keeps plain headers and leaves what could harm', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`h${i}`, i]));
    const { headers } = toParked(message(many), inbox, 'why', identity);
    expect(Object.keys(headers ?? {}).length).toBeLessThanOrEqual(23);
    const hostile = { long: 'x'.repeat(256), nested: { a: 1 }, ['k'.repeat(129)]: 1, ü: 1, traceparent: '00-1' };
    expect(toParked(message(hostile), inbox, 'why', identity).headers).toEqual({
      traceparent: '00-1',
      'x-paypair-attempt': 0,
      'x-paypair-reason': 'why',
      'x-paypair-queue': 'order.payments',
    });
  });

  it('keeps the beginning of a body that is too large, and its length', () => {
    const parked = toParked(message({}, Buffer.alloc(100_000)), inbox, 'why', identity);
    expect((parked.body as Buffer).length).toBe(65_536);
    expect(parked.headers).toMatchObject({ 'x-paypair-length': 100_000 });
  });

  it('gives a message without a usable id always the same one', () => {
    expect(idOf(message({}, Buffer.from('x'), 'a:1'))).toBe('a:1');
    const made = idOf(message({}, Buffer.from('x'), 'ä'.repeat(200)));
    expect(made).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(idOf(message({}, Buffer.from('x')))).toBe(made);
  });
});
