import { hiddenIf, html, type Markup, safeHref, trusted } from '#platform';
import type { CashierTexts } from './cashier.texts.ts';
import type { CashierView } from './cashier.view.ts';

/** A code's place on the page: shown, being fetched, too old to be paid, not to be had. */
type CodeState = 'ready' | 'loading' | 'old' | 'failed';

const codeStateOf = (view: CashierView): CodeState => {
  if (view.codeUrlExpiresAt !== null && view.codeUrlExpiresAt <= view.serverTime) return 'old';
  return view.qrSvg === null ? 'loading' : 'ready';
};

/** Scanners want dark modules on light ground with a quiet zone, so the plate is white on dark screens too. */
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

/** What stands on the page while the order waits for its money. */
export const waiting = (view: CashierView, texts: CashierTexts): Markup => {
  const phone = safeHref(view.phoneUrl);
  const { heading, text } = texts.phase.waiting;
  return html`
    ${plate(view, texts)}
    <h2 class="panel__heading" tabindex="-1">${heading}</h2>
    <p class="panel__text panel__text--desk">${text}</p>
    <p class="panel__text panel__text--phone">${texts.onPhone}</p>
    ${
      phone !== undefined &&
      html`<a class="panel__demo" href="${phone}" target="_blank" rel="noopener">${texts.demoPhone}</a>`
    }
  `;
};
