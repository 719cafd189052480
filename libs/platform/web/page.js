/** What the pages' scripts share: asking the server, showing money and times, filling templates, announcing. */

const REQUEST_MS = 10_000;

/**
 * Asks the server and never throws for what the network or the server does.
 * @param {string} url
 * @param {{method?: string, body?: unknown, headers?: Record<string, string>}} [options] body is sent as JSON
 * @returns {Promise<{ok: boolean, status: number, body: any, retryAfterSeconds: number | undefined}>}
 *   status 0: no answer, so what was asked may or may not have happened; body null when it is not JSON
 */
export const ask = async (url, { method = 'GET', body, headers = {} } = {}) => {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), REQUEST_MS);
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, {
      method,
      headers: { accept: 'application/json', ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: given.signal,
    });
    const text = await response.text();
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    return {
      ok: response.ok,
      status: response.status,
      body: parsed(text),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    };
  } catch {
    return { ok: false, status: 0, body: null, retryAfterSeconds: undefined };
  } finally {
    clearTimeout(timer);
  }
};

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/**
 * Fen (integer) as `¥12.34`, with thousands separators.
 * @param {number} fen
 */
export const yuan = (fen) => {
  const whole = String(Math.trunc(fen / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `¥${whole}.${String(fen % 100).padStart(2, '0')}`;
};

const language = document.documentElement.lang;
const dayAndTime = new Intl.DateTimeFormat(language, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const exactTime = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/**
 * Writes a time in the reader's zone into a `<time>` element.
 * @param {HTMLTimeElement} element
 * @param {string | null | undefined} iso
 * @param {'day' | 'exact'} [form] with the day, or to the second
 */
export const showTime = (element, iso, form = 'day') => {
  if (!iso) return;
  element.dateTime = iso;
  element.textContent = (form === 'exact' ? exactTime : dayAndTime).format(new Date(iso));
};

/**
 * A copy of a `<template>`'s first element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/**
 * Sets the text of the parts named by `data-field`; text stays text whatever it holds.
 * @param {HTMLElement} element
 * @param {Record<string, string | number>} fields
 */
export const fill = (element, fields) => {
  for (const [name, text] of Object.entries(fields)) {
    for (const part of element.querySelectorAll(`[data-field="${name}"]`)) part.textContent = String(text);
  }
  return element;
};

/**
 * Replaces a text of the form `… {name} …`.
 * @param {string} pattern
 * @param {Record<string, string | number>} values
 */
export const put = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * Says something to screen readers, politely; the same words twice are said twice.
 * @param {string} text
 */
export const announce = (text) => {
  const live = document.querySelector('[data-live]');
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
};

/** A random UUID, also on plain http where `crypto.randomUUID` does not exist. */
export const uuid = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};
