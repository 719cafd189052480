/** The ways to pay on this device: choosing one, switching to another, and what is said when WeChat does not let go. */
import { announce, ask, put } from './page.js';
import { openSheet } from './bridge.js';

/** A tap on "pay" goes on by itself after the way to WeChat and back, if that took no longer. */
const GO_ON_MS = 60_000;
const RETRY_SECONDS = 30;

export class Ways {
  #main;
  #texts;
  #hooks;
  #busy = false;
  /** WeChat has not taken a payment: perhaps because somebody else uses it now than when it was asked. */
  #doubts = false;
  #wanted = null;
  #closingTimer = 0;

  /**
   * @param {HTMLElement} main
   * @param {{showCode: () => void, asking: () => void, changed: () => void}} hooks
   *   showCode: the buyer wants the code; asking: they may have paid; changed: a request has ended
   */
  constructor(main, hooks) {
    this.#main = main;
    this.#texts = JSON.parse(main.dataset.texts);
    this.#hooks = hooks;
    for (const button of this.#all('[data-way]')) {
      button.addEventListener('click', () => void this.choose(button.dataset.way, button));
    }
    for (const button of this.#all('[data-other-ways]')) button.addEventListener('click', () => this.#show('ways'));
    this.#find('[data-ask]')?.addEventListener('click', () => this.#ask());
    this.#find('[data-closing-retry]').addEventListener('click', () => void this.choose(this.#wanted));
    this.#find('[data-closing-old]').addEventListener('click', ({ currentTarget }) => {
      void this.choose(currentTarget.dataset.way);
    });
    if (main.dataset.shows === 'asking') this.#hooks.asking();
    if (this.#wasSentAway() && main.dataset.phase === 'waiting') void this.choose('jsapi', undefined, true);
  }

  /**
   * Pays in a way; whatever else is open is closed first, by the server.
   * @param {boolean} isBack from WeChat, which was to say who is paying
   */
  async choose(way, button, isBack = false) {
    if (this.#busy || way === null) return;
    this.#wanted = way;
    this.#quiet();
    if (way === 'native') {
      this.#show('code');
      this.#hooks.showCode();
      return;
    }
    if (way === 'jsapi' && this.#doubts) {
      this.#meetWechat(`/weixin/oauth/start?outtradeno=${encodeURIComponent(this.#main.dataset.orderNo)}`);
      return;
    }
    this.#busy = true;
    button?.setAttribute('aria-busy', 'true');
    this.#say(this.#texts.opening);
    const { orderNo } = this.#main.dataset;
    const answer = await ask(`/weixin/pay/create/${way}?outtradeno=${encodeURIComponent(orderNo)}`, { method: 'POST' });
    await this.#go(way, answer, isBack);
    button?.removeAttribute('aria-busy');
    this.#busy = false;
    this.#hooks.changed();
  }

  /**
   * Tells the buyer of a refusal that is about the ways to pay.
   * @param {string} way that was asked for
   * @returns {boolean} whether WeChat keeps another way
   */
  refused({ status, body, retryAfterSeconds }, way) {
    this.#wanted = way;
    if (status === 409 && body?.code === 'ATTEMPT_CLOSING') {
      this.#offerOld(body.way, retryAfterSeconds ?? RETRY_SECONDS);
      return true;
    }
    if (body?.code === 'WECHAT_REFUSED') {
      const reason = [body.wechatText, body.wechatCode].filter(Boolean).join(' · ');
      this.#say(put(this.#texts.refused, { reason }));
    }
    return false;
  }

  /** Nothing of what was said matters any more. */
  #quiet() {
    clearInterval(this.#closingTimer);
    this.#find('[data-closing]').hidden = true;
    this.#say('');
  }

  async #go(way, answer, isBack) {
    if (!answer.ok) return this.#explain(way, answer, isBack);
    if (way === 'h5') {
      if (!/^https?:\/\//.test(answer.body?.mweb_url ?? '')) return this.#say(this.#texts.noAnswer);
      this.#say('');
      this.#show('asking');
      location.assign(answer.body.mweb_url);
      return undefined;
    }
    const left = await openSheet(answer.body);
    if (left === 'ok') return this.#ask();
    if (left === 'cancel') return this.#say(this.#texts.cancelled);
    if (left === 'absent') return this.#say(this.#texts.notWechat);
    this.#doubts = true;
    return this.#say(put(this.#texts.failed, { reason: left }));
  }

  /** Has WeChat say who is paying; the page comes back and goes on by itself. */
  #meetWechat(url) {
    this.#rememberGoing();
    location.assign(url);
  }

  #explain(way, answer, isBack) {
    const { status, body } = answer;
    this.#say('');
    // Sent there once more without being asked, the buyer would go round and round.
    if (body?.code === 'OPENID_REQUIRED' && isBack) {
      this.#say(this.#texts.notKnown);
      return;
    }
    if (body?.code === 'OPENID_REQUIRED' && /^\/(?!\/)/.test(body.authorizeUrl ?? '')) {
      this.#meetWechat(body.authorizeUrl);
      return;
    }
    if (this.refused(answer, way) || body?.code === 'WECHAT_REFUSED') return;
    if (body?.code === 'WAY_NOT_CONFIGURED') this.#say(this.#texts.notOffered);
    // Another 409: the order has moved on, and the page shows how.
    else if (status !== 409) this.#say(this.#texts.noAnswer);
  }

  #ask() {
    this.#say('');
    this.#show('asking');
    announce(this.#texts.askingLive);
    this.#hooks.asking();
  }

  #offerOld(way, seconds) {
    const text = `${this.#texts.closing[way] ?? ''} ${this.#texts.closingWait}`;
    const old = this.#find('[data-closing-old]');
    old.hidden = !this.#isHere(way);
    old.dataset.way = way;
    old.textContent = this.#texts.old[way] ?? '';
    this.#find('[data-closing]').hidden = false;
    this.#find('[data-closing-text]').textContent = text;
    const until = Date.now() + seconds * 1000;
    const count = () => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
      const retry = this.#find('[data-closing-retry]');
      retry.disabled = left > 0;
      retry.textContent = left > 0 ? put(this.#texts.retryIn, { time }) : this.#texts.retry;
      if (left === 0) clearInterval(this.#closingTimer);
    };
    clearInterval(this.#closingTimer);
    this.#closingTimer = setInterval(count, 1000);
    count();
  }

  /** Whether this device can go on in a way. */
  #isHere(way) {
    return way === 'native' || this.#find(`[data-way="${way}"]:not([data-closing-old])`) !== null;
  }

  #rememberGoing() {
    try {
      sessionStorage.setItem(`going ${this.#main.dataset.orderNo}`, String(Date.now()));
    } catch {
      // Without a memory the buyer taps once more.
    }
  }

  #wasSentAway() {
    const name = `going ${this.#main.dataset.orderNo}`;
    try {
      const at = Number(sessionStorage.getItem(name) ?? 0);
      sessionStorage.removeItem(name);
      return Date.now() - at < GO_ON_MS;
    } catch {
      return false;
    }
  }

  #show(choice) {
    for (const part of this.#all('[data-choice]')) part.hidden = part.dataset.choice !== choice;
    this.#find(`[data-choice="${choice}"] .panel__heading`)?.focus();
  }

  #say(text) {
    const note = this.#find('[data-way-note]');
    note.hidden = text === '';
    note.textContent = text;
  }

  #find(selector) {
    return this.#main.querySelector(selector);
  }

  #all(selector) {
    return [...this.#main.querySelectorAll(selector)];
  }
}
