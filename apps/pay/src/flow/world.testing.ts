// The world of a step in memory, for the specs of the steps: every port over one store, every step wired as in the app.
import type { Attempt } from '../domain/attempt.ts';
import type { NewPayable, OrderStatus } from '../domain/payable.ts';
import type { PaymentResult } from '../domain/payment.ts';
import { Ask } from './ask.ts';
import { Close } from './close.ts';
import { CloseAttempt } from './close-attempt.ts';
import { LookUp } from './look-up.ts';
import { Notify, NotifySettings } from './notify.ts';
import {
  Attempts,
  type AttemptWish,
  Checks,
  type CloseCommand,
  Closings,
  Counts,
  type DueOrder,
  OpenPages,
  Orders,
  Payments,
  PendingOrders,
  type PreparedAtWechat,
  PrepayLock,
} from './ports.ts';
import { Prepay, WaySettings } from './prepay.ts';
import { PrepareAttempt, PrepaySettings } from './prepare-attempt.ts';
import { RecordNews } from './record.ts';
import { RefundNotify } from './refund-notice.ts';
import { RefundMoney } from './refund.ts';
import { ListingsInMemory, RefundsInMemory, RefundWechat } from './refunds.testing.ts';
import { Requery } from './requery.ts';
import { Settle } from './settle.ts';
import { Status } from './status.ts';
import { inAnHour, NO, Store, Wechat } from './store.testing.ts';
import { TakeOver } from './take-over.ts';
import { Watch } from './watch.ts';

export { code, inAnHour, mweb, NO, paid, prepayId } from './store.testing.ts';

class AttemptsInMemory extends Attempts {
  constructor(private readonly store: Store) {
    super();
  }
  override find = (number: string) => this.store.find(number);
  override place = (payables: readonly NewPayable[]) => this.store.place(payables);
  override begin = (orderNo: string, { way }: AttemptWish) => this.store.begin(orderNo, way);
  override storePrepared = (attempt: Attempt, prepared: PreparedAtWechat) =>
    this.store.storePrepared(attempt, prepared);
  override release = (attempt: Attempt) => this.store.release(attempt);
  override refused = (attempt: Attempt) => this.store.refused(attempt);
  override seen = (outTradeNo: string) => this.store.seen(outTradeNo);
  override finish = (outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number) =>
    this.store.finish(outTradeNo, state, absentForMs);
  override recordOrderStatus = (news: readonly { orderNo: string; status: OrderStatus }[]) =>
    this.store.recordOrderStatus(news);
}

class PaymentsInMemory extends Payments {
  constructor(private readonly store: Store) {
    super();
  }
  override settle = (results: readonly PaymentResult[]) => this.store.settle(results);
  override keepUnclear = (result: PaymentResult) => this.store.keepUnclear(result);
  override tellAgain = (outTradeNos: readonly string[]) => this.store.tellAgain(outTradeNos);
}

class ClosingsInMemory extends Closings {
  constructor(private readonly store: Store) {
    super();
  }
  override record = (commands: readonly CloseCommand[]) => this.store.record(commands);
  override claim = () => Promise.resolve([...this.store.closing]);
  override conclude = (orderNo: string) => this.store.conclude(orderNo);
}

class ChecksInMemory extends Checks {
  constructor(private readonly world: World) {
    super();
  }
  override claim = () => Promise.resolve(this.world.due.splice(0));
  override claimOf = (orderNos: readonly string[]) =>
    Promise.resolve(this.world.due.splice(0).filter(({ orderNo }) => orderNos.includes(orderNo)));
  override reschedule = () => Promise.resolve();
  override dueIn = () => Promise.resolve([]);
  override page = (after: string) => Promise.resolve(after === '' ? [{ orderNo: NO, dueInMs: 5 }] : []);
  override mayAsk = () => Promise.resolve(this.world.asksAllowed);
}

class RedisInMemory extends PendingOrders {
  constructor(private readonly world: World) {
    super();
  }
  override claim = () => Promise.resolve(this.world.pendingClaims?.splice(0));
  override schedule = (orders: readonly DueOrder[]) => {
    this.world.scheduled.push(...orders);
    return Promise.resolve<true>(true);
  };
  override remove = (orderNos: readonly string[]) => {
    this.world.removed.push(...orderNos);
    return Promise.resolve();
  };
  override isComplete = () => Promise.resolve(this.world.complete);
  override markComplete = () => {
    this.world.complete = true;
    return Promise.resolve();
  };
  override mayAsk = () => Promise.resolve(this.world.asksAllowed);
}

