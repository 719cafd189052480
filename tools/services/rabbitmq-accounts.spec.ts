import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { permissionsOf, rabbitDefinitions } from './rabbitmq-accounts.ts';
import { defaultNames } from '#contract';

const secrets = {
  mysqlRootPassword: 'a',
  payMysqlPassword: 'b',
  orderMysqlPassword: 'c',
  redisPassword: 'd',
  amqpAdminPassword: 'e',
  payAmqpPassword: 'pay-password',
  orderAmqpPassword: 'order-password',
};

describe('rights at the broker', () => {
  const may = (app: 'pay' | 'order', right: 'configure' | 'write' | 'read', thing: string) =>
    new RegExp(permissionsOf(app, defaultNames)[right]).test(thing);

  it.each([
    ['pay', 'payment', true],
    ['pay', 'order', false],
    ['order', 'order', true],
    ['order', 'payment', false],
  ] as const)('%s may write to exchange "%s": %s', (app, exchange, allowed) => {
    expect(may(app, 'write', exchange)).toBe(allowed);
  });

  it.each(['pay', 'order'] as const)('%s may declare what both sides declare, and use the default exchange', (app) => {
    const things = [
      'payment',
      'order',
      'order.payments',
      'order.payments.retry.5000',
      'pay.orders',
      'pay.orders.parked',
    ];
    for (const thing of things) expect(may(app, 'configure', thing)).toBe(true);
    expect(may(app, 'write', 'amq.default')).toBe(true);
  });

  it.each(['pay', 'order'] as const)('%s may declare nothing else', (app) => {
    for (const thing of ['payments', 'xorder.payments', 'order_payments', 'other', 'amq.topic']) {
      expect(may(app, 'configure', thing)).toBe(false);
    }
  });

  it('takes chosen names literally', () => {
    const { write } = permissionsOf('pay', { ...defaultNames, paymentExchange: 'shop.payment' });
    expect(new RegExp(write).test('shop.payment')).toBe(true);
    expect(new RegExp(write).test('shopXpayment')).toBe(false);
  });
});

describe('the definitions file', () => {
  it('holds salted hashes in the form RabbitMQ checks, and no password', () => {
    const definitions = rabbitDefinitions(secrets, defaultNames);
    const text = JSON.stringify(definitions);
    expect(text).not.toContain('pay-password');
    const { users } = definitions as { users: { name: string; password_hash: string }[] };
    const stored = Buffer.from(users.find(({ name }) => name === 'pay')!.password_hash, 'base64');
    const digest = createHash('sha256').update(stored.subarray(0, 4)).update('pay-password').digest();
    expect(stored.subarray(4).equals(digest)).toBe(true);
  });
});
