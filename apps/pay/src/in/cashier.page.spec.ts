import { describe, expect, it } from '@jest/globals';
import { locales } from '#platform';
import {
  assetOf,
  compressedWeight,
  inlineCode,
  loadedBy,
  namesIn,
  textsIn,
} from '../../../../test/support/page-sources.ts';
import { renderCashier, timeLeft } from './cashier.page.ts';
import { cashierTexts, phases } from './cashier.texts.ts';
import type { CashierView } from './cashier.view.ts';
import { renderProblem } from './problem.page.ts';
import { problemTexts } from './problem.texts.ts';

const SVG = '<svg viewBox="0 0 33 33"><path stroke="#000000" d="M2 2.5h7"/></svg>';
const HOSTILE = `<script>alert(1)</script>"]]>'\u202Eevil 😀 & <img src=x onerror=alert(1)>`;

const view = (changes: Partial<CashierView> = {}): CashierView => ({
  orderNo: '20261121190211ABCDEF01',
  outTradeNo: '20261121190211ABCDEF01',
  orderStatus: 'WAIT_PAY',
  tradeType: 'NATIVE',
  tradeState: 'NOTPAY',
  refundStatus: null,
  phase: 'waiting',
  totalFee: 1234,
  title: 'Green tea',
  expiresAt: '2026-11-21T12:30:00.000Z',
  paidAt: null,
  codeUrlExpiresAt: '2026-11-21T14:00:00.000Z',
  serverTime: '2026-11-21T12:00:55.400Z',
  qrSvg: SVG,
  codeUrl: 'weixin://wxpay/bizpayurl?pr=abc',
  locale: 'en',
  merchantName: 'Mountain & Tea',
  device: 'desk',
  wantsCode: true,
  jsapi: true,
  shopUrl: 'http://127.0.0.1:3002/',
  successUrl: null,
  phoneUrl: null,
  ...changes,
});

