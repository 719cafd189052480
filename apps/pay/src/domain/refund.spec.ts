import { describe, expect, it } from '@jest/globals';
import {
  isDefiniteRefusal,
  isEnded,
  isGivenBack,
  isWechatsEnd,
  refundAdvice,
  refundMachine,
  refundStates,
  refundTryMs,
  tellEndMs,
  wechatReason,
} from './refund.ts';

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
  it('are repaid by other means only when WeChat could not pay them out, and paid by WeChat all the same', () => {
    expect(refundMachine.sources('REPAID')).toEqual(['ABNORMAL']);
    expect(refundStates.filter((to) => refundMachine.may('REPAID', to))).toEqual(['SUCCESS']);
    expect([isEnded('REPAID'), isWechatsEnd('REPAID'), isWechatsEnd('ABNORMAL')]).toEqual([true, false, true]);
    expect(refundStates.filter(isGivenBack)).toEqual(['SUCCESS', 'REPAID']);
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
  });
  it.each([
    ['SUCCESS', 'CONSOLE', [60_000, undefined]],
    ['SUCCESS', 'COMMAND', [undefined, undefined]],
    ['ABNORMAL', 'CONSOLE', [60_000, 3_600_000]],
    ['ABNORMAL', 'COMMAND', [60_000, 3_600_000]],
    ['REPAID', 'CONSOLE', [undefined, undefined]],
  ] as const)('that are %s, made by %s, are told again as long as somebody may have missed it', (state, origin, ms) => {
    expect([0, 17].map((tries) => tellEndMs({ state, origin, tries }))).toEqual(ms);
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
    ['REPAID', '', 'Nothing: the buyer was repaid'],
  ] as const)('come with advice: %s after %j', (state, lastError, advice) => {
    expect(refundAdvice({ state, lastError })).toContain(advice);
  });
  it('give a reason that WeChat takes', () => {
    expect(Buffer.byteLength(wechatReason('茶'.repeat(80)))).toBe(78);
    expect([wechatReason('a👕b\n'), wechatReason(' ')]).toEqual(['a?b?', '-']);
  });
});
