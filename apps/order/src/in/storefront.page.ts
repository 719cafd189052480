import { copyable, html, type Locale, type Markup, renderPage, trusted } from '#platform';
import { storefrontTexts, type StorefrontTexts } from './storefront.texts.ts';

const minus = trusted('<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="M3.5 8h9"/></svg>');
const plus = trusted(
  '<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="M3.5 8h9M8 3.5v9"/></svg>',
);

const codeIcon = trusted(
  '<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">' +
    '<path d="M3 3h5v5H3zM12 3h5v5h-5zM3 12h5v5H3zM12 12h2v2M17 12v2.5M12 17h2M17 17v0"/></svg>',
);

const productTemplate = (texts: StorefrontTexts): Markup => html`
  <template id="product">
    <li class="product">
      <svg class="product__label" viewBox="0 0 120 120" aria-hidden="true" focusable="false"></svg>
      <div class="product__text">
        <h2 class="product__title"><bdi data-field="title"></bdi></h2>
        <p class="soft small"><bdi data-field="other"></bdi></p>
        <p class="product__facts">
          <span data-field="price"></span>
          <span class="product__stock soft small" data-field="stock"></span>
        </p>
      </div>
      <div class="product__actions">
        <div class="stepper" role="group">
          <button class="stepper__button" type="button" data-step="-1" aria-label="${texts.less}">${minus}</button>
          <span class="stepper__count" data-field="count">0</span>
          <button class="stepper__button" type="button" data-step="1" aria-label="${texts.add}">${plus}</button>
        </div>
        <a class="product__code" data-code target="_blank" rel="noopener" aria-label="${texts.code}">${codeIcon}</a>
      </div>
    </li>
  </template>
`;

const lineTemplate = html`
  <template id="line">
    <li class="bag__line">
      <span class="bag__title"><bdi data-field="title"></bdi></span>
      <span class="soft">× <span data-field="count"></span></span>
      <span class="bag__price" data-field="price"></span>
    </li>
  </template>
`;

const orderTemplate = (texts: StorefrontTexts, locale: Locale): Markup => html`
  <template id="order">
    <li class="order">
      <div class="order__head">
        <span class="pill" data-field="status"></span>
        <time class="order__time soft small"></time>
        <span class="order__sum" data-field="sum"></span>
      </div>
      <p class="order__title"><bdi data-field="title"></bdi></p>
      <div class="order__actions" data-actions hidden>
        <a class="button button--small" data-pay hidden>${texts.pay}</a>
        <button class="button button--small button--line" type="button" data-cancel hidden>${texts.cancel}</button>
      </div>
      <p class="order__problem problem" data-problem role="alert" hidden></p>
      <details class="order__more">
        <summary>${texts.history}</summary>
        <p class="order__no soft">${texts.orderNo} ${copyable(null, locale, 'orderNo')}</p>
        <ol class="log" data-log></ol>
        <ul data-refunds></ul>
        <p class="order__points" data-points hidden></p>
      </details>
    </li>
  </template>
  <template id="entry">
    <li class="log__entry">
      <time class="soft"></time><span data-field="to"></span><span class="soft" data-field="reason"></span>
    </li>
  </template>
  <template id="refund">
    <li class="refund">
      <span data-field="sum"></span><span class="pill" data-field="state"></span>
      <span class="soft"><bdi data-field="reason"></bdi></span>
    </li>
  </template>
`;

/**
 * The demo's shop: products, a bag, and the visitor's own orders. Products and orders are read by the page's script,
 * so the document is the same for everybody.
 * @param productCodes address of `pay` under which each product has its permanent code
 * @returns a whole HTML document
 */
export const renderStorefront = ({ locale, productCodes }: { locale: Locale; productCodes: string }): string => {
  const texts = storefrontTexts[locale];
  return renderPage({
    locale,
    title: texts.title,
    name: texts.name,
    styles: ['storefront.css', 'labels.css', 'orders.css'],
    scripts: ['storefront.js', 'copy.js'],
    preload: ['page.js', 'orders.js', 'label.js'],
    main: html`<main class="shop" data-texts="${JSON.stringify(texts.script)}" data-codes="${productCodes}">
      <section class="shelf">
        <h1 class="shelf__heading headline">${texts.heading}</h1>
        <p class="shelf__lead soft">${texts.lead}</p>
        <noscript><p class="notice">${texts.noScript}</p></noscript>
        <p class="notice" data-products-problem hidden></p>
        <ul class="products" data-products aria-busy="true"></ul>
      </section>
      <section class="bag card" aria-labelledby="bag-heading">
        <h2 id="bag-heading">${texts.basket}</h2>
        <p class="bag__empty soft small" data-bag-empty>${texts.basketEmpty}</p>
        <ul class="bag__lines" data-lines></ul>
        <div class="bag__foot" data-bag-foot hidden>
          <p class="bag__problem problem" data-bag-problem role="alert" hidden></p>
          <p class="bag__sum" data-sum></p>
          <button class="button" type="button" data-buy>${texts.buy}</button>
        </div>
      </section>
      <section class="mine" aria-labelledby="mine-heading">
        <h2 id="mine-heading">${texts.orders}</h2>
        <p class="mine__empty soft small" data-orders-empty>${texts.ordersEmpty}</p>
        <p class="notice" data-orders-problem hidden></p>
        <ul class="orders" data-orders></ul>
      </section>
      ${productTemplate(texts)} ${lineTemplate} ${orderTemplate(texts, locale)}
    </main>`,
  });
};
