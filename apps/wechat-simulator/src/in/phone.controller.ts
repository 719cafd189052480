import { Body, Controller, Get, Header, HttpCode, Post, Query, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageLanguage, zodPipe } from '#platform';
import { z } from 'zod';
import { SettableClock } from '../domain/clock.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import { Pay } from '../flow/pay.ts';
import { Merchant } from '../flow/ports.ts';
import { outcome } from './control.schemas.ts';
import type { PayView } from './control.views.ts';
import { LocalGuard } from './local.guard.ts';
import { isoTime, orderView, payView } from './order-views.ts';
import { renderPhone } from './phone.page.ts';
import { Scanner } from './scanner.ts';

const LISTED = 200;

const codeUrl = z.string().trim().min(1).max(1_024);
const scanBody = z.strictObject({ codeUrl });
const payBody = z.strictObject({ codeUrl, outcome, coupon: z.enum(['CASH', 'NO_CASH']).optional() });

/** The phone of the one user: scans codes, pays or does not, and remembers. */
@ApiExcludeController()
@Controller()
@UseGuards(LocalGuard)
export class PhoneController {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly merchant: Merchant,
    private readonly phone: Pay,
    private readonly scanner: Scanner,
  ) {}

  @Get()
  @Redirect('/phone', 302)
  home(): void {
    // the phone is the only page here
  }

  @Get('phone')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  page(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return renderPhone(pageLanguage(request, reply));
  }

  /** Where a browser goes for MWEB: the phone, with this payment open, and back to the shop afterwards. */
  @Get('cgi-bin/mmpayweb-bin/checkmweb')
  @Redirect('/phone', 302)
  mweb(@Query('prepay_id') prepayId: unknown, @Query('redirect_url') redirectUrl: unknown): { url: string } {
    const query = new URLSearchParams({ open: this.book.byPrepay(String(prepayId))?.codeUrl ?? String(prepayId) });
    if (typeof redirectUrl === 'string' && /^https?:\/\//.test(redirectUrl)) query.set('back', redirectUrl);
    return { url: `/phone?${query.toString()}` };
  }

  /** What can be paid, newest first. */
  @Get('phone/api/codes')
  @Header('cache-control', 'no-store')
  codes(): { codes: object[] } {
    const open = this.book.openCodes(LISTED).filter((order) => this.validUntil(order) > this.clock.line());
    return {
      codes: open.map((order) => ({
        codeUrl: order.codeUrl,
        outTradeNo: order.outTradeNo,
        tradeType: order.tradeType,
        body: order.body,
        totalFee: order.totalFee,
        createdAt: this.calendar(order.createdOn),
        expiresAt: this.calendar(this.validUntil(order)),
      })),
    };
  }

  @Post('phone/api/scan')
  @HttpCode(200)
  async scan(@Body(zodPipe(scanBody)) body: z.infer<typeof scanBody>): Promise<object> {
    const order = await this.scanner.open(body.codeUrl);
    return {
      codeUrl: order.codeUrl,
      outTradeNo: order.outTradeNo,
      merchantName: this.merchant.name,
      tradeType: order.tradeType,
      body: order.body,
      totalFee: order.totalFee,
      couponFee: couponFor(order),
      state: order.state,
      expiresAt: this.calendar(this.validUntil(order)),
    };
  }

  @Post('phone/api/pay')
  @HttpCode(200)
  async pay(@Body(zodPipe(payBody)) { codeUrl, outcome, coupon }: z.infer<typeof payBody>): Promise<PayView> {
    const order = await this.scanner.open(codeUrl);
    const feeFen = couponFor(order);
    const coupons = coupon && feeFen > 0 ? [{ type: coupon, feeFen }] : undefined;
    return payView(await this.phone.pay(order, outcome, { coupons }));
  }

  /** Past payments, newest first, each with its refunds, what the merchant was told and what he said. */
  @Get('phone/api/payments')
  @Header('cache-control', 'no-store')
  payments(): { payments: object[] } {
    return {
      payments: this.book.payments(LISTED).map((order) => {
        const { notifications, refunds } = orderView(order);
        const { transactionId, totalFee, coupons = [], paidAt = 0 } = order.payment ?? {};
        return {
          ...{ transactionId, totalFee, notifications, refunds },
          outTradeNo: order.outTradeNo,
          body: order.body,
          couponFee: coupons.reduce((sum, { feeFen }) => sum + feeFen, 0),
          paidAt: isoTime(paidAt),
        };
      }),
    };
  }

  private validUntil(order: Order): number {
    return Math.min(order.expiresOn, order.codeExpiresOn);
  }

  private calendar(line: number): string {
    return isoTime(this.clock.messageTimeOf(line));
  }
}

/** The user always has a coupon of a tenth of the price, if that leaves something to pay. */
const couponFor = ({ totalFee }: Order): number => (totalFee > 1 ? Math.ceil(totalFee / 10) : 0);
