/** The cashier page in motion: it follows the order, switches the visible phase, counts down and keeps the code fresh. */
import { announce, ask, showTime } from './page.js';
import { Follower } from './follow.js';

const main = document.querySelector('.cashier');
const page = main.dataset;
const find = (selector) => main.querySelector(selector);
const findAll = (selector) => [...main.querySelectorAll(selector)];

/** Orders that ended; nothing on this page can change any more. */
const ENDED = ['PAID', 'CANCELLED', 'PAY_FAILED'];
const SHORT_SECONDS = 120;
const CODE_RETRY_MS = 4000;

let phase = page.phase;
let expiresAt = Date.parse(page.expiresAt);
let codeExpiresAt = page.codeExpiresAt ? Date.parse(page.codeExpiresAt) : Infinity;
/** Which code is on the page; null: one that was just made, which the next status names. */
let shownCode = `${page.outTradeNo} ${page.codeExpiresAt}`;
/** Server's clock minus ours, in ms: a wrong clock on the buyer's side must not end the order early. */
let clockOffset = Date.parse(page.serverTime) - Date.now();
let saidShort = false;
let fetchingCode = false;

/** Makes one phase visible and says so. */
const showPhase = (next) => {
  if (next === phase) return;
  const held = find(`[data-panel="${phase}"]`).contains(document.activeElement);
  phase = next;
  main.dataset.phase = next;
  main.dataset.moved = '';
  for (const panel of findAll('[data-panel]')) panel.hidden = panel.dataset.panel !== next;
  find('[data-when="waiting"]').hidden = next !== 'waiting';
  find('[data-when="paid"]').hidden = next !== 'paid';
  find('[data-when="due"]').hidden = next !== 'waiting';
  find('[data-when="not-due"]').hidden = next === 'waiting';
  // Whoever was at a button that is gone goes on reading at what has come.
  if (held) find(`[data-panel="${next}"] .panel__heading`).focus();
  const said = find(`[data-panel="${next}"]`).dataset.liveText;
  document.title = `${said} · ${page.merchant}`;
  announce(said);
};

const showCode = (state) => {
  for (const part of findAll('[data-code]')) part.hidden = part.dataset.code !== state;
};
const codeState = () => findAll('[data-code]').find((part) => !part.hidden)?.dataset.code;

/** Loads the picture of the open code; the text of a code is of no use to the buyer. */
const loadPicture = () =>
  new Promise((resolve) => {
    const picture = new Image();
    picture.alt = '';
    picture.addEventListener('load', () => {
      find('[data-qr]').replaceChildren(picture);
      resolve(true);
    });
    picture.addEventListener('error', () => resolve(false));
    picture.src = `/pay/${encodeURIComponent(page.orderNo)}/qr.svg?at=${Date.now()}`;
  });

/** Asks for a code (the same open one, or a fresh one if that is too old) and shows it. */
const getCode = async () => {
  if (fetchingCode) return;
  fetchingCode = true;
  showCode('loading');
  const answer = await ask(`/weixin/pay/create/native?outtradeno=${encodeURIComponent(page.orderNo)}`, {
    method: 'POST',
  });
  const shown = answer.ok && (await loadPicture());
  fetchingCode = false;
  if (shown) {
    page.codeUrl = answer.body?.code_url ?? '';
    codeExpiresAt = Infinity;
    shownCode = null;
    showCode('ready');
  } else if (phase === 'waiting') {
    showCode('failed');
    if (answer.status === 0 || answer.status >= 500 || answer.status === 429) retryCode(answer.retryAfterSeconds);
  }
  void follower.look();
};

const retryCode = (seconds) =>
  setTimeout(
    () => {
      if (phase === 'waiting' && codeState() === 'failed') void getCode();
    },
    Math.max(CODE_RETRY_MS, (seconds ?? 0) * 1000),
  );

/** A code made elsewhere (second tab, the server's refresh) replaces the one shown here. */
const followCode = async (view) => {
  const code = `${view.outTradeNo ?? ''} ${view.codeUrlExpiresAt ?? ''}`;
  if (view.codeUrlExpiresAt !== null) codeExpiresAt = Date.parse(view.codeUrlExpiresAt);
  const known = shownCode === null || shownCode === code;
  shownCode = code;
  if (known || phase !== 'waiting' || view.codeUrlExpiresAt === null || fetchingCode) return;
  if (await loadPicture()) showCode('ready');
};

/** A paid order can have money on its way back too. */
const showRefund = ({ phase: now, refundStatus }) => {
  const words = find('[data-refund]');
  words.textContent = refundStatus === 'SUCCESS' ? words.dataset.done : words.dataset.going;
  find('[data-when="refund"]').hidden = now !== 'paid' || refundStatus === null;
};

const showStatus = (view) => {
  clockOffset = Date.parse(view.serverTime) - Date.now();
  expiresAt = Date.parse(view.expiresAt);
  page.orderStatus = view.orderStatus;
  showTime(find('[data-field="paidAt"]'), view.paidAt);
  showPhase(view.phase);
  showRefund(view);
  void followCode(view);
  tick();
  if (ENDED.includes(view.orderStatus) && view.phase !== 'refunding') {
    follower.stop();
    clearInterval(ticking);
  }
};

const clockText = (seconds) => {
  const two = (part) => String(part).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

/** Once a second: the countdown, the age of the code, and the end of the time to pay. */
const tick = () => {
  if (phase !== 'waiting') return;
  const now = Date.now() + clockOffset;
  const seconds = Math.max(0, Math.floor((expiresAt - now) / 1000));
  const clock = find('[data-clock]');
  clock.textContent = clockText(seconds);
  clock.classList.toggle('clock--short', seconds <= SHORT_SECONDS);
  if (seconds <= SHORT_SECONDS && seconds > 0 && !saidShort) {
    saidShort = true;
    announce(page.twoMinutes);
  }
  if (now >= codeExpiresAt && codeState() === 'ready') showCode('old');
  if (now >= expiresAt) {
    showPhase('expired');
    void follower.look();
  }
};

const showNotice = (name, visible) => {
  find(`[data-notice="${name}"]`).hidden = !visible;
};

const follower = new Follower(page.orderNo, {
  status: showStatus,
  contact: (online) => {
    const notice = find('[data-notice="offline"]');
    if (!online && notice.hidden) announce(notice.textContent);
    notice.hidden = online;
  },
  refused: () => showNotice('gone', true),
});

for (const button of findAll('[data-new-code]')) button.addEventListener('click', () => void getCode());

/** A page taken from the browser's back/forward memory has a dead connection and an old state. */
addEventListener('pageshow', (event) => {
  if (event.persisted && !ENDED.includes(page.orderStatus)) location.reload();
});
addEventListener('pagehide', () => follower.stop());

const paidAt = find('[data-field="paidAt"]');
showTime(paidAt, paidAt.getAttribute('datetime'));
const ticking = setInterval(tick, 1000);
if (!ENDED.includes(page.orderStatus) || phase === 'refunding') follower.start();
if (phase === 'waiting' && codeState() === 'loading') void getCode();
else tick();
