import {
  inLanguage,
  type Locale,
  pageLanguage,
  passesSoon,
  type ProblemPage,
  renderTrouble,
  safeHref,
  signs,
} from '#platform';
import { cashierTexts } from './cashier.texts.ts';
import { type ProblemKind, problemTexts } from './problem.texts.ts';

const kindOf = (status: number, code: string): ProblemKind => {
  // Asked again, WeChat may say it after all.
  if (code === 'OAUTH_UNREACHABLE') return 'busy';
  if (code.startsWith('OAUTH_')) return 'identity';
  if (status === 403) return code.includes('EXPIRED') ? 'link-expired' : 'link';
  if (code === 'BAD_URL') return 'nothing';
  if (status === 404) return code === 'ORDER_NOT_FOUND' ? 'unknown' : 'nothing';
  return passesSoon(status) ? 'busy' : 'other';
};

const signOf = {
  link: signs.lock,
  'link-expired': signs.clock,
  identity: signs.lock,
  unknown: signs.missing,
  nothing: signs.missing,
  busy: signs.clock,
  other: signs.cross,
} as const;

/**
 * The page for a buyer who cannot see a cashier: bad or expired link (403), unknown order (404), not now (503).
 * @param problem.code the stable code of the refusal, shown small so that a buyer can quote it
 * @param problem.shopUrl where the buyer came from; null hides the way back
 */
export const renderProblem = (problem: {
  status: number;
  locale: Locale;
  code: string;
  shopUrl: string | null;
}): string => {
  const { status, locale, code } = problem;
  const texts = problemTexts[locale];
  const kind = kindOf(status, code);
  const again = kind === 'busy' || kind === 'other';
  const shop = safeHref(problem.shopUrl);
  return renderTrouble({
    locale,
    name: cashierTexts[locale].name,
    bodyClass: 'page page--cashier',
    styles: ['cashier.css'],
    sign: signOf[kind],
    ...texts[kind],
    action: again
      ? { href: '', label: texts.reload }
      : shop === undefined
        ? undefined
        : { href: shop, label: texts.backToShop },
    status,
    code,
  });
};

/** What a browser sees of every refusal of this app, in its reader's language. */
export const problemPage =
  (shopUrl: string | null): ProblemPage =>
  ({ status, code }, request, reply) => {
    const locale = pageLanguage(request, reply);
    return renderProblem({ status, code, locale, shopUrl: inLanguage(shopUrl, locale) });
  };
