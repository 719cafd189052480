import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type Rule } from '../domain/closing.ts';
import { type OrderState, type OrderStatus } from '../domain/order-states.ts';
import { type Payment } from '../domain/settlement.ts';
import { CancelOrder } from './cancel.ts';
import { CloseOrders } from './close.ts';
import { ExpireOrders } from './expire.ts';
import { PlaceOrder } from './place.ts';
import {
  OrderChanges,
  OrderReads,
  PayLinks,
  PendingOrders,
  Placements,
  ShopRules,
  TimeoutMessages,
  type Moved,
  type OrderQuery,
  type OrderRequest,
  type OrderSummary,
  type PlacedOrder,
  type Placement,
  type Settled,
} from './ports.ts';
import { ReadOrders } from './read.ts';
import { SettleOrders } from './settle.ts';

const now = new Date('2026-01-01T12:00:00.000Z');
const orderNo = (letter: string) => letter.repeat(22);
const orderNos = (letters: string) => letters.split('').map(orderNo);
const state = (
  letter: string,
  status: OrderStatus,
  more: Partial<OrderState> = {},
): OrderState & { title: string } => ({
  orderNo: orderNo(letter),
  buyerId: 'ann',
  status,
  closingReason: null,
  totalFee: 500,
  expiresAt: now,
  title: 'Tea',
  ...more,
});

/** Orders in memory: rules are really asked, nothing else happens. */
class MemoryOrders extends OrderChanges {
  readonly orders = new Map<string, OrderState & { title: string }>();
  settled: Settled[] = [];
  expired: Moved[][] = [];
  resent: number[] = [];
  toldEnds: string[] = [];
  keys: number[] = [];

  put(...orders: (OrderState & { title: string })[]) {
    for (const order of orders) this.orders.set(order.orderNo, order);
  }
  readonly heard: Payment[] = [];
  override settle(payments: readonly Payment[]) {
    this.heard.push(...payments);
    return Promise.resolve(this.settled);
  }
  override move(orderNos: readonly string[], rule: Rule) {
    return Promise.resolve(
      orderNos.map((no): Moved => {
        const order = this.orders.get(no);
        const to = order && rule(order, now)?.to;
        if (order && to) this.orders.set(no, { ...order, status: to });
        return { orderNo: no, from: order?.status, to };
      }),
    );
  }
  override moveExpired() {
    return Promise.resolve(this.expired.shift() ?? []);
  }
  override resendCloses() {
    return Promise.resolve(this.resent.shift() ?? 0);
  }
  override tellEnds(orderNos: readonly string[]) {
    this.toldEnds.push(...orderNos);
    return Promise.resolve();
  }
  override forgetKeys() {
    return Promise.resolve(this.keys.shift() ?? 0);
  }
}

class MemoryReads extends OrderReads {
  constructor(private readonly memory: MemoryOrders) {
    super();
  }
  override products() {
    return Promise.resolve([]);
  }
  override order() {
    return Promise.resolve(undefined);
  }
  override state(no: string) {
    return Promise.resolve(this.memory.orders.get(no));
  }
  override list({ before, limit, buyerId }: OrderQuery): Promise<OrderSummary[]> {
    const all = [...this.memory.orders.values()]
      .map((order) => ({ ...order, createdAt: now, paidAt: null }))
      .filter((order) => (buyerId === undefined || order.buyerId === buyerId) && (!before || order.orderNo < before))
      .sort((a, b) => (a.orderNo < b.orderNo ? 1 : -1));
    return Promise.resolve(all.slice(0, limit));
  }
}

class RecordedPending extends PendingOrders {
  readonly calls: [string, ...string[]][] = [];
  override placed(order: PlacedOrder) {
    this.calls.push(['placed', order.orderNo]);
  }
  override closing(orderNos: readonly string[]) {
    this.calls.push(['closing', ...orderNos]);
  }
  override ended(orderNos: readonly string[]) {
    this.calls.push(['ended', ...orderNos]);
  }
}

class FixedLinks extends PayLinks {
  override urlFor(no: string) {
    return `https://pay.example/pay/${no}`;
  }
}

const links = new FixedLinks();
let orders: MemoryOrders;
let pending: RecordedPending;

beforeAll(() => {
  Logger.overrideLogger(false);
});

beforeEach(() => {
  orders = new MemoryOrders();
  pending = new RecordedPending();
});

