import type { Locale } from './language.ts';
import { html, type Markup, trusted } from './page.ts';

const texts: Record<Locale, { copy: string; copied: string }> = {
  zh: { copy: '复制', copied: '已复制' },
  en: { copy: 'Copy', copied: 'Copied' },
};

const icons = trusted(
  '<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">' +
    '<path class="copy__sheets" d="M7.5 6.5h8v10h-8zM12.5 6.5v-3h-8v10h3"/>' +
    '<path class="copy__tick" d="M4.5 10.5l3.8 3.8 7.2-8"/></svg>',
);

/**
 * A text that a buyer quotes elsewhere, with a button that copies it (`copy.js`). One click marks all of it, so it can
 * be copied without scripts as well.
 * @param text null: the page's script writes it, under `data-field`
 */
export const copyable = (text: string | null, locale: Locale, field?: string): Markup => {
  const { copy, copied } = texts[locale];
  return html`<span class="copy"
    ><span class="copy__text" ${field !== undefined && html`data-field="${field}"`}>${text}</span
    ><button class="copy__button scripted" type="button" aria-label="${copy}" data-copy="${copied}">
      ${icons}
    </button></span
  >`;
};
