/** Codes of WeChat's OAuth: each names one user to one account, once, for five minutes. */

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
