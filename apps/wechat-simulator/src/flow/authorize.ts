// WeChat's OAuth for the official account: tells the account who uses the phone, by a code that is exchanged once. The
// user is not asked (snsapi_base). Next: the merchant orders with this openid, unified-order.ts.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { newOauthCode, phoneOpenid } from '../domain/identifiers.ts';
import { OauthCodes, oauthError } from '../domain/oauth-codes.ts';
import { RuleBook } from '../domain/rules.ts';
import { Entropy, Merchant, OfficialAccount } from './ports.ts';

export type Authorized = { kind: 'code'; code: string } | { kind: 'refused'; text: string };
/** As WeChat writes it: a refusal has `errcode`. */
export type OauthAnswer = { openid: string } | { errcode: number; errmsg: string };

@Injectable()
export class Authorize {
  constructor(
    private readonly codes: OauthCodes,
    private readonly clock: SettableClock,
    private readonly rules: RuleBook,
    private readonly merchant: Merchant,
    private readonly account: OfficialAccount,
    private readonly entropy: Entropy,
  ) {}

  /** A browser comes for a code that it takes to `redirectUri`. */
  grant({ appid, redirectUri, scope }: { appid: string; redirectUri: string; scope: string }): Authorized {
    if (appid !== this.merchant.appid) return { kind: 'refused', text: '公众号appid参数错误' };
    if (scope !== 'snsapi_base') return { kind: 'refused', text: 'Scope 参数错误或没有 Scope 权限' };
    if (!this.account.isReturnAddress(redirectUri)) {
      return { kind: 'refused', text: 'redirect_uri域名与后台配置不一致，错误码:10003' };
    }
    const code = newOauthCode((count, alphabet) => this.entropy.text(count, alphabet));
    const openid = this.rules.now.oauthOpenid || phoneOpenid(appid);
    this.codes.grant(code, { appid, openid }, this.clock.line());
    return { kind: 'code', code };
  }

  /** The account's server exchanges the code. */
  exchange({ appid, secret, code }: { appid: string; secret: string; code: string }): OauthAnswer {
    if (appid !== this.merchant.appid) return oauthError(40_013);
    if (this.account.secret === undefined || secret !== this.account.secret) {
      return oauthError(40_125);
    }
    const exchanged = this.codes.exchange(code, appid, this.clock.line());
    switch (exchanged.kind) {
      case 'openid':
        return { openid: exchanged.openid };
      case 'used':
        return oauthError(40_163);
      case 'expired':
        return oauthError(42_003);
      case 'unknown':
        return oauthError(40_029);
    }
  }
}
