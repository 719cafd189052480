import { ask } from './page.js';

const POLL_MS = [3000, 3000, 4000, 6000, 10_000];
/** While the stream is open a slow look still finds what a silently dead connection would have missed. */
const SAFETY_MS = 20_000;
const REOPEN_MS = 15_000;

/**
 * Follows one order: server-sent events, and while they are away polling that slows from 3 s to 10 s.
 * Statuses arrive in the order of the server's clock; older ones are dropped.
 */
export class Follower {
  #handlers;
  #urls;
  #source = null;
  #pollTimer = 0;
  #pollDueAt = Infinity;
  #reopenTimer = 0;
  #polls = 0;
  #misses = 0;
  #asking = false;
  #stopped = false;
  #silent = false;
  #hurried = 0;
  #newest = '';

  /**
   * @param {string} outTradeNo
   * @param {{status: (view: object) => void, contact: (online: boolean) => void, refused: () => void}} handlers
   *   contact: whether the server can be heard at all; refused: the server says this page may not ask (any more)
   */
  constructor(outTradeNo, handlers) {
    const query = `outtradeno=${encodeURIComponent(outTradeNo)}`;
    this.#urls = { stream: `/weixin/pay/status/stream?${query}`, query: `/weixin/pay/status/query?${query}` };
    this.#handlers = handlers;
  }

  start() {
    this.#stopped = false;
    this.#open();
    this.#plan(POLL_MS[0]);
    addEventListener('online', this.#again);
    addEventListener('offline', this.#lost);
    document.addEventListener('visibilitychange', this.#seen);
  }

  stop() {
    this.#stopped = true;
    this.#source?.close();
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#reopenTimer);
    removeEventListener('online', this.#again);
    removeEventListener('offline', this.#lost);
    document.removeEventListener('visibilitychange', this.#seen);
  }

  /** Asks once, at once. */
  async look() {
    if (this.#asking || this.#stopped) return;
    this.#asking = true;
    const answer = await ask(this.#urls.query);
    this.#asking = false;
    if (answer.ok && this.#silent && !this.#stopped) this.#open();
    if (answer.ok && answer.body) this.#accept(answer.body);
    else if (answer.status === 403 || answer.status === 404) this.#refuse();
    else this.#missed();
    if (!this.#stopped) this.#plan(this.#nextDelay(answer.retryAfterSeconds));
  }

  /** Asks at once and often for a while, although the stream is open: the buyer may have paid where only WeChat knows. */
  hurry() {
    this.#hurried = POLL_MS.length;
    this.#polls = 0;
    void this.look();
  }

  /** Connects and asks anew, after the network or the page was away. */
  #again = () => {
    this.#polls = 0;
    this.#open();
    void this.look();
  };

  /** The next answer opens the stream again, whether the browser knows of the network's return or not. */
  #lost = () => {
    this.#source?.close();
    this.#silent = true;
    this.#handlers.contact(false);
  };

  #seen = () => {
    if (document.visibilityState === 'visible') void this.look();
  };

  #open() {
    clearTimeout(this.#reopenTimer);
    this.#silent = false;
    this.#source?.close();
    const source = new EventSource(this.#urls.stream);
    this.#source = source;
    source.addEventListener('open', () => this.#heard());
    source.addEventListener('status', (event) => this.#accept(JSON.parse(event.data)));
    source.addEventListener('error', () => {
      if (this.#pollDueAt > Date.now() + POLL_MS[0]) this.#plan(POLL_MS[0]);
      if (source.readyState === EventSource.CLOSED) this.#reopenTimer = setTimeout(() => this.#open(), REOPEN_MS);
    });
  }

  #nextDelay(retryAfterSeconds) {
    if (retryAfterSeconds !== undefined) return Math.max(POLL_MS[0], retryAfterSeconds * 1000);
    if (this.#hurried > 0) return POLL_MS[POLL_MS.length - this.#hurried--];
    if (this.#source?.readyState === EventSource.OPEN) return SAFETY_MS;
    const delay = POLL_MS[Math.min(this.#polls, POLL_MS.length - 1)];
    this.#polls += 1;
    return delay;
  }

  #plan(delayMs) {
    clearTimeout(this.#pollTimer);
    this.#pollDueAt = Date.now() + delayMs;
    this.#pollTimer = setTimeout(() => void this.look(), delayMs);
  }

  #accept(view) {
    if (this.#stopped) return;
    this.#heard();
    if (view.serverTime < this.#newest) return;
    this.#newest = view.serverTime;
    this.#handlers.status(view);
  }

  #heard() {
    this.#misses = 0;
    this.#polls = 0;
    this.#handlers.contact(true);
  }

  #missed() {
    this.#misses += 1;
    if (this.#misses >= 2) this.#handlers.contact(false);
  }

  #refuse() {
    this.stop();
    this.#handlers.refused();
  }
}
