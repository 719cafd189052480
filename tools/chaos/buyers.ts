/** Virtual buyers: each acts out one line of the plan, and remembers every answer and how long it took. */
import { UnexpectedAnswer, type Client, type PlacedOrder } from '../stack/client.ts';
import type { AppInstance, BuyerPlan } from './plan.ts';
import type { World } from './world.ts';

/** One HTTP exchange as the buyer saw it. `status` is 0 when the connection broke, undefined when time ran out. */
export interface Call {
  buyer: number;
  app: AppInstance | 'wechat-simulator';
  what: 'place' | 'cashier' | 'code' | 'cancel' | 'order' | 'status' | 'phone';
  at: number;
  ms: number;
  status: number | undefined;
  orderNo?: string;
}

/** How idempotency was kept, or not: what the same key answered twice. */
export interface KeyUse {
  orderNo: string;
  buyer: number;
  what: 'same-body' | 'other-body';
  asPromised: boolean;
  seen: string;
}

/** The buyer's own patience with one request; longer than every promised answer. */
const PATIENCE_MS = 20_000;
const AGAIN_AFTER_MS = 250;
const PRODUCT = 'tea-longjing';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export class Crowd {
  readonly calls: Call[] = [];
  readonly keys: KeyUse[] = [];
  /** What buyers met that no buyer should: an answer outside the contract. */
  readonly surprises: string[] = [];
  gaveUp = 0;
  #came = 0;

  constructor(
    private readonly world: World,
    private readonly instances: 1 | 2,
  ) {}

  /**
   * Sends everybody in at their time and waits until the last has left; who comes in a later run is somebody else.
   * @param giveUpAt nobody tries again after this
   */
  async run(buyers: readonly BuyerPlan[], startedAt: number, giveUpAt: number): Promise<void> {
    const first = this.#came;
    this.#came += buyers.length;
    await Promise.all(
      buyers.map(async (plan, nth) => {
        const index = first + nth;
        await pause(startedAt + plan.atMs - Date.now());
        await new Buyer(this.world, this, plan, index, (index % this.instances) + 1, giveUpAt).act();
      }),
    );
  }
}

class Refused extends Error {}

class Buyer {
  readonly #client: Client;

  constructor(
    world: World,
    private readonly crowd: Crowd,
    private readonly plan: BuyerPlan,
    private readonly index: number,
    private readonly instance: number,
    private readonly giveUpAt: number,
  ) {
    this.#client = world.client(instance - 1, `buyer-${index}`, PATIENCE_MS);
  }

  async act(): Promise<void> {
    try {
      await this.#buy();
    } catch (error) {
      if (error instanceof Refused) this.crowd.gaveUp += 1;
      else this.crowd.surprises.push(`buyer ${this.index}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #buy(): Promise<void> {
    const { does, thinksMs } = this.plan;
    const order = await this.#place();
    if (does === 'never-look') return;
    const { orderNo } = order;
    await this.#call('cashier', () => this.#client.openCashier(order), orderNo);
    const code = await this.#call('code', () => this.#client.createCode(orderNo), orderNo);
    await pause(does === 'pay-late' ? Date.parse(order.expiresAt) - Date.now() + thinksMs - 1_000 : thinksMs);
    await this.#decide(order, code.code_url, code.out_trade_no);
    await this.#call('status', () => this.#client.status(orderNo), orderNo);
    await this.#call('order', () => this.#client.order(orderNo), orderNo);
  }

  async #decide({ orderNo, totalFee }: PlacedOrder, codeUrl: string, outTradeNo: string): Promise<void> {
    const tap = (outcome: 'pay' | 'decline' | 'fail' | 'payerror'): Promise<unknown> =>
      this.#call('phone', () => this.#client.tap(codeUrl, outcome), orderNo);
    const cancel = (): Promise<unknown> => this.#call('cancel', () => this.#client.cancel(orderNo), orderNo);
    switch (this.plan.does) {
      case 'pay':
        await tap('pay');
        return;
      case 'cancel':
        await cancel();
        return;
      case 'decline-then-pay':
        await tap('decline');
        await pause(this.plan.gapMs);
        await tap('pay');
        return;
      case 'pay-and-cancel': {
        const later = pause(this.plan.gapMs);
        const [first, second] = this.plan.quantity % 2 === 0 ? [cancel, () => tap('pay')] : [() => tap('pay'), cancel];
        await Promise.allSettled([first(), later.then(second)]);
        return;
      }
      case 'cancel-then-pay':
        await cancel();
        await pause(1_000 + this.plan.gapMs);
        await tap('pay');
        return;
      case 'pay-late':
        await this.#call('phone', () => this.#client.payAnyway(outTradeNo), orderNo);
        return;
      case 'wrong-amount':
        await this.#call('phone', () => this.#client.payAnyway(outTradeNo, totalFee + 1), orderNo);
        return;
      case 'fail':
        await tap(this.plan.quantity % 2 === 0 ? 'fail' : 'payerror');
        return;
      case 'abandon':
      case 'never-look':
    }
  }

  /** Places the order; some press the button twice, some use the same key for another basket. */
  async #place(): Promise<PlacedOrder> {
    const { quantity } = this.plan;
    const key = `key-${this.index}`;
    const basket = (count: number) => [{ productId: PRODUCT, quantity: count }];
    const order = await this.#call('place', () => this.#client.place(basket(quantity), key));
    const about = { orderNo: order.orderNo, buyer: this.index };
    if (quantity === 2) {
      const again = await this.#call('place', () => this.#client.place(basket(quantity), key));
      const asPromised = JSON.stringify(again) === JSON.stringify(order);
      this.crowd.keys.push({ ...about, what: 'same-body', asPromised, seen: again.orderNo });
    }
    if (quantity === 3) {
      const seen = await this.#call('place', () =>
        this.#client.place(basket(1), key).then(
          ({ orderNo }) => orderNo,
          (error: unknown) => {
            if (error instanceof UnexpectedAnswer && error.status === 422) return '422';
            throw error;
          },
        ),
      );
      this.crowd.keys.push({ ...about, what: 'other-body', asPromised: seen === '422', seen });
    }
    return order;
  }

  /** One step, repeated as a buyer would: no answer, or one that says "later". @throws Refused when it is hopeless */
  async #call<T>(what: Call['what'], work: () => Promise<T>, orderNo?: string): Promise<T> {
    const target =
      what === 'phone'
        ? 'wechat-simulator'
        : what === 'code' || what === 'cashier' || what === 'status'
          ? 'pay'
          : 'order';
    const app = target === 'wechat-simulator' ? target : (`${target}-${this.instance}` as AppInstance);
    for (;;) {
      const at = Date.now();
      const since = performance.now();
      const note = (status: number | undefined): void => {
        const ms = Math.round(performance.now() - since);
        this.crowd.calls.push({
          buyer: this.index,
          app,
          what,
          at,
          ms,
          status,
          ...(orderNo !== undefined && { orderNo }),
        });
      };
      try {
        const value = await work();
        note(200);
        return value;
      } catch (error) {
        const status = error instanceof UnexpectedAnswer ? error.status : isTimeout(error) ? undefined : 0;
        note(status);
        const later = status === undefined || status === 0 || status >= 500 || status === 429;
        if (!later && what !== 'phone' && status !== 409) throw error;
        if (!later || Date.now() > this.giveUpAt) throw new Refused(String(status));
        await pause(AGAIN_AFTER_MS);
      }
    }
  }
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
