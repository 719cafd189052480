/** Evidence of small runs in which everything is as promised, for showing the checker what is not. */
import type { Evidence } from '../evidence.ts';
import { check } from './index.ts';

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('there is nothing to change');
  return item;
}

/** A second of the minute everything happens in. */
export const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
export const ORDER = '2026112112000000000001';
export const TRANSACTION = '4200000000000000000000000001';

/** One order that was paid, told by a notification. */
export const sound = (): Evidence => ({
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
      refundedFen: 0,
      reservedFen: 0,
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
  refundRequests: [],
  refunds: [],
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
  deliveries: new Map(),
  mostDeliveries: 5,
  wechatCalls: [],
  mostAtOnce: { refund: 1 },
  outages: [],
  probes: [],
  memory: [],
});

/** The same order, all of whose money went back by an operator's wish, with its goods back on the shelf. */
export const refunded = (): Evidence => {
  const evidence = sound();
  const refund = { outRefundNo: 'R1', orderNo: ORDER, transactionId: TRANSACTION, amountFen: 6_800 };
  first(evidence.orders).status = 'REFUNDED';
  evidence.log.push({ orderNo: ORDER, from: 'PAID', to: 'REFUNDED', reason: 'refund R1', at: at(8) });
  first(evidence.payments).refundedFen = 6_800;
  evidence.points.push({ orderNo: ORDER, reason: 'REFUNDED', points: -68 });
  first(evidence.reservations).state = 'RETURNED';
  first(evidence.stock).stock = 10;
  evidence.refundRequests = [
    { ...refund, origin: 'MANUAL', restock: true, state: 'SUCCESS', requestedAt: at(5), endedAt: at(8) },
  ];
  evidence.refunds = [{ ...refund, state: 'SUCCESS', lastError: '' }];
  evidence.ledger.push(
    { seq: 4, at: at(6).toISOString(), kind: 'refunded', outTradeNo: ORDER, outRefundNo: 'R1', refundFee: 6_800 },
    { seq: 5, at: at(7).toISOString(), kind: 'refund-ended', outTradeNo: ORDER, outRefundNo: 'R1', status: 'SUCCESS' },
  );
  return evidence;
};

/** Money that came when its order had been cancelled and its code closed, and went back by itself. */
export const late = (): Evidence => {
  const evidence = sound();
  const refund = { outRefundNo: `A${TRANSACTION}`, orderNo: ORDER, transactionId: TRANSACTION, amountFen: 6_800 };
  first(evidence.orders).status = 'CANCELLED';
  evidence.log[1] = { orderNo: ORDER, from: 'WAIT_PAY', to: 'CLOSING', reason: 'cancelled by buyer', at: at(2) };
  evidence.log.push({ orderNo: ORDER, from: 'CLOSING', to: 'CANCELLED', reason: 'closed after buyer', at: at(5) });
  Object.assign(first(evidence.payments), { role: 'LATE', bookedAt: at(5), refundedFen: 6_800 });
  first(evidence.reservations).state = 'RETURNED';
  first(evidence.stock).stock = 10;
  evidence.points = [];
  first(evidence.payables).orderStatus = 'CANCELLED';
  evidence.refundRequests = [
    { ...refund, origin: 'LATE', restock: false, state: 'SUCCESS', requestedAt: at(5), endedAt: at(8) },
  ];
  evidence.refunds = [{ ...refund, state: 'SUCCESS', lastError: '' }];
  evidence.anomaliesOfOrder = [
    { kind: 'LATE', orderNo: ORDER, outTradeNo: null, transactionId: TRANSACTION, state: 'DONE' },
  ];
  const ledger = (index: number) => first(evidence.ledger.slice(index));
  const [ordered, captured, notified] = [ledger(0), ledger(1), ledger(2)];
  const { outRefundNo } = refund;
  evidence.ledger = [
    ordered,
    { seq: 2, at: at(2).toISOString(), kind: 'closed', outTradeNo: ORDER },
    { ...captured, seq: 3, at: at(3).toISOString() },
    { ...notified, seq: 4 },
    { seq: 5, at: at(6).toISOString(), kind: 'refunded', outTradeNo: ORDER, outRefundNo, refundFee: 6_800 },
    { seq: 6, at: at(7).toISOString(), kind: 'refund-ended', outTradeNo: ORDER, outRefundNo, status: 'SUCCESS' },
  ];
  return evidence;
};

/** An order that was paid 30 fen too many, accepted by an operator, the 30 fen back with the buyer. */
export const accepted = (): Evidence => {
  const evidence = sound();
  const refund = { outRefundNo: `A${TRANSACTION}`, orderNo: ORDER, transactionId: TRANSACTION, amountFen: 30 };
  evidence.log[1] = { orderNo: ORDER, from: 'WAIT_PAY', to: 'REVIEW', reason: 'another amount', at: at(3) };
  evidence.log.push({ orderNo: ORDER, from: 'REVIEW', to: 'PAID', reason: 'accepted by operator', at: at(5) });
  Object.assign(first(evidence.payments), { totalFee: 6_830, refundedFen: 30 });
  first(evidence.notices).outcome = 'amount-mismatch';
  const anomaly = { kind: 'AMOUNT', orderNo: ORDER, outTradeNo: ORDER, transactionId: TRANSACTION, state: 'DONE' };
  evidence.anomaliesOfOrder = [{ ...anomaly, outTradeNo: null }];
  evidence.anomaliesOfPay = [anomaly];
  evidence.refundRequests = [
    { ...refund, origin: 'REVIEW', restock: false, state: 'SUCCESS', requestedAt: at(5), endedAt: at(8) },
  ];
  evidence.refunds = [{ ...refund, state: 'SUCCESS', lastError: '' }];
  first(evidence.ledger.slice(1)).totalFee = 6_830;
  const { outRefundNo } = refund;
  evidence.ledger.push(
    { seq: 4, at: at(6).toISOString(), kind: 'refunded', outTradeNo: ORDER, outRefundNo, refundFee: 30 },
    { seq: 5, at: at(7).toISOString(), kind: 'refund-ended', outTradeNo: ORDER, outRefundNo, status: 'SUCCESS' },
  );
  return evidence;
};

/** Which promises the checker finds broken when sound evidence is changed. */
export const foundIn = (from: () => Evidence, change: (evidence: Evidence) => void): string[] => {
  const evidence = from();
  change(evidence);
  return [...new Set(check(evidence).map(({ invariant }) => invariant))].sort();
};
