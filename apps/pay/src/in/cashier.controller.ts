import { Controller, Get, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import QRCode from 'qrcode';
import { inLanguage, pageLanguage, Problem } from '#platform';
import { atMost } from '../flow/at-most.ts';
import { Prepay } from '../flow/prepay.ts';
import { Status, type StatusAnswer } from '../flow/status.ts';
import { problemOf } from './answers.ts';
import { renderCashier } from './cashier.page.ts';
import type { CashierView } from './cashier.view.ts';
import { deviceOf } from './device.ts';
import { clientIp, orderNoInput } from './input.ts';
import { PayAccess } from './pay-access.ts';

/** @property jsapi whether buyers inside WeChat can be asked who they are, without which they cannot pay there */
export type CashierOptions = Pick<CashierView, 'merchantName' | 'shopUrl' | 'successUrl' | 'phoneUrl' | 'jsapi'>;

export class CashierSettings {
  constructor(readonly options: CashierOptions) {}
}

/** The page does not wait longer for WeChat: it is shown without a code and fetches it. */
const CODE_WITHIN_MS = 1_500;

interface PageQuery {
  t?: unknown;
  /** `native` on a phone: the code at once. The only choice that works without scripts. */
  way?: unknown;
}

/** The page a buyer pays on. */
@ApiExcludeController()
@Controller('pay')
export class CashierController {
  constructor(
    private readonly status: Status,
    private readonly prepay: Prepay,
    private readonly access: PayAccess,
    private readonly settings: CashierSettings,
  ) {}

  @Get(':orderNo')
  @HttpCode(200)
  async page(
    @Param('orderNo') orderNo: string,
    @Query() query: PageQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const locale = pageLanguage(request, reply);
    if (!orderNoInput.safeParse(orderNo).success) {
      throw new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
    }
    if (typeof query.t === 'string') {
      await this.enter(orderNo, query.t, request, reply);
      return;
    }
    await this.access.orderOf(request, orderNo);
    const { options } = this.settings;
    const device = deviceOf(request.headers['user-agent']);
    const wantsCode = device === 'desk' || query.way === 'native';
    const view = await this.view(orderNo, request, wantsCode);
    const shopUrl = inLanguage(options.shopUrl, locale);
    const successUrl = inLanguage(successFor(options.successUrl, orderNo), locale);
    void reply.header('cache-control', 'no-store').header('vary', 'user-agent').type('text/html; charset=utf-8');
    await reply.send(renderCashier({ ...view, ...options, shopUrl, successUrl, locale, device, wantsCode }));
  }

  /** The QR code of the open code alone, for a page that was shown without it. */
  @Get(':orderNo/qr.svg')
  async qr(
    @Param('orderNo') orderNo: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const found = await this.status.read(await this.access.orderOf(request, orderNo));
    if (found.kind !== 'status') throw problemOf(found);
    if (found.codeUrl === undefined) throw new Problem(404, 'CODE_NOT_FOUND', 'The order has no open code.');
    await reply
      .header('cache-control', 'no-store')
      .type('image/svg+xml')
      .send(await qrSvg(found.codeUrl));
  }

  /** A pay link: remembers the browser, and takes the token out of the address. */
  private async enter(orderNo: string, token: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const link = this.access.check(orderNo, token);
    if (link !== 'valid') {
      throw new Problem(
        403,
        link === 'expired' ? 'PAY_LINK_EXPIRED' : 'PAY_LINK_REQUIRED',
        'The pay link is not valid.',
      );
    }
    void reply.header('set-cookie', this.access.cookies(request, orderNo, token)).header('cache-control', 'no-store');
    await reply.redirect(`/pay/${orderNo}`, 302);
  }

  /** @param wantsCode makes the first code; a phone chooses its way by a button, and nothing is open before that */
  private async view(
    orderNo: string,
    request: FastifyRequest,
    wantsCode: boolean,
  ): Promise<Pick<CashierView, 'qrSvg' | 'codeUrl'> & Extract<StatusAnswer, { kind: 'status' }>['view']> {
    let answer = await this.status.read(orderNo);
    if (wantsCode && answer.kind === 'status' && answer.view.phase === 'waiting' && answer.codeUrl === undefined) {
      if (await this.prepares(orderNo, clientIp(request))) answer = await this.status.read(orderNo);
    }
    if (answer.kind !== 'status') throw problemOf(answer);
    const { view, codeUrl } = answer;
    return { ...view, codeUrl: codeUrl ?? null, qrSvg: codeUrl === undefined ? null : await qrSvg(codeUrl) };
  }

  /** Whether a prepay was over in time, however it ended; one that is not goes on without us. */
  private async prepares(orderNo: string, ip: string): Promise<boolean> {
    const prepared = this.prepay.firstNative(orderNo, ip).then(
      () => true,
      () => true,
    );
    return atMost(CODE_WITHIN_MS, prepared, () => false);
  }
}

/** The shop's own page for an order that is paid. */
const successFor = (successUrl: string | null, orderNo: string): string | null => {
  if (successUrl === null) return null;
  const url = new URL(successUrl);
  url.searchParams.set('orderNo', orderNo);
  return url.href;
};

const qrSvg = (codeUrl: string): Promise<string> =>
  QRCode.toString(codeUrl, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' });
