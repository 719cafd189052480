import { describe, expect, it } from '@jest/globals';
import { openPayLink, signPayLink } from './pay-link.ts';

const secret = 'TESTONLY-pay-link-secret-0123456789abcdef';
const orderNo = '01KAGWW3VD8XCPT4QN7Z2R';
const expiresAt = new Date('2026-11-21T10:00:00Z');
const lastSecond = new Date('2026-11-28T10:00:00Z');
const token = signPayLink(secret, orderNo, expiresAt);
const open = (text: string, now = expiresAt, key = secret, no = orderNo) => openPayLink(key, text, no, now);

describe('a pay link', () => {
  it('is valid for its order until seven days after the order expired', () => {
    expect(open(token)).toBe('valid');
    expect(open(token, lastSecond)).toBe('valid');
    expect(open(token, new Date(lastSecond.getTime() + 1))).toBe('expired');
  });

  it('is worth nothing for another order or under another secret', () => {
    expect(open(token, expiresAt, secret, `${orderNo.slice(0, -1)}S`)).toBe('invalid');
    expect(open(token, expiresAt, `${secret}x`)).toBe('invalid');
  });

  it('cannot be prolonged', () => {
    const [, signature] = token.split('.');
    const later = Buffer.from(String(lastSecond.getTime() / 1000 + 60)).toString('base64url');
    expect(open(`${later}.${signature}`)).toBe('invalid');
  });

  it.each(['', '.', 'x', `${token}.x`, `${token}A`, token.slice(0, -2), ` ${token}`, 'LTE.AAAA', 'x'.repeat(10_000)])(
    'refuses %j without an exception',
    (text) => {
      expect(open(text)).toBe('invalid');
    },
  );

  it('goes into an address as it is', () => {
    expect(encodeURIComponent(token)).toBe(token);
  });
});
