/** A buyer with a browser and a phone, as far as HTTP shows them: what the demo and the end-to-end tests act with. */
import { randomUUID } from 'node:crypto';
import type { RunningStack } from './run-file.ts';
import { linksOf } from './settings.ts';
import type {
  CallCount,
  CreatedCode,
  CreatedWay,
  LedgerEntry,
  OrderView,
  PlacedOrder,
  Product,
  StatusView,
} from './views.ts';
import { DEMO_COOKIE, issueToken } from '#platform';

export type * from './views.ts';

const ANSWER_WITHIN_MS = 10_000;
const TOKEN_SECONDS = 86_400;

/** An answer nobody asked for. The problem's `code`, if it has one, is part of the message. */
export class UnexpectedAnswer extends Error {
  constructor(
    what: string,
    readonly status: number,
    readonly body: string,
  ) {
    super(`${what} answered ${status}: ${body.slice(0, 300)}`);
  }
}

export class Client {
  readonly links: ReturnType<typeof linksOf>;
  /** Cookie of each order's pay link. */
  readonly #cookies = new Map<string, string>();
  /** Cookies that know the buyer, by their names. */
  readonly #session = new Map<string, string>();
  readonly #token: Promise<string>;

  /**
   * @param stack without its secrets the buyer is an anonymous one of the demo shop, and the simulator is not controlled
   * @param sub the buyer's name; a made-up one by default, so that every client is somebody else
   */
  constructor(
    private readonly stack: Pick<RunningStack, 'ports'> & Partial<Pick<RunningStack, 'secrets'>>,
    sub = `buyer-${randomUUID()}`,
    roles: string[] = [],
    /** Nobody waits longer for an answer. */
    private readonly patienceMs = ANSWER_WITHIN_MS,
  ) {
    this.links = linksOf(stack.ports);
    const secret = stack.secrets?.AUTH_JWT_SECRET;
    this.#token =
      secret === undefined ? this.#demoSession() : issueToken({ sub, roles, secret, expiresInSeconds: TOKEN_SECONDS });
    this.#token.catch(() => undefined); // reported by the first call that needs it
  }

  products(): Promise<Product[]> {
    return this.#json('GET', `${this.links.order}/products`);
  }

