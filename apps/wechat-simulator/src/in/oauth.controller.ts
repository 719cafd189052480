import { Controller, Get, Header, Query, Redirect, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import { Problem } from '#platform';
import { FaultPlan } from '../domain/fault-plan.ts';
import { oauthError } from '../domain/oauth-codes.ts';
import { Authorize } from '../flow/authorize.ts';
import { cut, undone } from './broken-connections.ts';
import { LocalGuard } from './local.guard.ts';
import { spoilIdentity } from './wrong-answers.ts';

type Given = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** WeChat's OAuth: one page for browsers (`open.weixin.qq.com`), one call for servers (`api.weixin.qq.com`). */
@ApiExcludeController()
@Controller()
export class OauthController {
  constructor(
    private readonly authorize: Authorize,
    private readonly faults: FaultPlan,
  ) {}

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
  async exchange(@Query() given: Given, @Res() reply: FastifyReply): Promise<void> {
    const fault = this.faults.nextExchange();
    if (await undone(fault, reply)) return;
    const answer = fault.errcode === undefined ? this.answer(given) : oauthError(fault.errcode);
    if (fault.answerAfterMs !== undefined) await wait(fault.answerAfterMs, undefined, { ref: false });
    if (fault.dropAnswer) {
      cut(reply);
      return;
    }
    const text = JSON.stringify(answer);
    await reply.type('text/plain').send(fault.answer === undefined ? text : spoilIdentity(text, fault.answer));
  }

  private answer(given: Given): object {
    if (given['grant_type'] !== 'authorization_code') return oauthError(40_002);
    const answer = this.authorize.exchange({
      appid: text(given['appid']),
      secret: text(given['secret']),
      code: text(given['code']),
    });
    if ('errcode' in answer) return answer;
    const token = { access_token: 'ACCESS_TOKEN', expires_in: 7_200, refresh_token: 'REFRESH_TOKEN' };
    return { ...token, ...answer, scope: 'snsapi_base' };
  }
}
