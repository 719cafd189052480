import type { FastifyReply, FastifyRequest } from 'fastify';
import { hardCookie, readCookie } from '../http/cookies.ts';

/** The two languages of every page, and which of them a reader gets. */
export type Locale = 'zh' | 'en';
export const locales: readonly Locale[] = ['zh', 'en'];

const COOKIE = 'paypair_lang';
const COOKIE_SECONDS = 365 * 86_400;

const isLocale = (value: unknown): value is Locale => locales.some((locale) => locale === value);

/**
 * The language of an answer: `?lang=` if it names one we have, else the one chosen before, else the best of
 * `Accept-Language` (RFC 9110 §12.5.4), English for readers of other languages, Chinese when nothing is said.
 */
export const localeFrom = (request: {
  lang?: unknown;
  chosen?: unknown;
  acceptLanguage?: string | undefined;
}): Locale => {
  if (isLocale(request.lang)) return request.lang;
  if (isLocale(request.chosen)) return request.chosen;
  const wanted = (request.acceptLanguage ?? '')
    .slice(0, 500)
    .split(',')
    .map((entry) => {
      const [range = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const quality = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1]).find((text) => text !== undefined);
      return { language: range.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ language, quality }) => language !== '' && language !== '*' && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  const best = wanted.find(({ language }) => isLocale(language));
  if (best !== undefined) return best.language === 'zh' ? 'zh' : 'en';
  return wanted.length > 0 ? 'en' : 'zh';
};

/** The language of a page; one chosen by `?lang=` is remembered, so that the next page needs no choice. */
export function pageLanguage(request: FastifyRequest, reply: FastifyReply): Locale {
  const { lang } = request.query as { lang?: unknown };
  if (isLocale(lang)) {
    const secure = request.protocol === 'https';
    void reply.header('set-cookie', hardCookie(COOKIE, lang, { maxAgeSeconds: COOKIE_SECONDS, path: '/', secure }));
  }
  return localeFrom({
    lang,
    chosen: readCookie(request, COOKIE),
    acceptLanguage: request.headers['accept-language'],
  });
}

/** Takes the reader's language along to a page of ours; null stays null. */
export const inLanguage = (address: string | null, locale: Locale): string | null => {
  if (address === null || !URL.canParse(address)) return address;
  const url = new URL(address);
  url.searchParams.set('lang', locale);
  return url.href;
};
