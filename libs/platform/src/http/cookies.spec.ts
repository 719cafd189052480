import { describe, expect, it } from '@jest/globals';
import { hardCookie, readCookie } from './cookies.ts';

const read = (cookie: string | undefined, name = 'a'): string | undefined =>
  readCookie({ headers: cookie === undefined ? {} : { cookie } }, name);

describe('cookies', () => {
  it.each([
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['a=first; a=second', 'first'],
    ['a="x%20y"', 'x y'],
    ['a=x=y', 'x=y'],
    ['aa=1', undefined],
    ['a', undefined],
    ['a=%zz', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('are read from %j', (header, value) => {
    expect(read(header)).toBe(value);
  });

  it('are hidden from scripts, and confined', () => {
    expect(hardCookie('t', 'a;b', { maxAgeSeconds: 60.9, path: '/pay', secure: true })).toBe(
      't=a%3Bb; Path=/pay; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
    );
    expect(hardCookie('t', 'x', { maxAgeSeconds: 1, path: '/', secure: false })).not.toContain('Secure');
  });
});
