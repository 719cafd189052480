import { hiddenIf, html, type Markup, safeHref, trusted, yuan } from '#platform';
import type { CashierTexts } from './cashier.texts.ts';
import type { CashierView } from './cashier.view.ts';

/** A code's place on the page: shown, being fetched, too old to be paid, not to be had, given up for another way. */
type CodeState = 'ready' | 'loading' | 'old' | 'failed' | 'elsewhere';

/** What a waiting page shows: the ways to choose from, the code, or that WeChat is being asked after a way back. */
type Choice = 'ways' | 'code' | 'asking';

const isOpenElsewhere = ({ tradeType, tradeState }: CashierView): boolean =>
  tradeType !== null && tradeType !== 'NATIVE' && tradeState === 'NOTPAY';

const codeStateOf = (view: CashierView): CodeState => {
  if (isOpenElsewhere(view)) return 'elsewhere';
  if (view.codeUrlExpiresAt !== null && view.codeUrlExpiresAt <= view.serverTime) return 'old';
  return view.qrSvg === null ? 'loading' : 'ready';
};

/** Whoever opens the page again after they went to WeChat's page may have paid there: asked first, not believed. */
export const choiceOf = (view: CashierView): Choice => {
  if (view.device === 'desk' || view.wantsCode || (view.device === 'wechat' && !view.jsapi)) return 'code';
  return view.device === 'mobile' && view.tradeType === 'MWEB' && view.tradeState === 'NOTPAY' ? 'asking' : 'ways';
};

/** Scanners want dark modules on light ground with a quiet zone, so the plate is white on dark screens too. */
const plate = (view: CashierView, texts: CashierTexts): Markup => {
  const state = codeStateOf(view);
  const note = (name: CodeState, says: string, button: string): Markup => html`
    <div class="plate__note" data-code="${name}" ${hiddenIf(state !== name)}>
      <p>${says}</p>
      <button class="button button--paper" type="button" data-new-code>${button}</button>
    </div>
  `;
  return html`
    <div class="plate" data-plate>
      <div
        class="plate__code"
        role="img"
        aria-label="${texts.qrLabel}"
        data-code="ready"
        data-qr
        ${hiddenIf(state !== 'ready')}
      >
        ${view.qrSvg !== null && trusted(view.qrSvg)}
      </div>
      <div class="plate__note" data-code="loading" ${hiddenIf(state !== 'loading')}>
        <span class="plate__pulse" aria-hidden="true"></span>
        <p>${texts.codeLoading}</p>
      </div>
      ${note('old', texts.codeOld, texts.codeNew)} ${note('failed', texts.codeFailed, texts.retry)}
      ${note('elsewhere', texts.codeElsewhere, texts.codeHere)}
    </div>
  `;
};

/** The button that pays on this very phone, and the way it stands for. */
const ownWay = (view: CashierView): 'jsapi' | 'h5' => (view.device === 'wechat' ? 'jsapi' : 'h5');

const ways = (view: CashierView, texts: CashierTexts): Markup => html`
  <div class="choice" data-choice="ways" ${hiddenIf(choiceOf(view) !== 'ways')}>
    <h2 class="panel__heading" tabindex="-1">${texts.waysHeading}</h2>
    <p class="panel__text">${ownWay(view) === 'jsapi' ? texts.jsapiText : texts.h5Text}</p>
    <button class="button button--wide scripted" type="button" data-way="${ownWay(view)}">
      ${texts.payNow} ${yuan(view.totalFee)}
    </button>
    <button class="button button--wide button--line scripted" type="button" data-way="native">${texts.showCode}</button>
    <noscript><a class="button button--wide" href="?way=native">${texts.showCode}</a></noscript>
  </div>
`;

const asking = (view: CashierView, texts: CashierTexts): Markup => html`
  <div class="choice" data-choice="asking" ${hiddenIf(choiceOf(view) !== 'asking')}>
    <span class="choice__pulse" aria-hidden="true"></span>
    <h2 class="panel__heading" tabindex="-1">${texts.askingHeading}</h2>
    <p class="panel__text">${texts.askingText}</p>
    <button class="button button--wide scripted" type="button" data-ask>${texts.askAgain}</button>
    <button class="button button--wide button--line scripted" type="button" data-other-ways>${texts.payAgain}</button>
  </div>
`;

const code = (view: CashierView, texts: CashierTexts): Markup => html`
  <div class="choice" data-choice="code" ${hiddenIf(choiceOf(view) !== 'code')}>
    ${plate(view, texts)}
    <h2 class="panel__heading" tabindex="-1">${texts.phase.waiting.heading}</h2>
    ${view.device === 'desk' && html`<p class="panel__text panel__text--desk">${texts.phase.waiting.text}</p>`}
    <p class="panel__text ${view.device === 'desk' ? 'panel__text--phone' : ''}">${texts.onPhone}</p>
    ${
      view.device !== 'desk' &&
      (view.device === 'mobile' || view.jsapi) &&
      html`<button class="button button--small button--line scripted" type="button" data-other-ways>
        ${texts.otherWays}
      </button>`
    }
  </div>
`;

/** What is said beside the ways: a payment given up, a refusal, a way that WeChat does not let go of yet. */
const notes = (texts: CashierTexts): Markup => html`
  <p class="panel__note notice" role="status" data-way-note hidden></p>
  <div class="panel__note notice" data-closing hidden>
    <p role="status" data-closing-text></p>
    <p class="panel__buttons">
      <button class="button button--small" type="button" data-closing-old hidden></button>
      <button class="button button--small button--line" type="button" data-closing-retry>${texts.retry}</button>
    </p>
  </div>
`;

/** What stands on the page while the order waits for its money. */
export const waiting = (view: CashierView, texts: CashierTexts): Markup => {
  const phone = safeHref(view.phoneUrl);
  return html`
    ${view.device !== 'desk' && html`${ways(view, texts)} ${asking(view, texts)}`} ${code(view, texts)} ${notes(texts)}
    ${
      phone !== undefined &&
      html`<a class="panel__demo" href="${phone}" target="_blank" rel="noopener">${texts.demoPhone}</a>`
    }
  `;
};
