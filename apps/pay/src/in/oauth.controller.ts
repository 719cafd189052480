import { randomBytes } from 'node:crypto';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnswerWithin, Problem, RateLimit, zodPipe } from '#platform';
import { Identify } from '../flow/identify.ts';
import { wayNotConfigured } from './answers.ts';
import { numberInput } from './input.ts';
import { OpenidSession } from './openid-session.ts';
import { PayAccess } from './pay-access.ts';
import { type CookieKind, SealedCookies } from './sealed-cookie.ts';

/**
 * One visit to WeChat: binds the answer to the browser that was sent there, and says which order it was for. Each has a
 * cookie of its own, so that a second page, or a page that is loaded twice, does not undo the first.
 */
const visit = (state: string): CookieKind => ({
  name: `paypair_oauth_${state.slice(0, 8)}`,
  path: '/weixin/oauth',
  maxAgeSeconds: 600,
});
const isState = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{32}$/.test(text);
/** A request's header is bounded: of more visits at once the oldest are forgotten. */
const MAX_VISITS = 5;

/** Trouble of the moment. */
const SOON_MS = 2_000;

interface Returned {
  code?: unknown;
  state?: unknown;
}

/** The step by which a buyer inside WeChat becomes known to the account: to WeChat and back, without a question. */
@ApiTags('payments')
@AnswerWithin(8_000) // WeChat may take 5 of them to say who it is.
@Controller('weixin/oauth')
export class OauthController {
  constructor(
    private readonly identify: Identify,
    private readonly session: OpenidSession,
    private readonly cookies: SealedCookies,
    private readonly access: PayAccess,
  ) {}

  @Get('start')
  @RateLimit({ max: 60, perMs: 60_000 })
  @ApiOperation({
    summary: 'Sends a buyer inside WeChat to its OAuth page (snsapi_base), and from there back to the order',
  })
  @ApiResponse({ status: 302, description: 'To WeChat' })
  @ApiResponse({ status: 403, description: 'PAY_LINK_REQUIRED, PAY_LINK_EXPIRED' })
  @ApiResponse({ status: 404, description: 'WAY_NOT_CONFIGURED' })
  async start(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const orderNo = await this.access.orderOf(request, number);
    if (!this.identify.isConfigured) throw wayNotConfigured('WECHAT_OAUTH_SECRET');
    const state = randomBytes(16).toString('hex');
    const begun = await this.cookies.seal(visit(state), { state, orderNo, done: false });
    const forgotten = this.cookies.forgetOldest(
      request,
      /paypair_oauth_[0-9a-f]{8}(?==)/g,
      MAX_VISITS - 1,
      visit(state),
    );
    await reply
      .header('cache-control', 'no-store')
      .header('set-cookie', [begun, ...forgotten, ...this.access.cookiesFor(request, orderNo)])
      .redirect(this.identify.authorizeUrl(state), 302);
  }

  /** Where WeChat sends the buyer back to. */
  @Get('callback')
  @RateLimit({ max: 60, perMs: 60_000 })
  @ApiExcludeEndpoint()
  async callback(@Query() query: Returned, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    void reply.header('cache-control', 'no-store');
    const { orderNo, cookies } = await this.returned(query, request);
    await reply.header('set-cookie', cookies).redirect(`/pay/${orderNo}`, 302);
  }

  private async returned(query: Returned, request: FastifyRequest): Promise<{ orderNo: string; cookies: string[] }> {
    if (!this.identify.isConfigured) throw wayNotConfigured('WECHAT_OAUTH_SECRET');
    const begun = isState(query.state) ? await this.cookies.open(visit(query.state), request) : undefined;
    const { state, orderNo, done } = begun ?? {};
    if (typeof orderNo !== 'string' || !isState(state) || query.state !== state) {
      throw new Problem(403, 'OAUTH_STATE_INVALID', 'This answer of WeChat is not for a visit of this browser.');
    }
    // The way back, walked a second time: by the back button, or by WeChat itself, which may redirect twice.
    if (done === true) return { orderNo, cookies: [] };
    if (typeof query.code !== 'string') {
      throw new Problem(403, 'OAUTH_DENIED', 'WeChat did not say who the buyer is.');
    }
    const identified = await this.identify.byCode(query.code);
    switch (identified.kind) {
      case 'openid': {
        const kept = await this.session.remember(identified.openid);
        return { orderNo, cookies: [kept, await this.cookies.seal(visit(state), { state, orderNo, done: true })] };
      }
      case 'used':
        return { orderNo, cookies: [] };
      case 'invalid':
        throw new Problem(403, 'OAUTH_CODE_INVALID', 'WeChat does not accept the code it sent.');
      case 'refused':
        throw new Problem(502, 'OAUTH_REFUSED', `WeChat does not say who the buyer is: ${identified.code}.`, {
          members: { wechatCode: String(identified.code), wechatText: identified.text },
        });
      case 'unknown':
        throw new Problem(502, 'OAUTH_UNREACHABLE', 'WeChat gave no clear answer; try again.', {
          retryAfterSeconds: (identified.retryAfterMs ?? SOON_MS) / 1000,
        });
    }
  }
}
