/** The plate with the QR code: fetched, replaced when it is too old, given up when the order is paid in another way. */
import { ask } from './page.js';

const RETRY_MS = 4000;

export class Code {
  #main;
  #hooks;
  #expiresAt;
  /** Which code is on the page; null: one that was just made, which the next status names. */
  #shown;
  #fetching = false;

  /**
   * @param {HTMLElement} main
   * @param {{isWaiting: () => boolean, changed: () => void, refused: (answer: object) => boolean}} hooks
   *   changed: a request has ended; refused: whether somebody else tells the buyer why there is no code
   */
  constructor(main, hooks) {
    this.#main = main;
    this.#hooks = hooks;
    const { codeExpiresAt, outTradeNo } = main.dataset;
    this.#expiresAt = codeExpiresAt ? Date.parse(codeExpiresAt) : Infinity;
    this.#shown = `${outTradeNo} ${codeExpiresAt}`;
    for (const button of main.querySelectorAll('[data-new-code]')) {
      button.addEventListener('click', () => void this.get());
    }
  }

  /** `ready`, `loading`, `old`, `failed` or `elsewhere`. */
  get state() {
    return this.#parts().find((part) => !part.hidden)?.dataset.code;
  }

  /** Asks for a code (the same open one, or a fresh one if that is too old) and shows it; closes another way first. */
  async get() {
    if (this.#fetching) return;
    this.#fetching = true;
    const before = this.state;
    this.#show('loading');
    const { orderNo } = this.#main.dataset;
    const answer = await ask(`/weixin/pay/create/native?outtradeno=${encodeURIComponent(orderNo)}`, { method: 'POST' });
    const shown = answer.ok && (await this.#loadPicture());
    this.#fetching = false;
    if (shown) {
      this.#main.dataset.codeUrl = answer.body?.code_url ?? '';
      this.#expiresAt = Infinity;
      this.#shown = null;
      this.#show('ready');
    } else if (this.#hooks.refused(answer)) {
      this.#show(before === 'loading' ? 'elsewhere' : before);
    } else if (this.#hooks.isWaiting()) {
      this.#show('failed');
      if (answer.status === 0 || answer.status >= 500 || answer.status === 429) this.#retry(answer.retryAfterSeconds);
    }
    this.#hooks.changed();
  }

  /** A code made elsewhere (second tab, the server's refresh) replaces the one shown here. */
  async follow({ outTradeNo, codeUrlExpiresAt, tradeType, tradeState }) {
    if (this.#fetching) return;
    if (tradeType !== null && tradeType !== 'NATIVE' && tradeState === 'NOTPAY') {
      if (this.state !== 'elsewhere') this.#show('elsewhere');
      this.#shown = '';
      return;
    }
    const code = `${outTradeNo ?? ''} ${codeUrlExpiresAt ?? ''}`;
    if (codeUrlExpiresAt !== null) this.#expiresAt = Date.parse(codeUrlExpiresAt);
    const known = this.#shown === null || this.#shown === code;
    this.#shown = code;
    if (known || !this.#hooks.isWaiting() || codeUrlExpiresAt === null) return;
    if (await this.#loadPicture()) this.#show('ready');
  }

  /** @param {number} now by the server's clock */
  age(now) {
    if (now >= this.#expiresAt && this.state === 'ready') this.#show('old');
  }

  /** Loads the picture of the open code; the text of a code is of no use to the buyer. */
  #loadPicture() {
    return new Promise((resolve) => {
      const picture = new Image();
      picture.alt = '';
      picture.addEventListener('load', () => {
        this.#main.querySelector('[data-qr]').replaceChildren(picture);
        resolve(true);
      });
      picture.addEventListener('error', () => resolve(false));
      picture.src = `/pay/${encodeURIComponent(this.#main.dataset.orderNo)}/qr.svg?at=${Date.now()}`;
    });
  }

  #retry(seconds) {
    const again = () => {
      if (this.#hooks.isWaiting() && this.state === 'failed') void this.get();
    };
    setTimeout(again, Math.max(RETRY_MS, (seconds ?? 0) * 1000));
  }

  #parts() {
    return [...this.#main.querySelectorAll('[data-code]')];
  }

  #show(state) {
    for (const part of this.#parts()) part.hidden = part.dataset.code !== state;
  }
}
