import { describe, expect, it } from '@jest/globals';
import { newCodeUrl, newPrepayId, newTransactionId, phoneOpenid } from './identifiers.ts';

const first = (count: number, alphabet: string): string => alphabet.charAt(0).repeat(count);
const at = Date.UTC(2026, 10, 21, 16, 30, 5); // 00:30:05 of the next day in China

describe('the numbers WeChat Pay gives out', () => {
  it('have their prefixes, lengths and the day in China', () => {
    expect(newTransactionId(at, first)).toBe('4200000000202611220000000000');
    expect(newPrepayId(at, first)).toMatch(/^wx22003005[0-9a-f]{26}$/);
    expect(newCodeUrl(first)).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=[0-9A-Za-z]{9}$/);
    expect(phoneOpenid('wx8888888888888888')).toHaveLength(28);
  });
});
