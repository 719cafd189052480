import { amount, html, type Locale, type Markup, renderPage, safeHref, trusted } from '#platform';
import { signs } from './cashier.icons.ts';
import {
  cashierTexts,
  type CashierTexts,
  type Phase,
  phases,
  type ProblemKind,
  problemTexts,
} from './cashier.texts.ts';

/** The status of an order as the buyer's page reads it, with what only the first paint needs. Times are ISO 8601. */
export interface CashierView {
  orderNo: string;
  outTradeNo: string | null;
  orderStatus: string;
  tradeState: string | null;
  refundStatus: string | null;
  phase: Phase;
  /** Fen. */
  totalFee: number;
  title: string;
  expiresAt: string;
  paidAt: string | null;
  codeUrlExpiresAt: string | null;
  serverTime: string;
  /** SVG of the open code, made by this service: the only value that is not escaped. Null: the page's script asks. */
  qrSvg: string | null;
  codeUrl: string | null;
  locale: Locale;
  merchantName: string;
  /** Where "order again" leads; null hides it. */
  shopUrl: string | null;
  /** Demo only: the simulated phone that can pay this code. */
  phoneUrl: string | null;
}

/** A code's place on the page: shown, being fetched, too old to be paid, not to be had. */
type CodeState = 'ready' | 'loading' | 'old' | 'failed';

const RELOAD_SECONDS = 10;
const lasting: readonly Phase[] = ['paid', 'closed', 'failed', 'refunded'];

const codeStateOf = (view: CashierView): CodeState => {
  if (view.codeUrlExpiresAt !== null && view.codeUrlExpiresAt <= view.serverTime) return 'old';
  return view.qrSvg === null ? 'loading' : 'ready';
};

/** Minutes and seconds between two ISO times as `29:05` (hours when there are any), never below `00:00`. */
export const timeLeft = (fromIso: string, toIso: string): string => {
  const seconds = Math.max(0, Math.floor((Date.parse(toIso) - Date.parse(fromIso)) / 1000));
  const two = (part: number): string => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(seconds % 60)}`;
};

/** Beijing time for readers without scripts; the page's script sets the reader's own zone. */
const localTime = (iso: string | null): Markup =>
  iso === null
    ? html`<time data-field="paidAt"></time>`
    : html`<time data-field="paidAt" datetime="${iso}">${beijing.format(new Date(iso))}</time>`;
const beijing = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
});

const bill = (view: CashierView, texts: CashierTexts): Markup => html`
  <section class="bill">
    <div class="bill__head">
      <p class="eyebrow">${texts.payTo}</p>
      <h1 class="bill__merchant"><bdi>${view.merchantName}</bdi></h1>
      <p class="bill__title"><bdi>${view.title}</bdi></p>
    </div>
    <div class="bill__sum">
      <p class="eyebrow">
        <span data-when="due" ${hiddenIf(view.phase !== 'waiting')}>${texts.amountDue}</span>
        <span data-when="not-due" ${hiddenIf(view.phase === 'waiting')}>${texts.orderTotal}</span>
      </p>
      <p class="bill__amount">${amount(view.totalFee)}</p>
    </div>
    <dl class="facts">
      <div class="facts__row facts__row--clock" data-when="waiting" ${hiddenIf(view.phase !== 'waiting')}>
        <dt>${texts.timeLeft}</dt>
        <dd><span class="clock" role="timer" data-clock>${timeLeft(view.serverTime, view.expiresAt)}</span></dd>
      </div>
      <div class="facts__row" data-when="paid" ${hiddenIf(view.phase !== 'paid')}>
        <dt>${texts.paidAt}</dt>
        <dd>${localTime(view.paidAt)}</dd>
      </div>
      <div class="facts__row">
        <dt>${texts.order}</dt>
        <dd class="facts__no">${view.orderNo}</dd>
      </div>
    </dl>
  </section>
