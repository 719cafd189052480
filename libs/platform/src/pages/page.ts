/**
 * What the server-rendered pages share: markup that escapes by itself, the two languages, money as people read it, and
 * the frame around every page (stylesheet, scripts, language switch). No script and no style stands in the markup, so
 * the pages work under `default-src 'none'; script-src 'self'; style-src 'self'`.
 */
import { assetPath } from '../http/assets.ts';
import type { Locale } from './language.ts';

/** Markup that is safe to send: made by {@link html} or, knowingly, by {@link trusted}. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = Markup | string | number | null | undefined | false | readonly Value[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const markupOf = (value: Value): string => {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escape(String(value));
};

/** Template tag: every value is escaped for text and quoted attributes, except other {@link Markup}. */
export const html = (strings: TemplateStringsArray, ...values: Value[]): Markup =>
  new Markup(strings.reduce((sum, part, index) => sum + markupOf(values[index - 1]) + part));

/** Takes markup as it is. Only for text this product made itself, such as the SVG of a QR code. */
export const trusted = (markup: string): Markup => new Markup(markup);

/**
 * An address that may stand in `href`: http(s), or a path of this site; anything else (`javascript:` …) is undefined.
 */
export const safeHref = (address: string | null): string | undefined => {
  if (address === null) return undefined;
  return /^(https?:\/\/|\/(?![/\\]))/i.test(address) ? address : undefined;
};

/** `hidden` in a tag, or nothing. */
export const hiddenIf = (condition: boolean): Markup | false => condition && html`hidden`;

/** Fen (integer) as `¥12.34`, with thousands separators from ¥1,000.00 on. */
export const yuan = (fen: number): string => {
  const whole = String(Math.trunc(fen / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `¥${whole}.${String(fen % 100).padStart(2, '0')}`;
};

/** An amount in large figures: the sign is set smaller, long ones too; the text content stays `¥12.34`. */
export const amount = (fen: number): Markup => {
  const figures = yuan(fen).slice(1);
  const size = figures.length > 10 ? ' amount--long' : '';
  return html`<span class="amount${size}"><span class="amount__sign">¥</span>${figures}</span>`;
};

/** What a page hands to its frame. */
export interface PageParts {
  locale: Locale;
  /** Shown in the browser's tab. */
  title: string;
  /** Word in the upper left corner. */
  name: string;
  /** Files under `/assets/` beside `paypair.css` and `marks.css`. */
  styles?: readonly string[];
  scripts?: readonly string[];
  /** Modules that `scripts` import, fetched without waiting for their importer. */
  preload?: readonly string[];
  bodyClass?: string;
  /** Further markup for `<head>`, such as a `<noscript>` refresh. */
  head?: Markup;
  main: Markup;
}

const otherLanguage: Record<Locale, Markup> = {
  zh: html`<a class="top__lang" href="?lang=en" lang="en" hreflang="en">English</a>`,
  en: html`<a class="top__lang" href="?lang=zh" lang="zh-CN" hreflang="zh-CN">中文</a>`,
};

const mark = trusted(
  '<svg class="top__mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="9" stroke="none"/>' +
    '<path d="M9 16.5l4.6 4.6L23 11.5" fill="none" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round"/></svg>',
);

/** The whole document around a page's `<main>`. */
export const renderPage = (parts: PageParts): string =>
  html`<!doctype html>
    <html lang="${parts.locale === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="format-detection" content="telephone=no" />
        <title>${parts.title}</title>
        <link rel="icon" href="${assetPath('favicon.svg')}" type="image/svg+xml" />
        ${['paypair.css', 'marks.css', ...(parts.styles ?? [])].map(
          (file) => html`<link rel="stylesheet" href="${assetPath(file)}" />`,
        )}
        ${(parts.preload ?? []).map((file) => html`<link rel="modulepreload" href="${assetPath(file)}" />`)}
        ${(parts.scripts ?? []).map((file) => html`<script type="module" src="${assetPath(file)}"></script>`)}
        ${parts.head}
      </head>
      <body class="${parts.bodyClass ?? 'page'}">
        <header class="top">
          <p class="top__name">${mark}<span>${parts.name}</span></p>
          ${otherLanguage[parts.locale]}
        </header>
        ${parts.main}
        <p class="visually-hidden" role="status" aria-live="polite" data-live></p>
      </body>
    </html>`.text;
