import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../evidence.ts';
import { accepted, at, foundIn, late, ORDER, refunded, sound } from './evidence.testing.ts';
import { check, CHECKED } from './index.ts';

const found = (change: (evidence: Evidence) => void): string[] => foundIn(sound, change);

const strayRefund = {
  ...{ seq: 4, at: at(4).toISOString(), kind: 'refunded' },
  ...{ outTradeNo: ORDER, outRefundNo: 'R9', refundFee: 1 },
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
    ['I9', 'a refund nobody asked for', (e) => e.ledger.push(strayRefund)],
    ['I10', 'an order that waits for ever', (e) => (e.orders[0]!.status = 'WAIT_PAY')],
    ['I10', 'a message in a queue', (e) => (e.queues[0]!.messages = 1)],
    ['I10', 'a queue that is gone', (e) => (e.queues[0]!.messages = undefined)],
    ['I10', 'a message sent again and again', (e) => (e.copies = new Map([['payment.succeeded:1', 4]]))],
    ['I10', 'a message handed out without end', (e) => (e.deliveries = new Map([['poison:1', 6]]))],
    [
      'I10',
      'the same work done by two at once',
      (e) => e.wechatCalls.push({ endpoint: 'refund', number: 'R1', count: 2, mostAtOnce: 2 }),
    ],
    ['I10', 'a process that grew', (e) => e.memory.push({ process: 'pay-1', before: 100, after: 131 })],
    [
      'I11',
      'the same key answered differently',
      (e) => e.keys.push({ orderNo: ORDER, buyer: 0, what: 'same-body', asPromised: false, seen: 'another' }),
    ],
    ['I12', 'an end that was not heard', (e) => (e.payables[0]!.orderStatus = 'WAIT_PAY')],
    ['I13', 'a secret in a log', (e) => e.leaks.push('pay-1.log: WECHAT_API_KEY')],
    ['I14', 'a process that died', (e) => e.crashes.push('pay-1 has ended by itself (1)')],
    ['I15', 'an answer that took too long', (e) => (e.calls[0]!.ms = 16_500)],
    ['I15', 'a reply to WeChat that took too long', (e) => (e.ledger[2]!.tookMs = 5_000)],
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
        e.silences.push({ app: 'pay-1', killed: false, from: at(2).getTime(), to: at(3).getTime() });
      }),
    ).toEqual([]);
  });

  it('takes money of a closed code for late, wherever the end of the order stands', () => {
    expect(foundIn(late, () => undefined)).toEqual([]);
  });

  it('takes money for late only when its own code was closed before', () => {
    expect(foundIn(late, (e) => (e.ledger[1]!.seq = 9))).toEqual(['I8']);
    expect(foundIn(late, (e) => e.ledger.splice(1, 1))).toEqual(['I8']);
  });

  it('takes surplus for explained when it is back, or open for somebody to decide', () => {
    const open = (e: Evidence) => {
      e.payments[0]!.refundedFen = 0;
      e.ledger.splice(4);
      e.refundRequests[0]!.state = e.refunds[0]!.state = 'REFUSED';
      e.anomaliesOfOrder[0]!.state = 'OPEN';
    };
    expect(foundIn(late, open)).toEqual([]);
    expect(
      foundIn(late, (e) => {
        open(e);
        e.anomaliesOfOrder[0]!.state = 'DONE';
      }),
    ).toEqual(['I1']);
  });

  it('finds nothing in an order that was given back, and each thing that does not fit it', () => {
    expect(foundIn(refunded, () => undefined)).toEqual([]);
    const wrongs: [string[], (e: Evidence) => void][] = [
      [['I4'], (e) => e.points.pop()],
      [['I3'], (e) => (e.refundRequests[0]!.restock = false)],
      [['I9'], (e) => e.ledger.push({ ...e.ledger[3]!, seq: 6 })],
      [['I5', 'I9'], (e) => (e.refundRequests[0]!.amountFen = e.payments[0]!.refundedFen = 6_799)],
      [['I9', 'I12'], (e) => (e.refundRequests[0]!.state = 'CLOSED')],
      [['I5'], (e) => (e.payments[0]!.reservedFen = 1)],
      [['I12'], (e) => (e.refunds = [])],
      [['I10'], (e) => (e.refunds[0]!.state = 'PROCESSING')],
      [['I6'], (e) => e.ledger.push({ ...e.ledger[2]!, outRefundNo: 'R2' })],
    ];
    for (const [broken, change] of wrongs) expect(foundIn(refunded, change)).toEqual(expect.arrayContaining(broken));
  });

  it('takes another amount for proof when an operator has accepted it, and it was enough', () => {
    expect(foundIn(accepted, () => undefined)).toEqual([]);
    expect(foundIn(accepted, (e) => (e.log[2]!.from = 'WAIT_PAY'))).toContain('I7');
    expect(foundIn(accepted, (e) => (e.anomaliesOfPay = []))).toEqual(['I7']);
    expect(foundIn(accepted, (e) => (e.orders[0]!.totalFee = 6_831))).toContain('I7');
    expect(foundIn(accepted, (e) => (e.ledger[1]!.totalFee = 6_829))).toContain('I7');
  });

  it('does not take surplus that went back for money of the order', () => {
    expect(foundIn(accepted, (e) => (e.orders[0]!.status = 'PART_REFUNDED'))).toEqual(['I5', 'I8']);
    const back = (fen: number) => (e: Evidence) => {
      e.payments[0]!.refundedFen = e.refundRequests[0]!.amountFen = e.refunds[0]!.amountFen = fen;
      e.ledger[3]!.refundFee = fen;
    };
    expect(foundIn(accepted, back(31))).toEqual(['I5']);
    expect(foundIn(accepted, back(29))).toEqual([]);
  });

  it('counts what was promised back at one time, not what was refused before', () => {
    const second = (e: Evidence, requestedAt: Date) => {
      e.refundRequests[0]!.endedAt = at(6);
      const other = { ...e.refundRequests[0]!, outRefundNo: 'R0', state: 'REFUSED', requestedAt, endedAt: at(40) };
      e.refundRequests.unshift(other);
      e.refunds.push({ ...e.refunds[0]!, outRefundNo: 'R0', state: 'REFUSED' });
    };
    expect(foundIn(refunded, (e) => second(e, at(4)))).toEqual(['I9']);
    expect(
      foundIn(refunded, (e) => {
        second(e, at(4));
        e.refundRequests[1]!.requestedAt = at(50);
      }),
    ).toEqual([]);
  });
});
