/** The phone: a list of codes, the payment sheet of one of them, and how it ended. */
import { announce, ask, copyOf, fill, put, yuan } from './page.js';
import { showPayments } from './payments.js';

const find = (selector) => document.querySelector(selector);
const findAll = (selector) => [...document.querySelectorAll(selector)];
const texts = JSON.parse(find('.desk').dataset.texts);
const LOOK_MS = 2000;
/** A failed payment is not final: until the order is closed, its code can still be paid. */
const PAYABLE = ['NOTPAY', 'USERPAYING', 'PAYERROR'];
/** What a refusal means for the code, in the words of its state. */
const STATE_OF = { ORDER_PAID: 'SUCCESS', ORDER_CLOSED: 'CLOSED', CODE_EXPIRED: 'EXPIRED' };
const TONE = { pay: 'good', decline: 'quiet', notenough: 'bad', leave: 'quiet', fail: 'bad', payerror: 'bad' };
const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** What the address says: a payment to open at once (from a page for mobile browsers), and where to go afterwards. */
const asked = new URLSearchParams(location.search);

/** The scanned code while its sheet is open. */
let scanned = null;
let busy = false;
let listed = '';

const showScreen = (name) => {
  for (const screen of findAll('[data-screen]')) screen.hidden = screen.dataset.screen !== name;
  find('.phone__screen').scrollTop = 0;
  find(`[data-screen="${name}"] [data-focus]`)?.focus();
};

const showCodes = (codes) => {
  const newest = [...codes].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  find('[data-codes-empty]').hidden = newest.length > 0;
  const now = JSON.stringify(newest);
  if (now === listed) return;
  listed = now;
  find('[data-codes]').replaceChildren(...newest.map(codeRow));
};

const codeRow = (code) => {
  const row = fill(copyOf('code'), {
    body: code.body,
    sum: yuan(code.totalFee),
    outTradeNo: code.tradeType === 'NATIVE' ? code.outTradeNo : `${code.tradeType} · ${code.outTradeNo}`,
    until: put(texts.until, { time: clock.format(new Date(code.expiresAt)) }),
  });
  row.querySelector('button').addEventListener('click', () => void scan(code.codeUrl));
  return row;
};

/** Looks for new codes and answers to notifications while the home screen is open. */
const look = async () => {
  if (!find('[data-screen="home"]').hidden && document.visibilityState === 'visible') {
    const [codes, payments] = await Promise.all([ask('/phone/api/codes'), showPayments(texts)]);
    if (codes.ok) showCodes(codes.body?.codes ?? []);
    find('[data-offline]').hidden = codes.ok && payments;
    find('[data-offline]').textContent = codes.ok && payments ? '' : texts.offline;
  }
  setTimeout(() => void look(), LOOK_MS);
};

const sayPaste = (text) => {
  find('[data-paste-problem]').textContent = text;
};

const refusal = ({ status, body }) => {
  if (status === 0) return texts.offline;
  const state = STATE_OF[body?.code];
  if (state) return texts.state[state];
  if (body?.code === 'SCAN_REFUSED') return put(texts.scanRefused, { reason: body.detail });
  return put(texts.refused, { reason: body?.detail ?? body?.code ?? `HTTP ${status}` });
};

/** A product code takes as long as the merchant takes to answer. */
const scan = async (codeUrl) => {
  if (busy) return;
  busy = true;
  sayPaste('');
  const button = find('[data-paste] button');
  const words = button.textContent;
  button.textContent = texts.scanning;
  button.setAttribute('aria-busy', 'true');
  const answer = await ask('/phone/api/scan', { method: 'POST', body: { codeUrl } });
  busy = false;
  button.textContent = words;
  button.removeAttribute('aria-busy');
  if (answer.ok) openSheet(answer.body);
  else sayPaste(answer.status === 404 ? texts.unknownCode : refusal(answer));
};

const openSheet = (code) => {
  scanned = code;
  const sheet = find('[data-screen="sheet"]');
  fill(sheet, {
    merchant: code.merchantName,
    figures: yuan(code.totalFee).slice(1),
    body: code.body,
    outTradeNo: code.outTradeNo,
    couponFee: put(texts.couponFee, { amount: yuan(code.couponFee) }),
  });
  const payable = PAYABLE.includes(code.state);
  find('[data-sheet-problem]').textContent = payable ? '' : stateText(code.state);
  find('[data-coupons]').hidden = !payable || code.couponFee === 0;
  find('[name="coupon"][value="none"]').checked = true;
  showPrice();
  for (const button of findAll('[data-outcome]')) button.disabled = !payable;
  sheet.querySelector('details').open = false;
  showScreen('sheet');
};

const chosenCoupon = () =>
  findAll('[name="coupon"]').find((choice) => choice.checked && choice.value !== 'none')?.value;

/** What is left to pay with the chosen coupon. */
const cashFee = () => scanned.totalFee - (chosenCoupon() ? scanned.couponFee : 0);
const showPrice = () => {
  find('[data-outcome="pay"]').textContent = put(texts.pay, { amount: yuan(cashFee()) });
};

const stateText = (state) => texts.state[state] ?? put(texts.state.OTHER, { state });

const choose = async (outcome, button) => {
  if (busy) return;
  busy = true;
  const words = button.textContent;
  if (outcome === 'pay') button.textContent = texts.paying;
  button.setAttribute('aria-busy', 'true');
  const answer = await ask('/phone/api/pay', {
    method: 'POST',
    body: { codeUrl: scanned.codeUrl, outcome, coupon: outcome === 'pay' ? chosenCoupon() : undefined },
  });
  busy = false;
  button.textContent = words;
  button.removeAttribute('aria-busy');
  if (answer.ok) showResult(outcome, answer.body);
  else find('[data-sheet-problem]').textContent = refusal(answer);
};

const showResult = (outcome, answer) => {
  const paid = outcome !== 'pay' || answer.transactionId !== null;
  const { heading, text } = paid ? texts.result[outcome] : texts.notPaid;
  const tone = paid ? TONE[outcome] : 'bad';
  const screen = find('[data-screen="result"]');
  fill(screen, {
    heading,
    text: put(text, { state: answer.state }),
    amount: outcome === 'pay' && paid ? yuan(cashFee()) : '',
    transactionId: answer.transactionId ?? '',
  });
  screen.querySelector('.result').dataset.tone = tone;
  for (const sign of screen.querySelectorAll('[data-sign]')) sign.hidden = sign.dataset.sign !== tone;
  showScreen('result');
  announce(heading);
};

const goHome = () => {
  scanned = null;
  find('#code-text').value = '';
  showScreen('home');
};

for (const button of findAll('[data-home]')) button.addEventListener('click', goHome);
for (const button of findAll('[data-outcome]')) {
  button.addEventListener('click', () => void choose(button.dataset.outcome, button));
}
find('[data-paste]').addEventListener('submit', (event) => {
  event.preventDefault();
  const codeUrl = find('#code-text').value.trim();
  if (codeUrl !== '') void scan(codeUrl);
  else sayPaste(texts.notACode);
});
for (const choice of findAll('[name="coupon"]')) choice.addEventListener('change', showPrice);
find('.outcomes').addEventListener('toggle', ({ target }) => {
  if (target.open) target.scrollIntoView({ block: 'end' });
});
const shop = asked.get('back');
if (shop && /^https?:\/\//.test(shop)) {
  find('[data-shop]').href = shop;
  find('[data-shop]').hidden = false;
}
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && find('[data-screen="home"]').hidden && !busy) goHome();
});
void look();
if (asked.has('open')) void scan(asked.get('open'));