  /** Places an order; the same key places the same order again, not another one. */
  async place(
    items: { productId: string; quantity: number }[],
    idempotencyKey: string = randomUUID(),
  ): Promise<PlacedOrder> {
    const headers = { ...(await this.#bearer()), 'idempotency-key': idempotencyKey };
    return this.#json('POST', `${this.links.order}/orders`, { headers, body: { items } });
  }

  async order(orderNo: string): Promise<OrderView> {
    return this.#json('GET', `${this.links.order}/orders/${orderNo}`, { headers: await this.#bearer() });
  }

  /** The newest orders: one's own, or for an operator everybody's. */
  async orders(): Promise<{ orders: Pick<OrderView, 'orderNo' | 'status' | 'totalFee'>[]; next: string | null }> {
    return this.#json('GET', `${this.links.order}/orders`, { headers: await this.#bearer() });
  }

  async cancel(orderNo: string): Promise<void> {
    await this.#fetch('POST', `${this.links.order}/orders/${orderNo}/cancel`, { headers: await this.#bearer() });
  }

  /** What an operator does: gives money of a paid order back. */
  async refund(
    orderNo: string,
    body: { amountFen: number; reason: string; restock?: boolean },
    idempotencyKey: string = randomUUID(),
  ): Promise<{ outRefundNo: string; status: string }> {
    const headers = { ...(await this.#bearer()), 'idempotency-key': idempotencyKey };
    return this.#json('POST', `${this.links.order}/orders/${orderNo}/refunds`, { headers, body });
  }

  /** One list of what an app could not finish by itself. */
  async operatorList(app: 'pay' | 'order', list: string): Promise<{ rows: Record<string, unknown>[] }> {
    return this.#json('GET', `${this.links[app]}/operator/${list}`, { headers: await this.#bearer() });
  }

  /** Decides about money of another amount. */
  async review(
    orderNo: string,
    decision: 'accept' | 'refund',
    idempotencyKey: string = randomUUID(),
  ): Promise<{ status: string; transactionId: string; refund: { outRefundNo: string; amountFen: number } | null }> {
    const headers = { ...(await this.#bearer()), 'idempotency-key': idempotencyKey };
    return this.#json('POST', `${this.links.order}/operator/orders/${orderNo}/review`, { headers, body: { decision } });
  }

  /** Looks at one row or does something to it, by the path under `/operator`: a body is posted. */
  async operate<T = Record<string, unknown>>(app: 'pay' | 'order', path: string, body?: object): Promise<T> {
    const headers = { ...(await this.#bearer()), ...(body && { 'idempotency-key': randomUUID() }) };
    return this.#json(body ? 'POST' : 'GET', `${this.links[app]}/operator/${path}`, { headers, ...(body && { body }) });
  }

  /** Has WeChat asked about an order now. */
  async settleNow(orderNo: string): Promise<StatusView> {
    const url = `${this.links.pay}/operator/orders/${orderNo}/settle`;
    return this.#json('POST', url, { headers: await this.#bearer() });
  }

  /** Follows the link to the cashier as a browser does, and keeps its cookie. */
  async openCashier(order: Pick<PlacedOrder, 'orderNo' | 'payUrl'>): Promise<void> {
    const answer = await this.#fetch('GET', order.payUrl, { redirect: 'manual' });
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('paypair_order_'));
    if (!cookie) throw new UnexpectedAnswer('the pay link (no cookie)', answer.status, await answer.text());
    this.#cookies.set(order.orderNo, cookie.split(';')[0] ?? '');
  }

  /** Has the payment code made, or the open one answered again. */
  createCode(orderNo: string): Promise<CreatedCode> {
    const url = `${this.links.pay}/weixin/pay/create/native?outtradeno=${orderNo}`;
    return this.#json('POST', url, { headers: this.cookiesOf(orderNo) });
  }

  /** The same for another way to pay: what a page inside WeChat, a mobile browser or an app is given. */
  createWay(orderNo: string, way: 'jsapi' | 'h5' | 'app'): Promise<CreatedWay> {
    const url = `${this.links.pay}/weixin/pay/create/${way}?outtradeno=${orderNo}`;
    return this.#json('POST', url, { headers: this.cookiesOf(orderNo) });
  }

  /** What the server behind a mini-program does for a payer it knows. */
  async createMini(orderNo: string, payer: { openid: string; payerIp: string }): Promise<CreatedWay> {
    const url = `${this.links.pay}/weixin/pay/create/mini?outtradeno=${orderNo}`;
    return this.#json('POST', url, { headers: await this.#bearer(), body: payer });
  }

  /** Goes to WeChat and comes back known, as a browser inside WeChat does. Answers where it ended. */
  async meetWechat(orderNo: string): Promise<string> {
    let url = `${this.links.pay}/weixin/oauth/start?outtradeno=${orderNo}`;
    for (let hops = 0; hops < 3; hops += 1) {
      const isOurs = url.startsWith(this.links.pay);
      const headers = isOurs ? this.cookiesOf(orderNo) : {};
      const answer = await this.#fetch('GET', url, { headers, redirect: 'manual' });
      for (const cookie of answer.headers.getSetCookie()) {
        const [pair = ''] = cookie.split(';');
        this.#session.set(pair.split('=')[0] ?? '', pair);
      }
      url = new URL(answer.headers.get('location') ?? '', url).href;
    }
    return url;
  }

  status(orderNo: string): Promise<StatusView> {
    const url = `${this.links.pay}/weixin/pay/status/query?outtradeno=${orderNo}`;
    return this.#json('GET', url, { headers: this.cookiesOf(orderNo) });
  }

  /**
   * Status views as the cashier page receives them, until `signal` aborts or the stream ends.
   * @param at another instance of `pay`
   */
  async *follow(orderNo: string, signal: AbortSignal, at = this.links.pay): AsyncGenerator<StatusView> {
    const url = `${at}/weixin/pay/status/stream?outtradeno=${orderNo}`;
    const headers = { ...this.cookiesOf(orderNo), accept: 'text/event-stream' };
    const answer = await fetch(url, { headers, signal });
    if (!answer.ok || !answer.body) throw new UnexpectedAnswer('the status stream', answer.status, await answer.text());
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const data = part.split('\n').filter((line) => line.startsWith('data:'));
        if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join('\n')) as StatusView;
      }
    }
  }

  /** What the phone shows after scanning. */
  scan(codeUrl: string): Promise<{ outTradeNo: string; totalFee: number; state: string }> {
    return this.#json('POST', `${this.links['wechat-simulator']}/phone/api/scan`, { body: { codeUrl } });
  }

  /** What the phone's buttons do. */
  tap(
    codeUrl: string,
    outcome: 'pay' | 'decline' | 'fail' | 'payerror' = 'pay',
  ): Promise<{ state: string; transactionId: string | null; paidAt: string | null }> {
    return this.#json('POST', `${this.links['wechat-simulator']}/phone/api/pay`, { body: { codeUrl, outcome } });
  }

  /** Everything the simulator has captured, closed and notified, oldest first. */
  async ledger(): Promise<LedgerEntry[]> {
    const { entries } = await this.#control<{ entries: LedgerEntry[] }>('GET', 'ledger');
    return entries;
  }

  /** Replaces the simulator's fault plan; an empty one heals everything. */
  async faults(plan: object): Promise<void> {
    await this.#control('PUT', 'faults', plan);
  }

  /** Changes some of the simulator's rules, for example how refunds end. */
  async rules(changes: object): Promise<void> {
    await this.#control('PUT', 'rules', changes);
  }

  /** Calls of the simulator's gateway, by endpoint and number. */
  async wechatCalls(): Promise<CallCount[]> {
    const { calls } = await this.#control<{ calls: CallCount[] }>('GET', 'calls');
    return calls;
  }

  /**
   * Pays at the simulator with whatever amount and at whatever time, which no phone can do. `althoughClosed`: the money
   * was on its way when the order was closed.
   */
  payAnyway(outTradeNo: string, amountFen?: number, althoughClosed = false): Promise<{ transactionId: string }> {
    const how = { ...(amountFen !== undefined && { amountFen }), ...(althoughClosed && { althoughClosed }) };
    return this.#control('POST', `orders/${outTradeNo}/pay`, how);
  }

  /** Has the simulator close an unpaid order before its time. */
  async closeAtWechat(outTradeNo: string): Promise<void> {
    await this.#control('POST', `orders/${outTradeNo}/close`);
  }

  /** Moves the simulator's clock forward; everything that falls due on the way happens. */
  async advanceClock(advanceMs: number): Promise<void> {
    await this.#control('PUT', 'clock', { advanceMs });
  }

  #control<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'x-control-token': this.stack.secrets?.SIMULATOR_CONTROL_TOKEN ?? '' };
    return this.#json(method, `${this.links['wechat-simulator']}/control/${path}`, { headers, ...(body && { body }) });
  }

  /** The cookie of the demo shop holds a token like any other. */
  async #demoSession(): Promise<string> {
    const answer = await this.#fetch('POST', `${this.links.order}/demo/session`, {});
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith(`${DEMO_COOKIE}=`));
    return cookie?.split(';')[0]?.slice(DEMO_COOKIE.length + 1) ?? '';
  }

  async #bearer(): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await this.#token}` };
  }

  /** The header a browser of this buyer sends to `pay`. */
  cookiesOf(orderNo: string): { cookie: string } {
    return { cookie: [this.#cookies.get(orderNo) ?? '', ...this.#session.values()].join('; ') };
  }

  async #json<T>(method: string, url: string, options: Request = {}): Promise<T> {
    const answer = await this.#fetch(method, url, options);
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async #fetch(method: string, url: string, { headers = {}, body, redirect = 'follow' }: Request): Promise<Response> {
    const answer = await fetch(url, {
      method,
      redirect,
      signal: AbortSignal.timeout(this.patienceMs),
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 400)
      throw new UnexpectedAnswer(`${method} ${new URL(url).pathname}`, answer.status, await answer.text());
    return answer;
  }
}

interface Request {
  headers?: Record<string, string>;
  body?: object;
  redirect?: 'manual' | 'follow';
}
