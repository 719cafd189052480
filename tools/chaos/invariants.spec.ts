import { describe, expect, it } from '@jest/globals';
import type { Evidence } from './evidence.ts';
import { check, CHECKED } from './invariants.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
const ORDER = '2026112112000000000001';
const TRANSACTION = '4200000000000000000000000001';

/** One order that was paid, told by a notification. */
const sound = (): Evidence => ({
  orders: [{ orderNo: ORDER, status: 'PAID', totalFee: 6_800 }],
  log: [
    { orderNo: ORDER, from: null, to: 'WAIT_PAY', reason: 'placed', at: at(1) },
    { orderNo: ORDER, from: 'WAIT_PAY', to: 'PAID', reason: 'paid (notify)', at: at(3) },
  ],
  payments: [
    {
      transactionId: TRANSACTION,
      orderNo: ORDER,
      outTradeNo: ORDER,
      role: 'MAIN',
      totalFee: 6_800,
      source: 'notify',
      bookedAt: at(3),
    },
  ],
  reservations: [{ orderNo: ORDER, productId: 'tea', quantity: 1, state: 'SOLD' }],
  points: [{ orderNo: ORDER, reason: 'PAID', points: 68 }],
  stockBefore: [{ productId: 'tea', stock: 10 }],
  stock: [{ productId: 'tea', stock: 9 }],
  attempts: [
    {
      orderNo: ORDER,
      outTradeNo: ORDER,
      state: 'SUCCESS',
      transactionId: TRANSACTION,
      totalFee: 6_800,
      settleSource: 'notify',
    },
  ],
  payables: [{ orderNo: ORDER, state: 'DONE', orderStatus: 'PAID' }],
  notices: [{ kind: 'paid', outTradeNo: ORDER, transactionId: TRANSACTION, outcome: 'settled' }],
  anomaliesOfOrder: [],
  anomaliesOfPay: [],
  outbox: [],
  parked: [],
  ledger: [
    { seq: 1, at: at(1).toISOString(), kind: 'ordered', outTradeNo: ORDER, totalFee: 6_800 },
    {
      seq: 2,
      at: at(2).toISOString(),
      kind: 'captured',
      outTradeNo: ORDER,
      transactionId: TRANSACTION,
      totalFee: 6_800,
    },
    {
      seq: 3,
      at: at(3).toISOString(),
      kind: 'notified',
      outTradeNo: ORDER,
      transactionId: TRANSACTION,
      accepted: true,
    },
  ],
  queues: [{ name: 'order.payments', messages: 0 }],
  overdue: [],
  calls: [{ buyer: 0, app: 'pay-1', what: 'code', at: at(1).getTime(), ms: 40, status: 200 }],
  keys: [],
  surprises: [],
  silences: [],
  crashes: [],
  notReady: undefined,
  restless: [],
  leaks: [],
  copies: new Map(),
  mostCopies: 3,
});

const found = (change: (evidence: Evidence) => void): string[] => {
  const evidence = sound();
  change(evidence);
  return [...new Set(check(evidence).map(({ invariant }) => invariant))].sort();
};

describe('the checker', () => {
  it('finds nothing in books that are sound', () => {
    expect(check(sound())).toEqual([]);
  });

  const wrongs: [string, string, (evidence: Evidence) => void][] = [
    ['I1', 'money nobody has heard of', (e) => (e.payments = [])],
    ['I2', 'an order that became PAID twice', (e) => e.log.push({ ...e.log[1]! })],
    ['I3', 'stock that did not come back', (e) => (e.stock[0]!.stock = 8)],
    ['I3', 'a reservation that was left behind', (e) => (e.reservations[0]!.state = 'RESERVED')],
    ['I4', 'points given twice', (e) => e.points.push({ ...e.points[0]! })],
    ['I5', 'a sum that is off by one fen', (e) => (e.payments[0]!.totalFee = 6_801)],
    ['I6', 'a SUCCESS that nobody wrote down', (e) => (e.notices = [])],
    ['I7', 'a PAID order without a payment', (e) => (e.payments[0]!.role = 'DOUBLE')],
    ['I8', 'an order that left its end', (e) => (e.orders[0]!.status = 'CLOSING')],
    ['I10', 'an order that waits for ever', (e) => (e.orders[0]!.status = 'WAIT_PAY')],
    ['I10', 'a message in a queue', (e) => (e.queues[0]!.messages = 1)],
    ['I10', 'a queue that is gone', (e) => (e.queues[0]!.messages = undefined)],
    ['I10', 'a message sent again and again', (e) => (e.copies = new Map([['payment.succeeded:1', 4]]))],
    [
      'I11',
      'the same key answered differently',
      (e) => e.keys.push({ orderNo: ORDER, buyer: 0, what: 'same-body', asPromised: false, seen: 'another' }),
    ],
    ['I12', 'an end that was not heard', (e) => (e.payables[0]!.orderStatus = 'WAIT_PAY')],
    ['I13', 'a secret in a log', (e) => e.leaks.push('pay-1.log: WECHAT_API_KEY')],
    ['I14', 'a process that died', (e) => e.crashes.push('pay-1 has ended by itself (1)')],
    ['I15', 'an answer that took too long', (e) => (e.calls[0]!.ms = 16_500)],
  ];

  it.each(wrongs)('%s: %s', (invariant, _what, change) => {
    expect(found(change)).toContain(invariant);
  });

  it('knows a case for every promise it names', () => {
    expect([...new Set(wrongs.map(([invariant]) => invariant))].sort()).toEqual([...CHECKED].sort());
  });

  it('forgives slowness of a process that was stopped', () => {
    expect(
      found((e) => {
        e.calls[0]!.ms = 16_500;
        e.silences.push({ app: 'pay-1', from: at(2).getTime(), to: at(3).getTime() });
      }),
    ).toEqual([]);
  });

  it('takes surplus money for explained when it is booked and open, and not when it was there before the end', () => {
    const late = (capturedAt: number) =>
      found((e) => {
        e.orders[0]!.status = 'CANCELLED';
        e.log[1] = { orderNo: ORDER, from: 'WAIT_PAY', to: 'CLOSING', reason: 'cancelled by buyer', at: at(2) };
        e.log.push({ orderNo: ORDER, from: 'CLOSING', to: 'CANCELLED', reason: 'closed after buyer', at: at(3) });
        Object.assign(e.payments[0]!, { role: 'LATE', bookedAt: at(9) });
        e.reservations[0]!.state = 'RETURNED';
        e.stock[0]!.stock = 10;
        e.points = [];
        e.payables[0]!.orderStatus = 'CANCELLED';
        e.ledger[1]!.at = at(capturedAt).toISOString();
        e.anomaliesOfOrder.push({
          kind: 'LATE',
          orderNo: ORDER,
          outTradeNo: null,
          transactionId: TRANSACTION,
          state: 'OPEN',
        });
      });
    expect(late(8)).toEqual([]);
    expect(late(2)).toEqual(['I8']);
  });
});