class LockInMemory extends PrepayLock {
  constructor(private readonly world: World) {
    super();
  }
  override acquire = () => {
    const { lock } = this.world;
    return Promise.resolve(lock === 'free' ? () => Promise.resolve() : lock);
  };
}

class PagesInMemory extends OpenPages {
  constructor(private readonly world: World) {
    super();
  }
  override switched = ({ outTradeNo }: { outTradeNo: string }) => {
    this.world.switched.push(outTradeNo);
  };
}

class OrdersInMemory extends Orders {
  constructor(private readonly world: World) {
    super();
  }
  override payable = () => Promise.resolve(this.world.orderAnswer);
}

class CountsInMemory extends Counts {
  constructor(private readonly counted: string[]) {
    super();
  }
  override notice = (outcome: string) => {
    this.counted.push(outcome);
  };
  override settled = () => undefined;
  override prepay = () => undefined;
  override refundWaits = (what: string) => {
    this.counted.push(`refund waits for ${what}`);
  };
}

/** One order of 100 fen that may be paid, and everything around it; a spec changes what its story needs. */
export class World {
  readonly store = new Store();
  readonly wechat = new Wechat();
  readonly refundWechat = new RefundWechat();
  readonly refunds = new RefundsInMemory();
  readonly listings = new ListingsInMemory();
  readonly watch = new Watch();
  readonly attempts: Attempts = new AttemptsInMemory(this.store);
  readonly removed: string[] = [];
  readonly scheduled: DueOrder[] = [];
  /** Attempts whose end or beginning open pages were told of. */
  readonly switched: string[] = [];
  readonly counted: string[] = [];
  readonly counts: Counts = new CountsInMemory(this.counted);
  due: Attempt[] = [];
  /** Undefined: Redis is away. */
  pendingClaims: string[] | undefined = [];
  complete = true;
  orderAnswer: NewPayable | 'unknown' | 'unreachable' = 'unknown';
  crossCheck: NotifySettings['crossCheck'] = 'always';
  replyWithinMs = 1_000;
  lock: 'free' | 'busy' | 'away' = 'free';
  appids: { app?: string; mini?: string } = { app: 'wx7777777777777777', mini: 'wx5555555555555555' };
  asksAllowed = true;

  static async withOneOrder(): Promise<World> {
    const world = new World();
    await world.store.place([{ orderNo: NO, totalFee: 100, title: 'tea', expiresAt: inAnHour() }]);
    return world;
  }

  /** The steps, wired as the module wires them. */
  get steps() {
    const { store, wechat, watch, attempts } = this;
    const [payments, closings] = [new PaymentsInMemory(store), new ClosingsInMemory(store)];
    const { counts } = this;
    const [checks, pending] = [new ChecksInMemory(this), new RedisInMemory(this)];
    const settings = new PrepaySettings('HMAC-SHA256', 'https://pay.example.test/n', 300);
    const notifySettings = new NotifySettings(this.crossCheck, this.replyWithinMs);
    const settle = new Settle(payments, pending, watch, counts);
    const takeOver = new TakeOver(this.refunds, this.refundWechat, this.listings);
    const ask = new Ask(wechat, attempts, settle, takeOver);
    const refund = new RefundMoney(this.refunds, this.refundWechat, watch, counts);
    const lookUp = new LookUp(attempts, new OrdersInMemory(this));
    const closeAttempt = new CloseAttempt(attempts, wechat, ask);
    const prepare = new PrepareAttempt(
      attempts,
      wechat,
      ask,
      closeAttempt,
      pending,
      watch,
      new PagesInMemory(this),
      settings,
    );
    const ways = new WaySettings({ wapUrl: 'https://pay.example.test', wapName: 'tea shop' }, this.appids);
    return {
      prepay: new Prepay(lookUp, prepare, wechat, new LockInMemory(this), counts, ways),
      notify: new Notify(wechat, attempts, payments, settle, takeOver, counts, notifySettings),
      requery: new Requery(checks, pending, ask, payments),
      close: new Close(closings, attempts, closeAttempt, pending, watch),
      status: new Status(lookUp, ask, checks, pending, this.refunds),
      refund,
      refundNotify: new RefundNotify(this.refundWechat, this.refunds, refund, takeOver, counts, notifySettings),
      takeOver,
      record: new RecordNews(attempts, closings, watch),
    };
  }

  /** Shows the order's code; what was noted on the way is forgotten. */
  async open(): Promise<Attempt> {
    await this.steps.prepay.native(NO, '127.0.0.1');
    this.wechat.calls.length = 0;
    return structuredClone(this.store.attempt(NO).attempt);
  }

  stateOf(outTradeNo: string): string {
    return this.store.attempt(outTradeNo).attempt.state;
  }
}
