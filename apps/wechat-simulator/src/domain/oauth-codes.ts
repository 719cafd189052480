/** Codes of WeChat's OAuth: each names one user to one account, once, for five minutes. */

/**
 * What WeChat says to the account's server instead of an openid
 * (developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html).
 */
const errors: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40_001: 'invalid credential, access_token is invalid or not latest',
  40_002: 'invalid grant_type',
  40_013: 'invalid appid',
  40_029: 'invalid code',
  40_125: 'invalid appsecret',
  40_163: 'code been used',
  40_164: 'invalid ip, not in whitelist',
  42_003: 'code expired',
  45_009: 'reach max api daily quota limit',
  45_011: 'api minute-quota reach limit, must slower, retry next minute',
  48_001: 'api unauthorized',
  50_002: 'user limited',
};

export const oauthError = (errcode: number): { errcode: number; errmsg: string } => ({
  errcode,
  errmsg: errors[errcode] ?? 'unknown error',
});

const LIVES_MS = 5 * 60_000;

interface Grant {
  appid: string;
  openid: string;
  endsOn: number;
  used: boolean;
}

export type Exchanged = { kind: 'openid'; openid: string } | { kind: 'unknown' | 'used' | 'expired' };

export class OauthCodes {
  readonly #grants = new Map<string, Grant>();

  /** @param now point of the simulator's time line */
  grant(code: string, { appid, openid }: { appid: string; openid: string }, now: number): void {
    // Nobody comes back for these; a while longer they are told apart from codes that never were.
    for (const [old, { endsOn }] of this.#grants) if (endsOn + LIVES_MS < now) this.#grants.delete(old);
    this.#grants.set(code, { appid, openid, endsOn: now + LIVES_MS, used: false });
  }

  exchange(code: string, appid: string, now: number): Exchanged {
    const grant = this.#grants.get(code);
    if (!grant || grant.appid !== appid) return { kind: 'unknown' };
    if (grant.used) return { kind: 'used' };
    if (now >= grant.endsOn) return { kind: 'expired' };
    grant.used = true;
    return { kind: 'openid', openid: grant.openid };
  }
}