describe('place', () => {
  const request = { buyerId: 'ann', key: 'k', fingerprint: 'f', wishes: [{ productId: 'tea', quantity: 1 }] };
  const placed: PlacedOrder = {
    orderNo: orderNo('A'),
    buyerId: 'ann',
    status: 'WAIT_PAY',
    totalFee: 500,
    title: 'Tea',
    lines: [],
    expiresAt: now,
  };
  const place = async (placement: Placement) => {
    const seen: { request?: OrderRequest; scheduled: string[]; body?: string } = { scheduled: [] };
    class Fake extends Placements {
      override place(wanted: OrderRequest, answer: (order: PlacedOrder) => string) {
        seen.request = wanted;
        seen.body = answer(placed);
        return Promise.resolve(placement);
      }
    }
    class Timeouts extends TimeoutMessages {
      override schedule(no: string) {
        seen.scheduled.push(no);
      }
    }
    const step = new PlaceOrder(new Fake(), pending, new Timeouts(), links, new ShopRules(1_800_000));
    return { outcome: await step.place(request), seen };
  };

  it('answers what the buyer needs to pay', async () => {
    const { seen } = await place({ kind: 'placed', order: placed, body: '' });
    expect(JSON.parse(seen.body ?? '')).toEqual({
      orderNo: orderNo('A'),
      totalFee: 500,
      status: 'WAIT_PAY',
      expiresAt: '2026-01-01T12:00:00.000Z',
      payUrl: `https://pay.example/pay/${orderNo('A')}`,
    });
    expect(seen.request?.payWithinMs).toBe(1_800_000);
  });

  it('makes a new order pending and lets its time-out run', async () => {
    const { seen } = await place({ kind: 'placed', order: placed, body: '' });
    expect(pending.calls).toEqual([['placed', orderNo('A')]]);
    expect(seen.scheduled).toEqual([orderNo('A')]);
  });

  it.each<Placement>([
    { kind: 'replayed', status: 201, body: '{}' },
    { kind: 'key-reused' },
    { kind: 'out-of-stock', productId: 'tea', at: 0 },
  ])('does nothing of that for $kind', async (placement) => {
    const { seen, outcome } = await place(placement);
    expect(outcome).toEqual(placement);
    expect(pending.calls).toEqual([]);
    expect(seen.scheduled).toEqual([]);
  });
});

describe('settle', () => {
  const payment = (letter: string) => ({
    orderNo: orderNo(letter),
    outTradeNo: orderNo(letter),
    transactionId: `42${letter}`,
    totalFee: 500,
    paidAt: now.toISOString(),
    tradeType: 'NATIVE',
    source: 'notify' as const,
  });

  it('has one outcome per payment and forgets only orders that ended', async () => {
    orders.settled = [
      { kind: 'booked', role: 'MAIN', from: 'WAIT_PAY' },
      { kind: 'booked', role: 'AMOUNT', from: 'WAIT_PAY' },
      { kind: 'booked', role: 'LATE', from: 'CANCELLED' },
      { kind: 'booked', role: 'DOUBLE', from: 'PAID' },
      { kind: 'repeat' },
      { kind: 'foreign' },
      { kind: 'unknown-order' },
    ];
    const outcomes = await new SettleOrders(orders, pending).settle('ABCDEFG'.split('').map(payment));
    expect(outcomes).toEqual([
      'paid',
      'review',
      'late',
      'double',
      'already-booked',
      'foreign-transaction',
      'unknown-order',
    ]);
    expect(pending.calls).toEqual([['ended', orderNo('A'), orderNo('B')]]);
    // Who repeats a payment has not heard what became of its order.
    expect(orders.toldEnds).toEqual([orderNo('E')]);
  });

  const mismatch = (letter: string, more: object = {}) => ({
    orderNo: orderNo(letter),
    outTradeNo: orderNo(letter),
    tradeState: 'SUCCESS',
    totalFee: 499,
    reason: 'total_fee 499, expected 500',
    ...more,
  });

  it('books money of another amount, whatever its order makes of it', async () => {
    orders.settled = [{ kind: 'booked', role: 'AMOUNT', from: 'WAIT_PAY' }];
    const paidAt = '2026-01-01T11:59:00.000Z';
    const told = [mismatch('A', { transactionId: 't1', paidAt, source: 'query' })];
    expect(await new SettleOrders(orders, pending).mismatched(told)).toEqual(['review']);
    expect(orders.heard).toEqual([
      {
        ...{ orderNo: orderNo('A'), outTradeNo: orderNo('A'), transactionId: 't1', totalFee: 499, source: 'query' },
        ...{ paidAt: new Date(paidAt), differs: true },
      },
    ]);
    expect(pending.calls).toEqual([['ended', orderNo('A')]]);
  });

  it('can only note a mismatch that names no transaction', async () => {
    orders.put(state('A', 'WAIT_PAY'), state('B', 'CLOSING', { closingReason: 'timeout' }), state('C', 'PAID'));
    const told = ['A', 'B', 'C', 'D'].map((letter) => mismatch(letter));
    const outcomes = await new SettleOrders(orders, pending).mismatched(told);
    expect(outcomes).toEqual(['review', 'review', 'nothing-to-do', 'unknown-order']);
  });
});

