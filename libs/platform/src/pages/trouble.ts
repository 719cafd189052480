import type { Locale } from './language.ts';
import { html, type Markup, renderPage } from './page.ts';

/** A page that has only something to say: why there is nothing else to show, and what to do. */
export interface Trouble {
  locale: Locale;
  /** Word in the upper left corner. */
  name: string;
  /** One of `signs`. */
  sign: Markup;
  heading: string;
  text: string;
  /** The way on; none hides the button. `href` is empty to read the page again. */
  action?: { href: string; label: string } | undefined;
  /** HTTP status and stable code of the refusal, shown small so that a reader can quote them. */
  status: number;
  code: string;
  bodyClass?: string;
  styles?: readonly string[];
}

/** Whether the same request may be served in a moment: too many at once, or somebody behind us is away. */
export const passesSoon = (status: number): boolean => status === 503 || status === 429 || status === 504;

/** @returns a whole HTML document */
export const renderTrouble = (trouble: Trouble): string => {
  const { locale, name, bodyClass = 'page', styles = [], action } = trouble;
  return renderPage({
    locale,
    title: trouble.heading,
    name,
    bodyClass,
    styles,
    main: html`<main class="trouble">
      <div class="trouble__card card">
        ${trouble.sign}
        <h1 class="trouble__heading">${trouble.heading}</h1>
        <p class="trouble__text">${trouble.text}</p>
        ${action && html`<a class="button" href="${action.href}">${action.label}</a>`}
        <p class="trouble__code">${trouble.status} · ${trouble.code}</p>
      </div>
    </main>`,
  });
};
