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
import { renderPhone } from './phone.page.ts';
import { phoneTexts } from './phone.texts.ts';

describe('the phone', () => {
  it.each(locales)('hands its script every word it needs (%s)', (locale) => {
    const page = renderPhone(locale);
    expect(JSON.parse(attributeIn(page, 'data-texts'))).toEqual(phoneTexts[locale].script);
    for (const point of phoneTexts[locale].points) expect(page).toContain(point);
  });

  it('can play every outcome', () => {
    const outcomes = [...renderPhone('en').matchAll(/data-outcome="(\w+)"/g)].map(([, outcome]) => outcome);
    expect(outcomes).toEqual(['pay', 'decline', 'notenough', 'leave', 'fail', 'payerror']);
    for (const locale of locales) expect(Object.keys(phoneTexts[locale].script.result)).toEqual(outcomes);
  });

  it('opens on the list of codes', () => {
    const screens = [...renderPhone('en').matchAll(/data-screen="(\w+)"( hidden)?/g)].map(([, name, off]) => [
      name,
      !off,
    ]);
    expect(screens).toEqual([
      ['home', true],
      ['sheet', false],
      ['result', false],
    ]);
  });

  it('is complete in both languages', () => {
    expect(namesIn(phoneTexts.zh)).toEqual(namesIn(phoneTexts.en));
    for (const text of textsIn(phoneTexts)) expect(text).toMatch(/\S/);
  });

  it('has every place its scripts write to', () => {
    const page = renderPhone('en');
    const scripts = ['phone.js', 'payments.js'].map((name) =>
      assetOf('wechat-simulator', `/assets/${name}`).toString(),
    );
    const places = [...scripts.join('').matchAll(/\[(data-[a-z-]+)[\]=]/g)].flatMap(([, place]) => place ?? []);
    expect(places).not.toHaveLength(0);
    for (const place of places) expect(page).toContain(place);
    for (const [, id] of scripts.join('').matchAll(/copyOf\('(\w+)'\)/g)) {
      expect(page).toContain(`<template id="${id ?? ''}">`);
    }
  });

  it('runs and styles nothing inline, loads from nowhere else, and weighs at most 60 kB compressed', () => {
    for (const locale of locales) {
      const page = renderPhone(locale);
      expect(inlineCode(page)).toEqual([]);
      expect(loadedBy(page)).not.toHaveLength(0);
      for (const address of loadedBy(page)) expect(address).toMatch(/^\/assets\/[0-9a-f]{10}\/[a-z.-]+$/);
      expect(compressedWeight('wechat-simulator', page)).toBeLessThanOrEqual(60_000);
    }
  });
});
