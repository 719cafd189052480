import { describe, expect, it } from '@jest/globals';
import { eventClass, eventData, eventTypes } from './events.ts';
import { defaultNames, exchangeOf, orderInbox, payInbox } from './topology.ts';

describe('what somebody must receive', () => {
  const required = eventTypes.filter((type) => eventClass[type] === 'required');

  it.each(required)('%s has an inbox at the exchange it is published to', (type) => {
    const inboxes = [orderInbox(defaultNames), payInbox(defaultNames)].filter(({ keys }) => keys.includes(type));
    expect(inboxes.map(({ exchange }) => exchange)).toEqual([exchangeOf(type, defaultNames)]);
  });
});

describe('refund.repaid', () => {
  const schema = eventData['refund.repaid'];
  const facts = { orderNo: 'TEST0000000000000000AA', transactionId: '4200001', outRefundNo: 'R1', amountFen: 60 };

  it('is told by order to pay', () => {
    expect(exchangeOf('refund.repaid', defaultNames)).toBe(defaultNames.orderExchange);
    expect(payInbox(defaultNames).keys).toContain('refund.repaid');
  });

  it('names the refund and its money, and lets newer senders say more', () => {
    expect(schema.parse({ ...facts, how: 'cash' })).toEqual(facts);
  });

  it.each([
    ['orderNo', 'short'],
    ['transactionId', ''],
    ['outRefundNo', 'R 1'],
    ['amountFen', 0],
    ['amountFen', 0.5],
  ])('is none with %s %j', (member, value) => {
    const { error } = schema.safeParse({ ...facts, [member]: value });
    expect(error?.issues.map(({ path }) => path)).toEqual([[member]]);
  });
});
