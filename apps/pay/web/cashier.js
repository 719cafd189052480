/** The cashier page in motion: it follows the order, switches the visible phase, counts down and knows when it is over. */
import { announce, showTime } from './page.js';
import { Code } from './code.js';
import { Follower } from './follow.js';
import { Ways } from './ways.js';

const main = document.querySelector('.cashier');
const page = main.dataset;
const find = (selector) => main.querySelector(selector);
const findAll = (selector) => [...main.querySelectorAll(selector)];

/** Orders that ended. */
const ENDED = ['PAID', 'CANCELLED', 'PAY_FAILED'];
const SHORT_SECONDS = 120;
/** Long enough to read that it is paid, before the shop's own page comes. */
const SUCCESS_MS = 2500;

let phase = page.phase;
let expiresAt = Date.parse(page.expiresAt);
/** Server's clock minus ours, in ms: a wrong clock on the buyer's side must not end the order early. */
let clockOffset = Date.parse(page.serverTime) - Date.now();
let saidShort = false;

/** Whether the page can still change: late money that goes back is followed after the order's own end. */
const isMoving = () => !ENDED.includes(page.orderStatus) || phase === 'refunding';

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
  announce(next === 'paid' && page.successUrl ? `${said}. ${page.toSuccess}` : said);
  if (next === 'paid' && page.successUrl) setTimeout(() => location.assign(page.successUrl), SUCCESS_MS);
};

/** A paid order can have money on its way back too; what WeChat refused or closed is not. */
const showRefund = ({ phase: now, refundStatus }) => {
  const words = find('[data-refund]');
  const { going, done, repaid } = words.dataset;
  words.textContent = { SUCCESS: done, REPAID: repaid }[refundStatus] ?? going;
  find('[data-when="refund"]').hidden =
    now !== 'paid' || refundStatus === null || refundStatus === 'REFUSED' || refundStatus === 'CLOSED';
};

const showStatus = (view) => {
  clockOffset = Date.parse(view.serverTime) - Date.now();
  expiresAt = Date.parse(view.expiresAt);
  page.orderStatus = view.orderStatus;
  showTime(find('[data-field="paidAt"]'), view.paidAt);
  showPhase(view.phase);
  showRefund(view);
  void code.follow(view);
  tick();
  if (!isMoving()) {
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
  code.age(now);
  if (now >= expiresAt) {
    showPhase('expired');
    void follower.look();
  }
};

const follower = new Follower(page.orderNo, {
  status: showStatus,
  contact: (online) => {
    const notice = find('[data-notice="offline"]');
    if (!online && notice.hidden) announce(notice.textContent);
    notice.hidden = online;
  },
  refused: () => {
    find('[data-notice="gone"]').hidden = false;
  },
});

/** A page taken from the browser's back/forward memory has a dead connection and an old state. */
addEventListener('pageshow', (event) => {
  if (event.persisted && isMoving()) location.reload();
});
addEventListener('pagehide', () => follower.stop());

const paidAt = find('[data-field="paidAt"]');
showTime(paidAt, paidAt.getAttribute('datetime'));
if (isMoving()) follower.start();
const code = new Code(main, {
  isWaiting: () => phase === 'waiting',
  changed: () => void follower.look(),
  refused: (answer) => ways.refused(answer, 'native'),
});
const ways = new Ways(main, {
  showCode: () => void code.get(),
  asking: () => follower.hurry(),
  changed: () => void follower.look(),
});
const ticking = setInterval(tick, 1000);
if (phase === 'waiting' && page.shows === 'code' && code.state === 'loading') void code.get();
else tick();
