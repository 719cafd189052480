import { describe, expect, it } from '@jest/globals';
import { locales } from '#platform';
import {
  assetOf,
  attributeIn,
  compressedWeight,
  inlineCode,
  loadedBy,
  namesIn,
  textsIn,
} from '../../../../test/support/page-sources.ts';
import { orderStatuses } from '../domain/order-states.ts';
import { renderStorefront } from './storefront.page.ts';
import { storefrontTexts } from './storefront.texts.ts';

const productCodes = 'https://pay.example/weixin/pay/native/product/';

describe('the storefront', () => {
  it.each(locales)('hands its script every word it needs (%s)', (locale) => {
    const page = renderStorefront({ locale, productCodes });
    expect(JSON.parse(attributeIn(page, 'data-texts'))).toEqual(storefrontTexts[locale].script);
    expect(page).toContain(storefrontTexts[locale].heading);
  });

  it('has words for every state an order can be in', () => {
    for (const locale of locales) {
      expect(Object.keys(storefrontTexts[locale].script.status).sort()).toEqual([...orderStatuses].sort());
    }
  });

  it('is complete in both languages', () => {
    expect(namesIn(storefrontTexts.zh)).toEqual(namesIn(storefrontTexts.en));
    for (const text of textsIn(storefrontTexts)) expect(text).toMatch(/\S/);
  });

  it('has every place its scripts write to', () => {
    const page = renderStorefront({ locale: 'en', productCodes });
    const scripts = ['storefront.js', 'orders.js']
      .map((name) => assetOf('order', `/assets/${name}`).toString())
      .join('');
    const places = [...scripts.matchAll(/\[(data-[a-z-]+)\]/g)].map((match) => match[1]!);
    expect(places).not.toHaveLength(0);
    for (const place of places) expect(page).toContain(place);
    for (const [, id] of scripts.matchAll(/copyOf\('(\w+)'\)/g)) expect(page).toContain(`<template id="${id}">`);
  });

  it('runs and styles nothing inline, and loads from nowhere else', () => {
    for (const locale of locales) {
      const page = renderStorefront({ locale, productCodes });
      expect(inlineCode(page)).toEqual([]);
      expect(loadedBy(page)).not.toHaveLength(0);
      for (const address of loadedBy(page)) expect(address).toMatch(/^\/assets\/[0-9a-f]{10}\/[a-z.-]+$/);
    }
  });

  it('weighs at most 60 kB compressed, with all it loads', () => {
    for (const locale of locales) {
      expect(compressedWeight('order', renderStorefront({ locale, productCodes }))).toBeLessThanOrEqual(60_000);
    }
  });
});
