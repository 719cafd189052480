import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AnswerWithin, Problem, zodPipe } from '#platform';
import { Identify } from '../flow/identify.ts';
import type { AppCashier, JsapiCashier } from '../flow/ports.ts';
import { Prepay, type PrepayAnswer, type Ready } from '../flow/prepay.ts';
import { problemOf, wayNotConfigured } from './answers.ts';
import { clientIp, numberInput } from './input.ts';
import { OpenidSession } from './openid-session.ts';
import { PayAccess } from './pay-access.ts';

export class ReturnSettings {
  /** @param payUrl public address of this service, where a browser comes back to from WeChat's page */
  constructor(readonly payUrl: string) {}
}

/** A buyer waits 15 s for a code: WeChat may take 8 of them. */
const CODE_WITHIN_MS = 14_000;

/** What every way answers beside its own. */
interface Created {
  out_trade_no: string;
  total_fee: number;
  expires_at: string;
}

const REFUSALS = [
  {
    status: 403,
    description:
      'PAY_LINK_REQUIRED, PAY_LINK_EXPIRED; jsapi: OPENID_REQUIRED, with `authorizeUrl` to send the browser to',
  },
  { status: 404, description: 'ORDER_NOT_FOUND, WAY_NOT_CONFIGURED' },
  {
    status: 409,
    description:
      'ORDER_PAID, ORDER_CLOSED, ORDER_EXPIRED, ORDER_CLOSING, ORDER_IN_REVIEW; ATTEMPT_CLOSING, with the `way` that is ' +
      'still open and Retry-After',
  },
  {
    status: 502,
    description: 'WECHAT_REFUSED, with `wechatCode` and `wechatText`; WECHAT_UNREACHABLE, safe to repeat',
  },
  { status: 503, description: 'ORDER_UNREACHABLE, UNAVAILABLE' },
  { status: 504, description: 'WECHAT_UNREACHABLE, safe to repeat' },
] as const;

const Refusals = (): MethodDecorator & ClassDecorator => (target: object, key?: string | symbol, method?: unknown) => {
  for (const refusal of REFUSALS) ApiResponse(refusal)(target as never, key as never, method as never);
};

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
    summary: 'What a page inside WeChat hands to getBrandWCPayRequest, or a mini-program to wx.requestPayment',
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

/** @throws Problem for what is not ready */
function made<T extends object>(answer: PrepayAnswer<T>): Ready & T {
  if (answer.kind !== 'ready') throw problemOf(answer);
  return answer;
}

const created = ({ outTradeNo, totalFee, expiresAt }: Ready): Created => ({
  out_trade_no: outTradeNo,
  total_fee: totalFee,
  expires_at: expiresAt.toISOString(),
});
