import { describe, expect, it } from '@jest/globals';
import { problemOf } from './answers.ts';

describe('a refusal of a way to pay', () => {
  it('names the way that is open, and when to try again', () => {
    const problem = problemOf({ kind: 'closing', tradeType: 'MWEB', retryAfterMs: 290_500 });
    expect(problem).toMatchObject({ status: 409, code: 'ATTEMPT_CLOSING' });
    expect(problem.extra).toEqual({ retryAfterSeconds: 290.5, members: { way: 'h5' } });
  });

  it('has WeChat’s own words', () => {
    const refused = { kind: 'wechat-refused', code: 'FAIL', text: 'appid和openid不匹配' } as const;
    expect(problemOf(refused)).toMatchObject({
      ...{ status: 502, code: 'WECHAT_REFUSED' },
      extra: { members: { wechatCode: 'FAIL', wechatText: 'appid和openid不匹配' } },
    });
  });

  it('says which setting is missing', () => {
    const problem = problemOf({ kind: 'way-not-configured', setting: 'WECHAT_APP_APPID' });
    expect(problem).toMatchObject({ status: 404, code: 'WAY_NOT_CONFIGURED' });
    expect(problem.detail).toContain('WECHAT_APP_APPID');
  });
});
