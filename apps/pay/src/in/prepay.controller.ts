import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AnswerWithin, Problem, zodPipe } from '#platform';
import { Identify } from '../flow/identify.ts';
import type { AppCashier, JsapiCashier } from '../flow/ports.ts';
import { Prepay } from '../flow/prepay.ts';
import { wayNotConfigured } from './answers.ts';
import { CODE_WITHIN_MS, type Created, created, made, Refusals } from './created.ts';
import { clientIp, numberInput } from './input.ts';
import { OpenidSession } from './openid-session.ts';
import { PayAccess } from './pay-access.ts';

export class ReturnSettings {
  /** @param payUrl public address of this service, where a browser comes back to from WeChat's page */
  constructor(readonly payUrl: string) {}
}

/** One route per way to pay. None has a body; a POST is the only thing that changes the way an order is paid. */
@ApiTags('payments')
@Refusals()
@AnswerWithin(CODE_WITHIN_MS)
@Controller('weixin/pay/create')
export class PrepayController {
  constructor(
    private readonly prepay: Prepay,
    private readonly access: PayAccess,
    private readonly identify: Identify,
    private readonly session: OpenidSession,
    private readonly settings: ReturnSettings,
  ) {}

  @Post('native')
  @HttpCode(200)
  @ApiOperation({ summary: 'The code to pay an order by scanning; asked again, the same open code' })
  async native(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<Created & { code_url: string }> {
    const orderNo = await this.access.orderOf(request, number);
    const answer = made(await this.prepay.native(orderNo, clientIp(request)));
    return { code_url: answer.codeUrl, ...created(answer) };
  }

  @Post('jsapi')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What a page inside WeChat hands to getBrandWCPayRequest',
    description:
      'The payer is known from /weixin/oauth/start alone. What WeChat tells the page is no proof of payment.',
  })
  async jsapi(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<Created & JsapiCashier> {
    const orderNo = await this.access.orderOf(request, number);
    if (!this.identify.isConfigured) throw wayNotConfigured('WECHAT_OAUTH_SECRET');
    const openid = await this.session.openidOf(request);
    if (openid === undefined) {
      throw new Problem(403, 'OPENID_REQUIRED', 'WeChat has to say who is paying: open authorizeUrl.', {
        members: { authorizeUrl: `/weixin/oauth/start?outtradeno=${orderNo}` },
      });
    }
    const answer = made(await this.prepay.jsapi(orderNo, clientIp(request), openid));
    return { ...answer.cashier, ...created(answer) };
  }

  @Post('h5')
  @HttpCode(200)
  @ApiOperation({
    summary: 'The page of WeChat to send a mobile browser to; it comes back to the cashier page',
    description: 'Coming back says nothing about the payment: ask /weixin/pay/status/query.',
  })
  async h5(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<Created & { mweb_url: string }> {
    const orderNo = await this.access.orderOf(request, number);
    const answer = made(await this.prepay.h5(orderNo, clientIp(request)));
    const back = encodeURIComponent(`${this.settings.payUrl}/pay/${answer.orderNo}`);
    const joint = answer.mwebUrl.includes('?') ? '&' : '?';
    return { mweb_url: `${answer.mwebUrl}${joint}redirect_url=${back}`, ...created(answer) };
  }

  @Post('app')
  @HttpCode(200)
  @ApiOperation({ summary: 'What an app hands to the SDK of WeChat' })
  async app(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<Created & AppCashier> {
    const orderNo = await this.access.orderOf(request, number);
    const answer = made(await this.prepay.app(orderNo, clientIp(request)));
    return { ...answer.cashier, ...created(answer) };
  }
}