describe('close', () => {
  it('ends what was closing, by its reason, and nothing else', async () => {
    orders.put(
      state('A', 'CLOSING', { closingReason: 'timeout' }),
      state('B', 'CLOSING', { closingReason: 'failed' }),
      state('C', 'WAIT_PAY'),
    );
    const step = new CloseOrders(orders, pending);
    expect(await step.closed(orderNos('ABCD'))).toEqual(['moved', 'moved', 'nothing-to-do', 'unknown-order']);
    expect(orderNos('ABC').map((no) => orders.orders.get(no)?.status)).toEqual(['CANCELLED', 'PAY_FAILED', 'WAIT_PAY']);
    expect(pending.calls).toEqual([['ended', orderNo('A'), orderNo('B')]]);
    orders.toldEnds = [];
    expect(await step.closed([orderNo('A')])).toEqual(['nothing-to-do']);
    // Who confirms a close again has not heard what became of its order.
    expect(orders.toldEnds).toEqual([orderNo('A')]);
  });

  it('takes a failure as a hint to close', async () => {
    orders.put(state('A', 'WAIT_PAY'), state('B', 'PAID'));
    expect(await new CloseOrders(orders, pending).failed([orderNo('A'), orderNo('B')])).toEqual([
      'moved',
      'nothing-to-do',
    ]);
    expect(pending.calls).toEqual([['closing', orderNo('A')]]);
  });
});

describe('expire', () => {
  it('believes the database’s clock and not a message', async () => {
    orders.put(state('A', 'WAIT_PAY'), state('B', 'WAIT_PAY', { expiresAt: new Date(now.getTime() + 1) }));
    await new ExpireOrders(orders, pending).timeouts([orderNo('A'), orderNo('B'), orderNo('C')]);
    expect(orders.orders.get(orderNo('A'))?.status).toBe('CLOSING');
    expect(orders.orders.get(orderNo('B'))?.status).toBe('WAIT_PAY');
    expect(pending.calls).toEqual([['closing', orderNo('A')]]);
  });

  it('sweeps page after page until a page is not full', async () => {
    const page = (size: number) =>
      Array.from({ length: size }, (): Moved => ({ orderNo: orderNo('A'), from: 'WAIT_PAY', to: 'CLOSING' }));
    orders.expired = [page(200), page(200), page(7)];
    orders.resent = [200, 1];
    expect(await new ExpireOrders(orders, pending).sweep()).toEqual({ expired: 407, resent: 201 });
  });

  it('ends a sweep even when orders keep coming', async () => {
    orders.resent = Array.from({ length: 1_000 }, () => 200);
    expect((await new ExpireOrders(orders, pending).sweep()).resent).toBe(50 * 200);
  });
});

describe('cancel', () => {
  const cancel = (buyerId = 'ann') =>
    new CancelOrder(orders, new MemoryReads(orders), pending).cancel(orderNo('A'), buyerId);

  it.each<[OrderStatus, unknown]>([
    ['WAIT_PAY', { kind: 'accepted', status: 'CLOSING' }],
    ['CLOSING', { kind: 'accepted', status: 'CLOSING' }],
    ['CANCELLED', { kind: 'accepted', status: 'CANCELLED' }],
    ['PAY_FAILED', { kind: 'accepted', status: 'PAY_FAILED' }],
    ['PAID', { kind: 'paid' }],
    ['REVIEW', { kind: 'in-review' }],
  ])('of a %s order', async (status, outcome) => {
    orders.put(state('A', status, { closingReason: status === 'CLOSING' ? 'timeout' : null }));
    expect(await cancel()).toEqual(outcome);
  });

  it('does not know another buyer’s order, nor touch it', async () => {
    orders.put(state('A', 'WAIT_PAY'));
    expect(await cancel('bob')).toEqual({ kind: 'unknown-order' });
    expect(orders.orders.get(orderNo('A'))?.status).toBe('WAIT_PAY');
  });
});

describe('read', () => {
  const read = () => new ReadOrders(new MemoryReads(orders), links);
  const ann = { buyerId: 'ann', operator: false };

  it('pages through own orders, newest first, to the end', async () => {
    const letters = 'ABCDEFGHJKMNPQRSTVWXYZ0123456789';
    for (const a of letters)
      for (const b of 'AB') orders.put({ ...state('A', 'PAID'), orderNo: orderNo(a).slice(1) + b });
    orders.put(state('I', 'PAID', { buyerId: 'bob' }));
    const first = await read().list(ann, {});
    expect(first.orders).toHaveLength(50);
    expect(first.next).toBe(first.orders.at(-1)?.orderNo);
    const second = await read().list(ann, { before: first.next ?? '' });
    expect(second.orders).toHaveLength(14);
    expect(second.next).toBeNull();
  });

  it('links to the cashier for the buyer of a payable order only', () => {
    const order = state('A', 'WAIT_PAY');
    expect(read().payUrl(order, ann)).toContain(orderNo('A'));
    expect(read().payUrl({ ...order, status: 'PAID' }, ann)).toBeNull();
    expect(read().payUrl(order, { buyerId: 'op', operator: true })).toBeNull();
  });

  it('tells pay what an order costs, or that there is none', async () => {
    orders.put(state('A', 'WAIT_PAY'));
    expect(await read().payable(orderNo('A'))).toMatchObject({ found: true, totalFee: 500, status: 'WAIT_PAY' });
    expect(await read().payable(orderNo('B'))).toEqual({ found: false });
  });
});
