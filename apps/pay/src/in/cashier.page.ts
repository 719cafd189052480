import { amount, copyable, hiddenIf, html, type Markup, renderPage, safeHref, signs } from '#platform';
import { cashierTexts, type CashierTexts, type Phase, phases } from './cashier.texts.ts';
import type { CashierView } from './cashier.view.ts';
import { choiceOf, waiting } from './cashier.waiting.ts';

const RELOAD_SECONDS = 10;
const lasting: readonly Phase[] = ['paid', 'closed', 'failed', 'refunded'];

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

/** A paid order can have money on its way back too: a part of it, or what was paid twice. What WeChat refused is not. */
const showsRefund = ({ phase, refundStatus }: CashierView): boolean =>
  phase === 'paid' && refundStatus !== null && refundStatus !== 'REFUSED' && refundStatus !== 'CLOSED';

/** What was repaid did not go back the way it came. */
const refundWords = ({ refundStatus }: CashierView, texts: CashierTexts): string => {
  if (refundStatus === 'REPAID') return texts.phase.refunded.heading;
  return refundStatus === 'SUCCESS' ? texts.refundDone : texts.refundGoing;
};

const bill = (view: CashierView, texts: CashierTexts): Markup => html`
  <section class="bill">
    <div class="bill__head">
      <p class="bill__label soft small">${texts.payTo}</p>
      <h1 class="bill__merchant"><bdi>${view.merchantName}</bdi></h1>
      <p class="bill__title clip soft"><bdi>${view.title}</bdi></p>
    </div>
    <div class="bill__sum">
      <p class="bill__label soft small">
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
      <div class="facts__row" data-when="refund" ${hiddenIf(!showsRefund(view))}>
        <dt>${texts.refund}</dt>
        <dd
          data-refund
          data-going="${texts.refundGoing}"
          data-done="${texts.refundDone}"
          data-repaid="${texts.phase.refunded.heading}"
        >
          ${refundWords(view, texts)}
        </dd>
      </div>
      <div class="facts__row">
        <dt>${texts.order}</dt>
        <dd>${copyable(view.orderNo, view.locale)}</dd>
      </div>
    </dl>
  </section>
`;

const actionOf = (view: CashierView, texts: CashierTexts, phase: Phase): Markup | undefined => {
  const shop = safeHref(view.shopUrl);
  const back = safeHref(view.successUrl) ?? shop;
  if (phase === 'paid' && back !== undefined) {
    return html`<a class="button button--line" href="${back}">${texts.backToShop}</a>`;
  }
  if (shop === undefined) return undefined;
  if (phase === 'review' || phase === 'refunding') {
    return html`<a class="button button--line" href="${shop}">${texts.backToShop}</a>`;
  }
  if (phase === 'closed' || phase === 'failed' || phase === 'expired' || phase === 'refunded') {
    return html`<a class="button" href="${shop}">${texts.again}</a>`;
  }
  return undefined;
};

/** The drawing of a phase; a page that waits for the money shows its ways to pay instead. */
const signOf: Record<Exclude<Phase, 'waiting'>, Markup> = {
  confirming: signs.ticking,
  paid: signs.tick,
  closing: signs.closing,
  closed: signs.minus,
  failed: signs.cross,
  expired: signs.clock,
  refunding: signs.returning,
  refunded: signs.returned,
  review: signs.lens,
};

const said = ({ heading, text }: { heading: string; text: string }): Markup => html`
  <h2 class="panel__heading" tabindex="-1">${heading}</h2>
  <p class="panel__text">${text}</p>
`;

const panel = (view: CashierView, texts: CashierTexts, phase: Phase): Markup => html`
  <div
    class="panel"
    data-panel="${phase}"
    data-live-text="${texts.phase[phase].live}"
    ${hiddenIf(view.phase !== phase)}
  >
    ${phase === 'waiting' ? waiting(view, texts) : html`${signOf[phase]} ${said(texts.phase[phase])}`}
    ${actionOf(view, texts, phase)}
  </div>
`;

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
    styles: ['cashier.css', 'stage.css'],
    scripts: ['cashier.js', 'copy.js'],
    preload: ['page.js', 'follow.js', 'code.js', 'ways.js', 'bridge.js'],
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
      data-device="${view.device}"
      data-shows="${choiceOf(view)}"
      data-success-url="${safeHref(view.successUrl)}"
      data-to-success="${texts.toSuccess}"
      data-texts="${JSON.stringify(texts.script)}"
    >
      <div class="slip card">
        ${bill(view, texts)}
        <section class="stage" aria-label="${texts.state}">${phases.map((phase) => panel(view, texts, phase))}</section>
      </div>
      <p class="cashier__trust soft small">${texts.trust}</p>
      <p class="notice" data-notice="offline" hidden>${texts.offline}</p>
      <p class="notice" data-notice="gone" hidden>${texts.gone} <a href="">${texts.reload}</a></p>
      <noscript
        ><p class="notice"><a href="">${texts.reload}</a></p></noscript
      >
    </main>`,
  });
};