/** Words of what is not hidden, as a reader without scripts sees them. */
const visibleText = (page: string): string => {
  const main = /<main[\s\S]*<\/main>/.exec(page)?.[0] ?? '';
  const panels = main.split(/(?=<div\s+class="panel")/);
  const shown = panels.filter((part, index) => index === 0 || !/^<div[^>]*\bhidden\b[^>]*>/.test(part));
  return shown
    .join('')
    .replace(/<[^>]+\bhidden\b[^>]*>[^<]*/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
};

describe('the cashier page', () => {
  // Money of another amount came in time: an operator gave it back.
  it.each(['refunding', 'refunded'] as const)(
    'of money that goes back (%s) does not say why it came to that',
    (phase) => {
      for (const locale of locales) {
        const { text } = cashierTexts[locale].phase[phase];
        expect(visibleText(renderCashier(view({ phase, orderStatus: 'CANCELLED', locale })))).toContain(text);
        expect(text).not.toMatch(/arrived|late|到达|结束/);
      }
    },
  );

  it.each([
    ...(['REQUESTED', 'PROCESSING', 'ABNORMAL'] as const).map((state) => [state, 'on its way back to you'] as const),
    ['SUCCESS', 'paid back to where it came from'],
    ['REPAID', 'Refunded'],
    ...([null, 'REFUSED', 'CLOSED'] as const).map((state) => [state, undefined] as const),
  ])('of a paid order whose newest refund is %s says of it: %s', (refundStatus, words) => {
    const page = renderCashier(view({ phase: 'paid', orderStatus: 'PAID', refundStatus }));
    const [, row = '', said = ''] = /<div[^>]*data-when="refund"([^>]*)>[\s\S]*?<dd[^>]*>([^<]*)</.exec(page) ?? [];
    expect(/\bhidden\b/.test(row) ? undefined : said.trim()).toBe(words);
  });

  it.each(locales.flatMap((locale) => phases.map((phase) => [locale, phase] as const)))(
    'shows one phase (%s, %s) and says who is paid, what for, and how much',
    (locale, phase) => {
      const page = renderCashier(view({ locale, phase }));
      const text = visibleText(page);
      expect(text).toContain(cashierTexts[locale].phase[phase].heading);
      for (const other of phases.filter((name) => name !== phase)) {
        expect(text).not.toContain(cashierTexts[locale].phase[other].text);
      }
      expect(text).toContain('Mountain &amp; Tea');
      expect(text).toContain('Green tea');
      expect(page.replace(/<[^>]+>/g, '')).toContain('¥12.34');
      expect(text).toContain('20261121190211ABCDEF01');
      expect(page).toContain(`<title>${cashierTexts[locale].phase[phase].live} · Mountain &amp; Tea</title>`);
    },
  );

  it('holds the QR code in the first paint, with the code for those who compare', () => {
    const page = renderCashier(view());
    expect(page).toContain(SVG);
    expect(page).toContain('data-code-url="weixin://wxpay/bizpayurl?pr=abc"');
    expect(page).toContain('29:04');
  });

  it('says so when the code has still to be fetched, and when it is too old to be paid', () => {
    const shown = (page: string): string[] =>
      [...page.matchAll(/data-code="(\w+)"[^>]*>/g)]
        .filter(([tag]) => !tag.includes('hidden'))
        .map(([, name]) => name!);
    expect(shown(renderCashier(view({ qrSvg: null, codeUrl: null, codeUrlExpiresAt: null })))).toEqual(['loading']);
    expect(shown(renderCashier(view({ codeUrlExpiresAt: '2026-11-21T12:00:55.400Z' })))).toEqual(['old']);
    expect(shown(renderCashier(view()))).toEqual(['ready']);
  });

  it('reads itself again without scripts, until nothing can change any more', () => {
    const refresh = '<noscript><meta http-equiv="refresh"';
    for (const phase of phases) {
      const lasting = phase === 'paid' || phase === 'closed' || phase === 'failed' || phase === 'refunded';
      expect(renderCashier(view({ phase })).includes(refresh)).toBe(!lasting);
    }
  });

  it('offers to order again when this order can no longer be paid, if there is a shop', () => {
    for (const phase of ['closed', 'failed', 'expired'] as const) {
      expect(visibleText(renderCashier(view({ phase })))).toContain('Order again');
      expect(renderCashier(view({ phase, shopUrl: null }))).not.toContain('Order again');
      expect(renderCashier(view({ phase, shopUrl: 'javascript:alert(1)' }))).not.toContain('javascript:');
    }
    expect(visibleText(renderCashier(view({ phase: 'waiting' })))).not.toContain('Order again');
  });

  it('shows the way to the demo phone only where there is one', () => {
    expect(renderCashier(view())).not.toContain('simulated phone');
    expect(renderCashier(view({ phoneUrl: 'http://127.0.0.1:3003/phone' }))).toContain(
      'href="http://127.0.0.1:3003/phone"',
    );
  });

  it('keeps hostile text text, isolated so that it turns no direction but its own', () => {
    const page = renderCashier(
      view({
        title: HOSTILE,
        merchantName: HOSTILE,
        codeUrl: HOSTILE,
        shopUrl: `https://x/"${HOSTILE}`,
        phase: 'closed',
      }),
    );
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('<img');
    expect(page).not.toContain('"]]>');
    expect(page).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&quot;]]&gt;&#39;\u202Eevil 😀 &amp; ');
  });

  const shows = (changes: Partial<CashierView>): (string | undefined)[] =>
    [...renderCashier(view(changes)).matchAll(/data-choice="(\w+)"([^>]*)>/g)]
      .filter(([, , rest]) => !/\bhidden\b/.test(rest ?? ''))
      .map(([, name]) => name);

  it('begins with the code on a desk, with a choice on a phone, with a question after the way back from WeChat', () => {
    const phone = { wantsCode: false, tradeType: null, tradeState: null, qrSvg: null, codeUrl: null } as const;
    expect(shows({})).toEqual(['code']);
    expect(shows({ device: 'mobile', ...phone })).toEqual(['ways']);
    expect(shows({ device: 'wechat', ...phone })).toEqual(['ways']);
    expect(shows({ device: 'wechat', ...phone, jsapi: false })).toEqual(['code']);
    expect(shows({ device: 'mobile', ...phone, wantsCode: true })).toEqual(['code']);
    expect(shows({ device: 'mobile', ...phone, tradeType: 'MWEB', tradeState: 'NOTPAY' })).toEqual(['asking']);
    expect(shows({ device: 'mobile', ...phone, tradeType: 'MWEB', tradeState: 'CLOSED' })).toEqual(['ways']);
  });

  it('offers each device its own way and no other', () => {
    const offers = (changes: Partial<CashierView>) =>
      [...renderCashier(view({ wantsCode: false, ...changes })).matchAll(/data-way="(\w+)"/g)].map(([, way]) => way);
    expect(offers({ device: 'mobile' })).toEqual(['h5', 'native']);
    expect(offers({ device: 'wechat' })).toEqual(['jsapi', 'native']);
    expect(offers({ device: 'desk' })).toEqual([]);
  });

  it('shows no code while the order is being paid in another way', () => {
    const page = renderCashier(view({ tradeType: 'JSAPI', qrSvg: null, codeUrl: null, codeUrlExpiresAt: null }));
    expect(page).toMatch(/data-code="elsewhere" >/);
  });

  it('leads to the shop’s own page for paid orders, if there is one', () => {
    const page = renderCashier(view({ phase: 'paid', successUrl: 'https://shop.example/done?orderNo=1' }));
    expect(page).toContain('href="https://shop.example/done?orderNo=1"');
    expect(renderCashier(view({ successUrl: 'javascript:alert(1)' }))).not.toContain('javascript:');
  });

  it('counts down in minutes, in hours when there are any, and not below zero', () => {
    const from = '2026-11-21T12:00:00.000Z';
    expect(timeLeft(from, '2026-11-21T12:05:09.999Z')).toBe('05:09');
    expect(timeLeft(from, '2026-11-21T14:00:00.000Z')).toBe('2:00:00');
    expect(timeLeft(from, '2026-11-21T11:00:00.000Z')).toBe('00:00');
  });
});

