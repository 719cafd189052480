import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { inLanguage, localeFrom } from './language.ts';
import { copyable } from './copyable.ts';
import { amount, html, renderPage, safeHref, trusted, yuan } from './page.ts';

describe('markup', () => {
  it('escapes every value, in text and in attributes', () => {
    const hostile = `<script>alert('x')</script>"]]>&`;
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
      `<p title="&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;]]&gt;&amp;">` +
        `&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;]]&gt;&amp;</p>`,
    );
  });

  it('takes markup as it is, and lists of it', () => {
    const words = ['a<', 'b'].map((text) => html`<b>${text}</b>`);
    expect(html`<i>${words}${trusted('<br>')}</i>`.text).toBe('<i><b>a&lt;</b><b>b</b><br></i>');
  });

  it('leaves out what is not there, but not a zero', () => {
    expect(html`${null}|${undefined}|${false}|${0}|${''}`.text).toBe('|||0|');
  });
});

describe('addresses', () => {
  it.each(['https://shop.example/a?b=1', 'http://127.0.0.1:3002/', '/orders'])('%s may be a link', (address) => {
    expect(safeHref(address)).toBe(address);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', '/\\evil.example', ' https://x', ''])(
    '%j may not',
    (address) => expect(safeHref(address)).toBeUndefined(),
  );
});

describe('money', () => {
  it.each([
    [1, '¥0.01'],
    [1234, '¥12.34'],
    [99_999, '¥999.99'],
    [100_000, '¥1,000.00'],
    [9_999_999_999, '¥99,999,999.99'],
  ])('%i fen is %s', (fen, text) => {
    expect(yuan(fen)).toBe(text);
    expect(amount(fen).text.replace(/<[^>]+>/g, '')).toBe(text);
  });
});

describe('language', () => {
  it.each([
    [{ lang: 'en', acceptLanguage: 'zh-CN' }, 'en'],
    [{ lang: 'zh', acceptLanguage: 'en' }, 'zh'],
    [{ lang: ['en'], acceptLanguage: 'zh-CN,zh;q=0.9,en;q=0.8' }, 'zh'],
    [{ acceptLanguage: 'en-GB,en;q=0.9,zh;q=0.8' }, 'en'],
    [{ acceptLanguage: 'en;q=0.5, zh-TW;q=0.9' }, 'zh'],
    [{ acceptLanguage: 'zh;q=0, en;q=0.1' }, 'en'],
    [{ acceptLanguage: 'fr-FR,fr' }, 'en'],
    [{ acceptLanguage: '*' }, 'zh'],
    [{}, 'zh'],
    [{ lang: '<script>', acceptLanguage: ';;q=,' }, 'zh'],
    [{ chosen: 'en', acceptLanguage: 'zh-CN' }, 'en'],
    [{ lang: 'zh', chosen: 'en', acceptLanguage: 'en' }, 'zh'],
    [{ chosen: 'fr', acceptLanguage: 'en' }, 'en'],
  ] as const)('%j is answered in %s', (request, locale) => expect(localeFrom(request)).toBe(locale));
});

describe('a link to another page of ours', () => {
  it.each([
    ['http://127.0.0.1:3002/', 'http://127.0.0.1:3002/?lang=en'],
    ['https://shop.example/cart?a=1&lang=zh#top', 'https://shop.example/cart?a=1&lang=en#top'],
    ['not an address', 'not an address'],
    [null, null],
  ])('%j carries the language', (address, expected) => expect(inLanguage(address, 'en')).toBe(expected));
});

describe('the frame of a page', () => {
  const page = renderPage({ locale: 'zh', title: '<b>', name: '店', scripts: ['a.js'], main: html`<main></main>` });

  it('names its language, offers the other, and announces changes politely', () => {
    expect(page).toContain('<html lang="zh-CN">');
    expect(page).toContain('href="?lang=en"');
    expect(page).toContain('aria-live="polite"');
    expect(page).toContain('<title>&lt;b&gt;</title>');
  });

  it('loads nothing that is not under /assets/', () => {
    const loaded = [...page.matchAll(/<(?:link|script)[^>]*?(?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(loaded).not.toHaveLength(0);
    for (const address of loaded) expect(address).toMatch(/^\/assets\/[0-9a-f]{10}\/[a-z.]+$/);
  });
});

describe('a text to copy', () => {
  it('is escaped, and its button says what it does in the reader’s language', () => {
    expect(copyable('<b>1', 'en').text).toMatch(/>&lt;b&gt;1<[\s\S]*aria-label="Copy"[\s\S]*data-copy="Copied"/);
    expect(copyable('1', 'zh').text).toContain('aria-label="复制"');
  });

  it('can be written by the page’s script', () => {
    expect(copyable(null, 'en', 'orderNo').text).toContain('data-field="orderNo"></span');
  });
});

describe('the shared files', () => {
  it('ask nobody else: no foreign address, no import by name', () => {
    const folder = fileURLToPath(new URL('../../web/', import.meta.url));
    for (const file of readdirSync(folder)) {
      const text = readFileSync(folder + file, 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
      expect(text).not.toMatch(/https?:\/\/|@import|url\(|\b(from|import) '[^.]/);
    }
  });
});
