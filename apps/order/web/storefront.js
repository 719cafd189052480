/** The shop: what is on the shelf, what is in the bag, and the order made from it. */
import { announce, ask, copyOf, fill, put, uuid, yuan } from './page.js';
import { drawLabel } from './label.js';
import { Orders, withLanguage } from './orders.js';

const find = (selector) => document.querySelector(selector);
const texts = JSON.parse(find('.shop').dataset.texts);
const FEW = 5;
const MOST = 99;
const RETRY_MS = 4000;

/** productId → {product, row, count} */
const shelf = new Map();
const orders = new Orders(texts);
/** Changes with the bag. The same bag tried again repeats it, so a lost answer can never become two orders. */
let idempotencyKey = uuid();

const inBag = () => [...shelf.values()].filter(({ count }) => count > 0);

const stockText = ({ stock }, count) => {
  if (stock <= 0) return texts.soldOut;
  if (count > stock) return put(texts.onlyLeft, { count: stock });
  return put(stock <= FEW ? texts.lastOnes : texts.stock, { count: stock });
};

const showRow = ({ product, row, count }) => {
  fill(row, { count, price: yuan(product.priceFen), stock: stockText(product, count) });
  row.classList.toggle('product--out', product.stock <= 0);
  row.classList.toggle('product--short', product.stock > 0 && (count > product.stock || product.stock <= FEW));
  row.classList.toggle('product--chosen', count > 0);
  row.querySelector('[data-step="-1"]').disabled = count === 0;
  row.querySelector('[data-step="1"]').disabled = count >= Math.min(product.stock, MOST);
};

const showBag = () => {
  const chosen = inBag();
  const sum = chosen.reduce((total, { product, count }) => total + product.priceFen * count, 0);
  find('[data-bag-empty]').hidden = chosen.length > 0;
  find('[data-bag-foot]').hidden = chosen.length === 0;
  find('.bag').classList.toggle('bag--filled', chosen.length > 0);
  find('[data-sum]').textContent = yuan(sum);
  find('[data-lines]').replaceChildren(
    ...chosen.map(({ product, count }) =>
      fill(copyOf('line'), { title: namesOf(product.title)[0], count, price: yuan(product.priceFen * count) }),
    ),
  );
};

const showProblem = (text) => {
  const place = find('[data-bag-problem]');
  place.hidden = text === '';
  place.textContent = text;
};

const step = (entry, by) => {
  entry.count = Math.max(0, Math.min(entry.count + by, MOST));
  idempotencyKey = uuid();
  showProblem('');
  showRow(entry);
  showBag();
  announce(put(texts.added, { title: entry.product.title, count: entry.count }));
};

/** A title in two languages, `中文 · English`, in the reader's first. Others stay as they are. */
const namesOf = (title) => {
  const [first, ...rest] = title.split(/\s*·\s+/);
  const names = [first, rest.join(' · ')];
  return names[1] !== '' && document.documentElement.lang === 'en' ? names.reverse() : names;
};

const newEntry = (product, position) => {
  const [title, other] = namesOf(product.title);
  const entry = { product, row: fill(copyOf('product'), { title, other }), count: 0 };
  drawLabel(entry.row.querySelector('.product__label'), position);
  entry.row.querySelector('.stepper').setAttribute('aria-label', product.title);
  entry.row.querySelector('[data-code]').href = `${find('[data-codes]').dataset.codes}${product.productId}?format=svg`;
  for (const button of entry.row.querySelectorAll('[data-step]')) {
    button.addEventListener('click', () => step(entry, Number(button.dataset.step)));
  }
  return entry;
};

/** Reads the shelf; what is in the bag stays in it. */
const readProducts = async () => {
  const answer = await ask('/products');
  const read = answer.ok && Array.isArray(answer.body);
  find('[data-products-problem]').hidden = read;
  find('[data-products-problem]').textContent = read ? '' : texts.loadFailed;
  if (!read) return void setTimeout(() => void readProducts(), RETRY_MS);
  answer.body.forEach((product, position) => {
    const entry = shelf.get(product.productId) ?? newEntry(product, position);
    entry.product = product;
    shelf.set(product.productId, entry);
    showRow(entry);
    if (!entry.row.isConnected) find('[data-products]').append(entry.row);
  });
  find('[data-products]').removeAttribute('aria-busy');
  showBag();
};

const placeOrder = () =>
  ask('/orders', {
    method: 'POST',
    headers: { 'idempotency-key': idempotencyKey },
    body: { items: inBag().map(({ product, count }) => ({ productId: product.productId, quantity: count })) },
  });

/** Places the order; a visitor without a session becomes an anonymous buyer first. */
const placeAsBuyer = async () => {
  const answer = await placeOrder();
  if (answer.status !== 401) return answer;
  const session = await ask('/demo/session', { method: 'POST' });
  return session.ok ? placeOrder() : session;
};

const refusalText = ({ status, body }) => {
  if (status === 0) return texts.problem.NO_ANSWER;
  const code = body?.code ?? String(status);
  return texts.problem[code] ?? put(texts.problem.OTHER, { code });
};

const emptyBag = () => {
  for (const entry of shelf.values()) entry.count = 0;
  idempotencyKey = uuid();
};

const busy = (button, on) => {
  button.disabled = on;
  button.textContent = on ? texts.buying : texts.buy;
};

const buy = async (button) => {
  busy(button, true);
  showProblem('');
  const answer = await placeAsBuyer();
  if (answer.ok) {
    emptyBag();
    location.assign(withLanguage(answer.body.payUrl));
    return;
  }
  busy(button, false);
  showProblem(refusalText(answer));
  if (answer.status === 422) idempotencyKey = uuid();
  await readProducts();
};

/** Also after "back" from the cashier: the bag is empty and the stock has changed. */
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  busy(find('[data-buy]'), false);
  void readProducts();
  void orders.refresh();
});

find('[data-buy]').addEventListener('click', (event) => void buy(event.currentTarget));
void readProducts();
void orders.refresh();
