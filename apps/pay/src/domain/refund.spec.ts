import { describe, expect, it } from '@jest/globals';
import { isDefiniteRefusal, refundAdvice, refundMachine, refundTryMs, tellConsoleMs, wechatReason } from './refund.ts';

describe('refunds', () => {
  it('end once, except that money which is back is back', () => {
    for (const end of ['SUCCESS', 'CLOSED', 'ABNORMAL', 'REFUSED'] as const) {
      expect(refundMachine.may('REQUESTED', end)).toBe(true);
      expect(refundMachine.may(end, 'SUCCESS')).toBe(end !== 'SUCCESS');
      for (const to of ['REQUESTED', 'PROCESSING', 'CLOSED', 'ABNORMAL', 'REFUSED'] as const) {
        expect(refundMachine.may(end, to)).toBe(false);
      }
    }
    expect(refundMachine.may('PROCESSING', 'REFUSED')).toBe(false);
  });
  it('are given up only for codes that can never change', () => {
    expect(['ERROR', 'TRADE_OVERDUE'].map(isDefiniteRefusal)).toEqual([true, true]);
    expect(['NOTENOUGH', 'SYSTEMERROR', 'FREQUENCY_LIMITED', 'NEW'].map(isDefiniteRefusal)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
  it('are tried without end, ever more slowly', () => {
    expect([0, 1, 99].map((tries) => refundTryMs('REQUESTED', tries))).toEqual([5_000, 10_000, 600_000]);
    expect([0, 1, 99].map((tries) => refundTryMs('PROCESSING', tries))).toEqual([3_000, 6_000, 1_800_000]);
    expect([tellConsoleMs(0), tellConsoleMs(17)]).toEqual([60_000, undefined]);
  });
  it.each([
    ['REQUESTED', '', 'Nothing'],
    ['REQUESTED', 'NOTENOUGH', 'Top up'],
    ['REQUESTED', 'no merchant certificate: set WECHAT_CERT', 'Repair the merchant certificate'],
    ['REQUESTED', 'CERT_ERROR', 'Repair the merchant certificate'],
    ['REQUESTED', 'SYSTEMERROR', 'Nothing: it is repeated'],
    ['PROCESSING', '', 'Nothing'],
    ['SUCCESS', '', 'Nothing'],
    ['REFUSED', 'TRADE_OVERDUE', 'anomalies of order'],
    ['CLOSED', '', 'anomalies of order'],
    ['ABNORMAL', '', 'anomalies of order'],
  ] as const)('come with advice: %s after %j', (state, lastError, advice) => {
    expect(refundAdvice({ state, lastError })).toContain(advice);
  });
  it('give a reason that WeChat takes', () => {
    expect(Buffer.byteLength(wechatReason('茶'.repeat(80)))).toBe(78);
    expect([wechatReason('a👕b\n'), wechatReason(' ')]).toEqual(['a?b?', '-']);
  });
});
