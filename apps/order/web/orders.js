/** "My orders": read, shown, followed until they are final, cancelled. */
import { announce, ask, copyOf, fill, put, showTime, yuan } from './page.js';

const FINAL = ['PAID', 'PART_REFUNDED', 'REFUNDED', 'CANCELLED', 'PAY_FAILED'];
const TONE = {
  WAIT_PAY: 'due',
  CLOSING: 'busy',
  REVIEW: 'care',
  PAID: 'good',
  PART_REFUNDED: 'good',
  REFUNDED: 'quiet',
  CANCELLED: 'quiet',
  PAY_FAILED: 'bad',
};
const REFUND_TONE = {
  REQUESTED: 'due',
  SUCCESS: 'good',
  REFUSED: 'bad',
  CLOSED: 'bad',
  ABNORMAL: 'care',
  REPAID: 'good',
};
const FOLLOW_MS = 3000;
const RETRY_MS = 6000;
const SURE_MS = 4000;

/** The visitor's orders as a list on the page. */
export class Orders {
  #texts;
  #list = document.querySelector('[data-orders]');
  #empty = document.querySelector('[data-orders-empty]');
  #problem = document.querySelector('[data-orders-problem]');
  #shown = new Map();
  #timer = 0;

  constructor(texts) {
    this.#texts = texts;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.refresh();
    });
  }

  /** Reads the list; a visitor without a session has no orders, and none is made for looking. */
  async refresh() {
    clearTimeout(this.#timer);
    const answer = await ask('/orders');
    const known = answer.ok || answer.status === 401;
    this.#problem.hidden = known;
    this.#problem.textContent = known ? '' : this.#texts.ordersFailed;
    if (known) this.#show(answer.body?.orders ?? []);
    this.#follow(known);
  }

  #follow(known) {
    const moving = [...this.#shown.values()].some(({ order }) => !FINAL.includes(order.status));
    if (document.visibilityState !== 'visible' || (known && !moving)) return;
    this.#timer = setTimeout(() => void this.refresh(), known ? FOLLOW_MS : RETRY_MS);
  }

  #show(orders) {
    this.#empty.hidden = orders.length > 0;
    const rows = orders.map((order) => this.#row(order));
    if (rows.some((row, index) => this.#list.children[index] !== row)) this.#list.replaceChildren(...rows);
  }

  #row(order) {
    const before = this.#shown.get(order.orderNo);
    const row = before?.row ?? this.#newRow(order);
    this.#shown.set(order.orderNo, { row, order });
    if (before && before.order.status !== order.status) {
      announce(`${order.title}: ${this.#texts.status[order.status] ?? order.status}`);
      if (row.querySelector('details').open) void this.#showDetails(order.orderNo, row);
    }
    this.#update(row, order);
    return row;
  }

  #newRow(order) {
    const row = copyOf('order');
    fill(row, { orderNo: order.orderNo, sum: yuan(order.totalFee), title: order.title });
    showTime(row.querySelector('.order__time'), order.createdAt);
    row.querySelector('details').addEventListener('toggle', (event) => {
      if (event.target.open) void this.#showDetails(order.orderNo, row);
    });
    const cancel = row.querySelector('[data-cancel]');
    cancel.addEventListener('click', () => void this.#cancel(order.orderNo, cancel, row));
    return row;
  }

  #update(row, order) {
    fill(row, { status: this.#texts.status[order.status] ?? order.status });
    row.querySelector('.pill').dataset.tone = TONE[order.status] ?? 'quiet';
    const open = order.status === 'WAIT_PAY';
    const pay = row.querySelector('[data-pay]');
    pay.hidden = !open || !order.payUrl;
    if (order.payUrl) pay.href = withLanguage(order.payUrl);
    row.querySelector('[data-cancel]').hidden = !open;
    row.querySelector('[data-actions]').hidden = !open;
  }

  async #showDetails(orderNo, row) {
    const answer = await ask(`/orders/${encodeURIComponent(orderNo)}`);
    if (!answer.ok) return;
    const { log = [], refunds = [], points = 0, status } = answer.body;
    row.querySelector('[data-log]').replaceChildren(...log.map((entry) => this.#entry(entry)));
    row.querySelector('[data-refunds]').replaceChildren(...refunds.map((refund) => this.#refund(refund)));
    const earned = row.querySelector('[data-points]');
    earned.hidden = status !== 'PAID' || !points;
    earned.textContent = put(this.#texts.points, { count: points });
  }

  #entry({ at, to, reason }) {
    const entry = fill(copyOf('entry'), {
      to: this.#texts.status[to] ?? to,
      reason: this.#texts.reason[reason] ?? reason ?? '',
    });
    showTime(entry.querySelector('time'), at, 'exact');
    return entry;
  }

  /** The rules' own reasons are said in the reader's language, an operator's as it was written. */
  #refund({ amountFen, status, origin, reason }) {
    const row = fill(copyOf('refund'), {
      sum: put(this.#texts.refund, { amount: yuan(amountFen) }),
      state: this.#texts.refundState[status] ?? status,
      reason: this.#texts.refundReason[origin] ?? reason,
    });
    row.querySelector('.pill').dataset.tone = REFUND_TONE[status] ?? 'quiet';
    return row;
  }

  /** Two presses: the first asks, the second cancels. */
  async #cancel(orderNo, button, row) {
    if (!button.dataset.sure) {
      button.dataset.sure = 'yes';
      button.textContent = this.#texts.cancelSure;
      setTimeout(() => this.#calm(button), SURE_MS);
      return;
    }
    button.disabled = true;
    const answer = await ask(`/orders/${encodeURIComponent(orderNo)}/cancel`, { method: 'POST' });
    button.disabled = false;
    this.#calm(button);
    const problem = row.querySelector('[data-problem]');
    problem.hidden = answer.ok;
    problem.textContent = answer.ok ? '' : this.#refusal(answer);
    if (!answer.ok) announce(problem.textContent);
    void this.refresh();
  }

  #calm(button) {
    delete button.dataset.sure;
    button.textContent = this.#texts.cancel;
  }

  #refusal({ status, body }) {
    const { problem } = this.#texts;
    if (status === 409) return problem.NOT_CANCELLABLE;
    return put(problem.OTHER, { code: body?.code ?? status });
  }
}

/**
 * Takes the language of this page along to the cashier.
 * @param {string} address
 */
export const withLanguage = (address) => {
  const url = new URL(address, location.href);
  url.searchParams.set('lang', document.documentElement.lang.slice(0, 2));
  return url.href;
};
