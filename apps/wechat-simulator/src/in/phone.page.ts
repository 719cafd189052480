import { html, type Locale, type Markup, renderPage, signs, trusted } from '#platform';
import { phoneTexts, type PhoneTexts } from './phone.texts.ts';

const outcomes = { good: signs.tick, quiet: signs.minus, bad: signs.cross };

const frame = trusted(
  '<svg class="finder" viewBox="0 0 24 24" aria-hidden="true" focusable="false">' +
    '<path d="M4 9V5.5A1.5 1.5 0 0 1 5.5 4H9M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9M20 15v3.5a1.5 1.5 0 0 1-1.5 1.5H15M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15M4 12h16"/></svg>',
);

const home = (texts: PhoneTexts): Markup => html`
  <div class="screen" data-screen="home">
    <p class="notice" data-offline hidden></p>
    <section>
      <h2 class="screen__title">${frame}${texts.scan}</h2>
      <p class="soft small">${texts.scanHint}</p>
      <p class="soft small" data-codes-empty>${texts.codesEmpty}</p>
      <ul class="codes" data-codes></ul>
      <form class="paste" data-paste>
        <label class="soft small" for="code-text">${texts.paste}</label>
        <div class="paste__row">
          <input
            class="field"
            id="code-text"
            name="codeUrl"
            type="text"
            inputmode="url"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            placeholder="weixin://"
            aria-describedby="paste-problem"
          />
          <button class="button button--line" type="submit">${texts.pasteButton}</button>
        </div>
        <p class="paste__problem problem" id="paste-problem" role="alert" data-paste-problem></p>
      </form>
    </section>
    <section class="past">
      <h2 class="screen__title">${texts.payments}</h2>
      <p class="soft small" data-payments-empty>${texts.paymentsEmpty}</p>
      <ul class="payments" data-payments></ul>
    </section>
  </div>
`;

const sheet = (texts: PhoneTexts): Markup => html`
  <div class="screen screen--sheet" data-screen="sheet" hidden>
    <button class="screen__back" type="button" data-home>‹ ${texts.back}</button>
    <div class="sheet">
      <p class="soft" tabindex="-1" data-focus>
        ${texts.payTo} <bdi class="sheet__merchant" data-field="merchant"></bdi>
      </p>
      <p class="sheet__amount">
        <span class="amount"><span class="amount__sign">¥</span><span data-field="figures"></span></span>
      </p>
      <p class="sheet__body"><bdi data-field="body"></bdi></p>
      <p class="soft tiny" data-field="outTradeNo"></p>
      <fieldset class="coupons" data-coupons hidden>
        <legend class="coupons__title">${texts.coupon}</legend>
        ${(['none', 'CASH', 'NO_CASH'] as const).map(
          (kind) =>
            html`<label class="coupon">
              <input type="radio" name="coupon" value="${kind}" />
              <span>${texts.coupons[kind]}</span>
              ${kind === 'none' ? '' : html`<span class="coupon__fee" data-field="couponFee"></span>`}
            </label>`,
        )}
      </fieldset>
      <p class="sheet__problem problem" role="alert" data-sheet-problem></p>
      <div class="sheet__actions">
        <button class="button" type="button" data-outcome="pay">${texts.pay}</button>
        <button class="button button--line" type="button" data-outcome="decline">${texts.decline}</button>
      </div>
      <details class="outcomes soft small">
        <summary>${texts.outcomes}</summary>
        <p class="outcomes__hint">${texts.outcomesHint}</p>
        ${(['notenough', 'leave', 'fail', 'payerror'] as const).map(
          (outcome) =>
            html`<button class="button button--small button--line" type="button" data-outcome="${outcome}">
              ${texts[outcome]}
            </button>`,
        )}
      </details>
    </div>
  </div>
`;

const result = (texts: PhoneTexts): Markup => html`
  <div class="screen screen--result" data-screen="result" hidden>
    <div class="result" data-tone="good">
      ${Object.entries(outcomes).map(([tone, drawing]) => html`<div data-sign="${tone}" hidden>${drawing}</div>`)}
      <h2 class="result__heading" tabindex="-1" data-focus data-field="heading"></h2>
      <p class="result__amount" data-field="amount"></p>
      <p class="result__text soft" data-field="text"></p>
      <p class="result__no soft tiny" data-field="transactionId"></p>
    </div>
    <div class="result__actions">
      <a class="button" rel="noreferrer" data-shop hidden>${texts.toShop}</a>
      <button class="button button--line" type="button" data-home>${texts.done}</button>
    </div>
  </div>
`;

const templates = html`
  <template id="code">
    <li>
      <button class="code" type="button">
        <span class="code__body clip"><bdi data-field="body"></bdi></span>
        <span class="code__sum" data-field="sum"></span>
        <span class="soft tiny"><span data-field="outTradeNo"></span></span>
        <span class="code__until soft tiny" data-field="until"></span>
      </button>
    </li>
  </template>
  <template id="payment">
    <li>
      <details class="payment">
        <summary>
          <span class="payment__body clip"><bdi data-field="body"></bdi></span>
          <span class="payment__sum" data-field="sum"></span>
          <time class="payment__at soft tiny"></time>
          <span class="payment__state soft tiny" data-field="state"></span>
        </summary>
        <p class="soft tiny" data-field="transactionId"></p>
        <p class="soft tiny" data-field="coupon"></p>
        <ol class="notices" data-notices></ol>
        <p class="soft tiny" data-none hidden></p>
        <ul class="refunds" data-refunds></ul>
      </details>
    </li>
  </template>
  <template id="refund">
    <li class="refund">
      <p class="refund__head">
        <span data-field="sum"></span>
        <span class="pill" data-field="status"></span>
      </p>
      <p class="soft tiny" data-field="refundId"></p>
      <ol class="notices" data-notices></ol>
    </li>
  </template>
  <template id="notice">
    <li class="sent">
      <time class="soft"></time>
      <span class="sent__what" data-field="what"></span>
      <span class="pill" data-field="verdict"></span>
      <code class="sent__reply" data-field="replied"></code>
    </li>
  </template>
`;

/**
 * The simulated phone of a buyer: it lists or takes a `code_url`, shows the payment sheet and plays the outcome chosen.
 * On a desktop it is a phone beside its explanation; on a real phone it fills the screen.
 * @returns a whole HTML document
 */
export const renderPhone = (locale: Locale): string => {
  const texts = phoneTexts[locale];
  return renderPage({
    locale,
    title: texts.title,
    name: texts.name,
    bodyClass: 'page page--phone',
    styles: ['phone.css', 'home.css', 'sheet.css'],
    scripts: ['phone.js'],
    preload: ['page.js', 'payments.js'],
    main: html`<main class="desk" data-texts="${JSON.stringify(texts.script)}">
      <section class="about">
        <h1 class="about__heading headline">${texts.heading}</h1>
        <p class="about__lead">${texts.lead}</p>
        <ul class="about__points">
          ${texts.points.map((point) => html`<li>${point}</li>`)}
        </ul>
        <noscript><p class="notice">${texts.noScript}</p></noscript>
      </section>
      <section class="phone" aria-label="${texts.heading}">
        <p class="phone__bar"><span>${texts.wallet}</span><span class="phone__tag tiny">${texts.simulated}</span></p>
        <div class="phone__screen">${home(texts)} ${sheet(texts)} ${result(texts)}</div>
      </section>
      ${templates}
    </main>`,
  });
};
