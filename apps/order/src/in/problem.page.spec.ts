import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { locales, Problem } from '#platform';
import { inlineCode, namesIn, textsIn } from '../../../../test/support/page-sources.ts';
import { problemPage, problemTexts } from './problem.page.ts';

const pageFor = (status: number, code: string, lang: string): string => {
  const request = { query: { lang }, headers: {}, protocol: 'http' } as unknown as FastifyRequest;
  const reply = { header: () => reply } as unknown as FastifyReply;
  return problemPage(new Problem(status, code, ''), request, reply);
};

describe('what a visitor of the shop sees instead of problem+json', () => {
  it.each([
    [404, 'nothing'],
    [401, 'nothing'],
    [429, 'busy'],
    [503, 'busy'],
    [500, 'other'],
  ] as const)('says of %i in both languages that there is %s, and the code', (status, kind) => {
    for (const locale of locales) {
      const page = pageFor(status, 'SOME_CODE', locale);
      expect(page).toContain(`<html lang="${locale === 'zh' ? 'zh-CN' : 'en'}">`);
      expect(page).toContain(problemTexts[locale][kind].heading);
      expect(page).toContain(`${status} · SOME_CODE`);
      expect(inlineCode(page)).toEqual([]);
    }
  });

  it('leads to the shop, or offers to try again', () => {
    expect(pageFor(404, 'NOT_FOUND', 'en')).toContain('<a class="button" href="/">Go to the shop</a>');
    expect(pageFor(503, 'UNAVAILABLE', 'en')).toContain('<a class="button" href="">Reload</a>');
  });

  it('is complete in both languages', () => {
    expect(namesIn(problemTexts.zh)).toEqual(namesIn(problemTexts.en));
    for (const text of textsIn(problemTexts)) expect(text).toMatch(/\S/);
  });
});
