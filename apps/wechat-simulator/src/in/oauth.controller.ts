import { Controller, Get, Header, Query, Redirect, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Problem } from '#platform';
import { Authorize } from '../flow/authorize.ts';
import { LocalGuard } from './local.guard.ts';

type Given = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** WeChat's OAuth: one page for browsers (`open.weixin.qq.com`), one call for servers (`api.weixin.qq.com`). */
@ApiExcludeController()
@Controller()
export class OauthController {
  constructor(private readonly authorize: Authorize) {}

  /** Asks the user nothing, as `snsapi_base` does. WeChat shows what is wrong as a page; here it is a problem. */
  @Get('connect/oauth2/authorize')
  @UseGuards(LocalGuard)
  @Header('cache-control', 'no-store')
  @Redirect('/', 302)
  page(@Query() given: Given): { url: string } {
    const redirectUri = text(given['redirect_uri']);
    const granted = this.authorize.grant({
      appid: text(given['appid']),
      scope: text(given['scope']),
      redirectUri,
    });
    if (granted.kind === 'refused') throw new Problem(400, 'OAUTH_REFUSED', granted.text);
    const url = new URL(redirectUri);
    url.searchParams.set('code', granted.code);
    url.searchParams.set('state', text(given['state']));
    return { url: url.href };
  }

  /** The real one calls its JSON `text/plain`, too. */
  @Get('sns/oauth2/access_token')
  @Header('content-type', 'text/plain')
  exchange(@Query() given: Given): string {
    if (given['grant_type'] !== 'authorization_code') {
      return JSON.stringify({ errcode: 40_002, errmsg: 'invalid grant_type' });
    }
    const answer = this.authorize.exchange({
      appid: text(given['appid']),
      secret: text(given['secret']),
      code: text(given['code']),
    });
    if ('errcode' in answer) return JSON.stringify(answer);
    const token = { access_token: 'ACCESS_TOKEN', expires_in: 7_200, refresh_token: 'REFRESH_TOKEN' };
    return JSON.stringify({ ...token, ...answer, scope: 'snsapi_base' });
  }
}
