import { type Locale, pageLanguage, passesSoon, type ProblemPage, renderTrouble, signs } from '#platform';
import { storefrontTexts } from './storefront.texts.ts';

interface ProblemTexts {
  /** 4xx: whatever programs ask of this address, there is nothing to look at. */
  nothing: { heading: string; text: string };
  busy: { heading: string; text: string };
  other: { heading: string; text: string };
  reload: string;
  toShop: string;
}

export const problemTexts: Record<Locale, ProblemTexts> = {
  zh: {
    nothing: { heading: '这里没有页面', text: '请检查地址是否完整，或回到商店。' },
    busy: { heading: '商店暂时无法打开', text: '请稍后再试。您的订单仍然保留。' },
    other: { heading: '无法显示此页面', text: '请刷新重试。您的订单仍然保留。' },
    reload: '刷新页面',
    toShop: '返回商店',
  },
  en: {
    nothing: { heading: 'There is no page here', text: 'Check that the address is complete, or go to the shop.' },
    busy: {
      heading: 'The shop is not available right now',
      text: 'Please try again in a moment. Your orders are kept.',
    },
    other: { heading: 'This page cannot be shown', text: 'Please reload it. Your orders are kept.' },
    reload: 'Reload',
    toShop: 'Go to the shop',
  },
};

const kindOf = (status: number): 'nothing' | 'busy' | 'other' => {
  if (passesSoon(status)) return 'busy';
  return status < 500 ? 'nothing' : 'other';
};
const signOf = { nothing: signs.missing, busy: signs.clock, other: signs.cross } as const;

/** What a visitor of the demo's shop sees instead of problem+json, in their language. */
export const problemPage: ProblemPage = ({ status, code }, request, reply) => {
  const locale = pageLanguage(request, reply);
  const texts = problemTexts[locale];
  const kind = kindOf(status);
  return renderTrouble({
    locale,
    name: storefrontTexts[locale].name,
    sign: signOf[kind],
    ...texts[kind],
    action: kind === 'nothing' ? { href: '/', label: texts.toShop } : { href: '', label: texts.reload },
    status,
    code,
  });
};
