/** A virtual buyer: acts out one line of the plan, and writes every answer into the diary. Operators stand beside some. */
import { UnexpectedAnswer, type Client, type PlacedOrder } from '../stack/client.ts';
import type { Call, Diary } from './diary.ts';
import { againAfterMs, isTimeout, mayComeLater, PATIENCE_MS, Refused, STAYS_MS, unlessRefused } from './patience.ts';
import type { AppInstance, BuyerPlan } from './plan.ts';
import { besideThePriceFen, giveBack, judge } from './operator.ts';
import type { World } from './world.ts';

const PRODUCT = 'tea-longjing';
const LOOK_EVERY_MS = 400;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export class Buyer {
  readonly #client: Client;
  /** The buyer tries nothing again after this time of day, in ms. */
  private readonly giveUpAt: number;

  constructor(
    private readonly world: World,
    private readonly diary: Diary,
    readonly plan: BuyerPlan,
    readonly index: number,
    private readonly instance: number,
    giveUpAt: number,
  ) {
    this.giveUpAt = Math.min(giveUpAt, Date.now() + STAYS_MS);
    this.#client = world.client(instance - 1, `buyer-${index}`, PATIENCE_MS);
  }

  async act(): Promise<void> {
    try {
      await this.#buy();
    } catch (error) {
      if (error instanceof Refused) this.diary.gaveUp += 1;
      else this.diary.surprises.push(`buyer ${this.index}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** One step, repeated as a buyer would: no answer, or one that says "later". @throws Refused when it is hopeless */
  async call<T>(what: Call['what'], work: () => Promise<T>, orderNo?: string): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const at = Date.now();
      const since = performance.now();
      const note = (status: number | undefined): void => {
        const ms = Math.round(performance.now() - since);
        const about = orderNo === undefined ? {} : { orderNo };
        this.diary.calls.push({ buyer: this.index, app: this.#askedBy(what), what, at, ms, status, ...about });
      };
      try {
        const value = await work();
        note(200);
        return value;
      } catch (error) {
        const status = error instanceof UnexpectedAnswer ? error.status : isTimeout(error) ? undefined : 0;
        note(status);
        const later = mayComeLater(status);
        if (!later && what !== 'phone' && status !== 409) throw error;
        if (!later || Date.now() > this.giveUpAt) throw new Refused(String(status));
        await pause(againAfterMs(tries));
      }
    }
  }

  /** Looks at the order until it has one of these states. @throws Refused when it never gets there */
  async waitUntil(orderNo: string, states: readonly string[]): Promise<void> {
    while (!states.includes((await this.call('order', () => this.#client.order(orderNo), orderNo)).status)) {
      if (Date.now() > this.giveUpAt) throw new Refused('the order never got there');
      await pause(LOOK_EVERY_MS);
    }
  }

  async #buy(): Promise<void> {
    const { does, thinksMs } = this.plan;
    const order = await this.#place();
    if (does === 'never-look') return;
    const { orderNo } = order;
    await this.call('cashier', () => this.#client.openCashier(order), orderNo);
    const code = await this.call('code', () => this.#client.createCode(orderNo), orderNo);
    await pause(does === 'pay-late' ? Date.parse(order.expiresAt) - Date.now() + thinksMs - 1_000 : thinksMs);
    await this.#decide(order, code.code_url, code.out_trade_no);
    if (does === 'pay-and-go') return;
    await this.call('status', () => this.#client.status(orderNo), orderNo);
    await this.call('order', () => this.#client.order(orderNo), orderNo);
  }

  async #decide(order: PlacedOrder, codeUrl: string, outTradeNo: string): Promise<void> {
    const { orderNo, totalFee } = order;
    const { does, quantity, gapMs } = this.plan;
    const tap = (outcome: 'pay' | 'decline' | 'fail' | 'payerror'): Promise<unknown> =>
      this.call('phone', () => this.#client.tap(codeUrl, outcome), orderNo);
    const cancel = (): Promise<unknown> => this.call('cancel', () => this.#client.cancel(orderNo), orderNo);
    switch (does) {
      case 'pay':
      case 'pay-and-go':
        await tap('pay');
        return;
      case 'cancel':
        await cancel();
        return;
      case 'decline-then-pay':
        await tap('decline');
        await pause(gapMs);
        await tap('pay');
        return;
      case 'pay-and-cancel': {
        const later = pause(gapMs);
        const [first, second] = quantity % 2 === 0 ? [cancel, () => tap('pay')] : [() => tap('pay'), cancel];
        await Promise.allSettled([first(), later.then(second)]);
        return;
      }
      case 'cancel-then-pay':
        await cancel();
        await pause(1_000 + gapMs);
        await tap('pay');
        return;
      case 'pay-late':
        await this.#payAnyway(orderNo, outTradeNo);
        return;
      case 'wrong-amount':
        await this.#payAnyway(orderNo, outTradeNo, totalFee + 1);
        return;
      case 'wrong-amount-judged':
        await this.#payAnyway(orderNo, outTradeNo, totalFee + besideThePriceFen(quantity));
        await this.waitUntil(orderNo, ['REVIEW', 'CANCELLED']);
        return judge(orderNo, this, this.diary, this.#operator());
      case 'switch-way':
        return this.#switchWay(orderNo, codeUrl);
      case 'fail':
        await tap(quantity % 2 === 0 ? 'fail' : 'payerror');
        return;
      case 'pay-after-end':
        await (quantity % 2 === 0 ? tap('fail') : cancel());
        await this.waitUntil(orderNo, ['CANCELLED', 'PAY_FAILED']);
        await this.#payAnyway(orderNo, outTradeNo, totalFee, true);
        return;
      case 'pay-twice':
        return this.#payTwice(order, outTradeNo);
      case 'refund-all':
      case 'refund-part':
      case 'refund-parts':
      case 'refund-too-much':
        await tap('pay');
        await this.waitUntil(orderNo, ['PAID', 'PART_REFUNDED', 'REFUNDED']);
        return giveBack(does, order, this, this.diary, this.#operator());
      case 'abandon':
      case 'never-look':
    }
  }

  #payAnyway(orderNo: string, number: string, amountFen?: number, althoughClosed = false) {
    return this.call('phone', () => this.#client.payAnyway(number, amountFen, althoughClosed), orderNo);
  }

  #operator(): Client {
    return this.world.client(this.instance - 1, 'operator', PATIENCE_MS, ['operator']);
  }

  /** Has another way opened, which closes the code; whoever is refused that pays the code. */
  async #switchWay(orderNo: string, codeUrl: string): Promise<void> {
    const payWith = (shown: string) => this.call('phone', () => this.#client.tap(shown, 'pay'), orderNo);
    const open = (way: 'h5' | 'app') => this.call('code', () => this.#client.createWay(orderNo, way), orderNo);
    const takeOther = async (): Promise<void> => {
      try {
        if (this.plan.quantity === 3) await open('app');
        const { mweb_url: page = '' } = await open('h5');
        await payWith(page);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await payWith(codeUrl);
      }
    };
    if (this.plan.quantity !== 2) return takeOther();
    return unlessRefused([payWith(codeUrl), pause(this.plan.gapMs).then(takeOther)]);
  }

  /** WeChat closes the first code while its money is on its way; the buyer asks for another code and pays that too. */
  async #payTwice({ orderNo, totalFee }: PlacedOrder, first: string): Promise<void> {
    await this.call('phone', () => this.#client.closeAtWechat(first), orderNo);
    const second = await this.#anotherCode(orderNo, first);
    const pays: (() => Promise<unknown>)[] = [
      () => this.#payAnyway(orderNo, first, totalFee, true),
      ...(second === undefined ? [] : [() => this.call('phone', () => this.#client.tap(second, 'pay'), orderNo)]),
    ];
    if (this.plan.quantity % 2 === 0) pays.reverse();
    const [sooner, later] = pays;
    await Promise.allSettled([sooner?.(), pause(this.plan.gapMs).then(later)]);
  }

  /** The code of a second attempt, once `pay` has learnt that the first is closed; undefined when time was up before. */
  async #anotherCode(orderNo: string, first: string): Promise<string | undefined> {
    try {
      for (;;) {
        await this.call('status', () => this.#client.status(orderNo), orderNo);
        const code = await this.call('code', () => this.#client.createCode(orderNo), orderNo);
        if (code.out_trade_no !== first) return code.code_url;
        await pause(LOOK_EVERY_MS);
      }
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Places the order; some press the button twice, some use the same key for another basket. */
  async #place(): Promise<PlacedOrder> {
    const { quantity } = this.plan;
    const key = `key-${this.index}`;
    const basket = (count: number) => [{ productId: PRODUCT, quantity: count }];
    const order = await this.call('place', () => this.#client.place(basket(quantity), key));
    const about = { orderNo: order.orderNo, buyer: this.index };
    if (quantity === 2) {
      const again = await this.call('place', () => this.#client.place(basket(quantity), key));
      const asPromised = JSON.stringify(again) === JSON.stringify(order);
      this.diary.keys.push({ ...about, what: 'same-body', asPromised, seen: again.orderNo });
    }
    if (quantity === 3) {
      const seen = await this.call('place', () =>
        this.#client.place(basket(1), key).then(
          ({ orderNo }) => orderNo,
          (error: unknown) => {
            if (error instanceof UnexpectedAnswer && error.status === 422) return '422';
            throw error;
          },
        ),
      );
      this.diary.keys.push({ ...about, what: 'other-body', asPromised: seen === '422', seen });
    }
    return order;
  }

  #askedBy(what: Call['what']): Call['app'] {
    if (what === 'phone') return 'wechat-simulator';
    const target = what === 'code' || what === 'cashier' || what === 'status' ? 'pay' : 'order';
    return `${target}-${this.instance}` as AppInstance;
  }
}