describe('the pages for a buyer without a cashier', () => {
  it.each([
    [403, 'PAY_LINK_REQUIRED', 'link'],
    [403, 'PAY_LINK_EXPIRED', 'link-expired'],
    [404, 'ORDER_NOT_FOUND', 'unknown'],
    [404, 'NOT_FOUND', 'nothing'],
    [403, 'OAUTH_DENIED', 'identity'],
    [502, 'OAUTH_REFUSED', 'identity'],
    [502, 'OAUTH_UNREACHABLE', 'busy'],
    [503, 'ORDER_UNREACHABLE', 'busy'],
    [429, 'RATE_LIMITED', 'busy'],
    [500, 'INTERNAL', 'other'],
  ] as const)('%i %s is explained in both languages', (status, code, kind) => {
    for (const locale of locales) {
      const page = renderProblem({ status, locale, code, shopUrl: 'http://127.0.0.1:3002/' });
      expect(page).toContain(problemTexts[locale][kind].heading);
      expect(page).toContain(problemTexts[locale][kind].text);
      expect(page).toContain(`${status} · ${code}`);
    }
  });
});

describe('the script of the page', () => {
  it('finds every place it writes to', () => {
    const page = renderCashier(view({ device: 'mobile' }));
    const script = ['cashier.js', 'code.js', 'ways.js'].map((name) => assetOf('pay', `/assets/${name}`)).join('');
    const places = [...script.matchAll(/'\[(data-[a-z-]+(?:="[A-Za-z-]+")?)\]/g)].flatMap(([, place]) => place ?? []);
    expect(places).not.toHaveLength(0);
    for (const place of places) expect(page).toContain(place);
  });
});

describe('what the pages may not do', () => {
  const pages = [
    ...phases.map((phase) => renderCashier(view({ phase, phoneUrl: 'http://127.0.0.1:3003/phone' }))),
    renderProblem({ status: 404, locale: 'zh', code: 'ORDER_NOT_FOUND', shopUrl: null }),
  ];

  it('run or style anything inline, or load from elsewhere', () => {
    for (const page of pages) {
      expect(inlineCode(page)).toEqual([]);
      expect(loadedBy(page)).not.toHaveLength(0);
      for (const address of loadedBy(page)) expect(address).toMatch(/^\/assets\/[0-9a-f]{10}\/[a-z.-]+$/);
    }
  });

  it('weigh more than 60 kB compressed, with all they load', () => {
    for (const page of pages) expect(compressedWeight('pay', page)).toBeLessThanOrEqual(60_000);
  });
});

describe('the texts', () => {
  it('are complete in both languages', () => {
    for (const texts of [cashierTexts, problemTexts]) {
      expect(namesIn(texts.zh)).toEqual(namesIn(texts.en));
      for (const text of textsIn(texts)) expect(text).toMatch(/\S/);
    }
  });
});