`;

const hiddenIf = (condition: boolean): Markup | false => condition && html`hidden`;

const plate = (view: CashierView, texts: CashierTexts): Markup => {
  const state = codeStateOf(view);
  const unless = (wanted: CodeState): Markup | false => hiddenIf(state !== wanted);
  return html`
    <div class="plate" data-plate>
      <div class="plate__code" role="img" aria-label="${texts.qrLabel}" data-code="ready" data-qr ${unless('ready')}>
        ${view.qrSvg !== null && trusted(view.qrSvg)}
      </div>
      <div class="plate__note" data-code="loading" ${unless('loading')}>
        <span class="plate__pulse" aria-hidden="true"></span>
        <p>${texts.codeLoading}</p>
      </div>
      <div class="plate__note" data-code="old" ${unless('old')}>
        <p>${texts.codeOld}</p>
        <button class="button button--paper" type="button" data-new-code>${texts.codeNew}</button>
      </div>
      <div class="plate__note" data-code="failed" ${unless('failed')}>
        <p>${texts.codeFailed}</p>
        <button class="button button--paper" type="button" data-new-code>${texts.retry}</button>
      </div>
    </div>
  `;
};

const actionOf = (view: CashierView, texts: CashierTexts, phase: Phase): Markup | undefined => {
  const shop = safeHref(view.shopUrl);
  if (shop === undefined) return undefined;
  if (phase === 'paid') return html`<a class="button button--line" href="${shop}">${texts.backToShop}</a>`;
  if (phase === 'closed' || phase === 'failed' || phase === 'expired' || phase === 'refunded') {
    return html`<a class="button" href="${shop}">${texts.again}</a>`;
  }
  return undefined;
};

const panel = (view: CashierView, texts: CashierTexts, phase: Phase): Markup => {
  const phone = safeHref(view.phoneUrl);
  return html`
    <div
      class="panel"
      data-panel="${phase}"
      data-live-text="${texts.phase[phase].live}"
      ${hiddenIf(view.phase !== phase)}
    >
      ${phase === 'waiting' ? plate(view, texts) : signs[phase]}
      <h2 class="panel__heading">${texts.phase[phase].heading}</h2>
      <p class="panel__text${phase === 'waiting' ? ' panel__text--desk' : ''}">${texts.phase[phase].text}</p>
      ${phase === 'waiting' && html`<p class="panel__text panel__text--phone">${texts.onPhone}</p>`}
      ${actionOf(view, texts, phase)}
      ${
        phase === 'waiting' &&
        phone !== undefined &&
        html`<a class="panel__demo" href="${phone}" target="_blank" rel="noopener">${texts.demoPhone}</a>`
      }
    </div>
  `;
};

/** Without scripts the page reads itself again, as long as something can still change. */
const refresh = (view: CashierView): Markup | undefined =>
  lasting.includes(view.phase)
    ? undefined
    : html`<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}" /></noscript>`;

/**
 * The cashier page of one order: who is paid, what for, how much, and the QR code or the state that came after it.
 * All phases stand in the page and one is visible, so the script only switches them and no text is written twice.
 * @returns a whole HTML document
 */
export const renderCashier = (view: CashierView): string => {
  const texts = cashierTexts[view.locale];
  return renderPage({
    locale: view.locale,
    title: `${texts.phase[view.phase].live} · ${view.merchantName}`,
    name: texts.name,
    bodyClass: 'page page--cashier',
    styles: ['cashier.css'],
    scripts: ['cashier.js'],
    preload: ['page.js', 'follow.js'],
    head: refresh(view),
    main: html`<main
      class="cashier"
      data-phase="${view.phase}"
      data-order-no="${view.orderNo}"
      data-out-trade-no="${view.outTradeNo}"
      data-order-status="${view.orderStatus}"
      data-expires-at="${view.expiresAt}"
      data-code-url="${view.codeUrl}"
      data-code-expires-at="${view.codeUrlExpiresAt}"
      data-server-time="${view.serverTime}"
      data-merchant="${view.merchantName}"
      data-two-minutes="${texts.minutesLeft}"
    >
      <div class="slip">
        ${bill(view, texts)}
        <section class="stage" aria-label="${texts.state}">${phases.map((phase) => panel(view, texts, phase))}</section>
      </div>
      <p class="notice" data-notice="offline" hidden>${texts.offline}</p>
      <p class="notice" data-notice="gone" hidden>${texts.gone} <a href="">${texts.reload}</a></p>
      <noscript
        ><p class="notice"><a href="">${texts.reload}</a></p></noscript
      >
    </main>`,
  });
};

const kindOf = (status: number, code: string): ProblemKind => {
  if (status === 403) return code.includes('EXPIRED') ? 'link-expired' : 'link';
  if (status === 404) return 'unknown';
  return status === 503 || status === 429 || status === 504 ? 'busy' : 'other';
};

/**
 * The page for a buyer who cannot see a cashier: bad or expired link (403), unknown order (404), not now (503).
 * @param problem.code the stable code of the refusal, shown small so that a buyer can quote it
 */
export const renderProblem = (problem: { status: number; locale: Locale; code: string }): string => {
  const texts = problemTexts[problem.locale];
  const kind = kindOf(problem.status, problem.code);
  return renderPage({
    locale: problem.locale,
    title: texts[kind].heading,
    name: cashierTexts[problem.locale].name,
    bodyClass: 'page page--cashier',
    styles: ['cashier.css'],
    main: html`<main class="trouble">
      <h1 class="trouble__heading">${texts[kind].heading}</h1>
      <p class="trouble__text">${texts[kind].text}</p>
      ${(kind === 'busy' || kind === 'other') && html`<a class="button button--line" href="">${texts.reload}</a>`}
      <p class="trouble__code">${problem.status} · ${problem.code}</p>
    </main>`,
  });
};
