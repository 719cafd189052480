import { Body, Controller, Get, Header, Headers, HttpCode, Post, Query, Redirect, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { localeFrom, Problem, zodPipe } from '#platform';
import { z } from 'zod';
import { SettableClock } from '../domain/clock.ts';
import { OrderBook } from '../domain/order-book.ts';
import type { NoticeTry, Order } from '../domain/order.ts';
import { Pay } from '../flow/pay.ts';
import { Merchant } from '../flow/ports.ts';
import { LocalGuard } from './local.guard.ts';
import { payView, type PayView } from './pay-answer.ts';
import { renderPhone } from './phone.page.ts';

const LISTED = 200;

const codeUrl = z.string().trim().min(1).max(256);
const scanBody = z.strictObject({ codeUrl });
const payBody = z.strictObject({ codeUrl, outcome: z.enum(['pay', 'decline', 'fail', 'payerror']) });

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
  ) {}

  @Get()
  @Redirect('/phone', 302)
  home(): void {
    // the phone is the only page here
  }

  @Get('phone')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  page(@Query('lang') lang: unknown, @Headers('accept-language') acceptLanguage: string | undefined): string {
    return renderPhone(localeFrom({ lang, acceptLanguage }));
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
        body: order.body,
        totalFee: order.totalFee,
        createdAt: this.calendar(order.createdOn),
        expiresAt: this.calendar(this.validUntil(order)),
      })),
    };
  }

  @Post('phone/api/scan')
  @HttpCode(200)
  scan(@Body(zodPipe(scanBody)) body: z.infer<typeof scanBody>): object {
    const order = this.scanned(body.codeUrl);
    return {
      codeUrl: order.codeUrl,
      outTradeNo: order.outTradeNo,
      merchantName: this.merchant.name,
      body: order.body,
      totalFee: order.totalFee,
      state: order.state,
      expiresAt: this.calendar(this.validUntil(order)),
    };
  }

  @Post('phone/api/pay')
  @HttpCode(200)
  async pay(@Body(zodPipe(payBody)) body: z.infer<typeof payBody>): Promise<PayView> {
    return payView(await this.phone.pay(this.scanned(body.codeUrl), body.outcome));
  }

  /** Past payments, newest first, each with what the merchant was told and what he said. */
  @Get('phone/api/payments')
  @Header('cache-control', 'no-store')
  payments(): { payments: object[] } {
    return {
      payments: this.book.payments(LISTED).map((order) => ({
        transactionId: order.payment?.transactionId,
        outTradeNo: order.outTradeNo,
        body: order.body,
        totalFee: order.payment?.totalFee,
        paidAt: new Date(order.payment?.paidAt ?? 0).toISOString(),
        notifications: order.notices
          .filter(({ result }) => result === 'SUCCESS')
          .flatMap(({ tries }) => tries.map(tryView)),
      })),
    };
  }

  private scanned(code: string): Order {
    const result = this.phone.scan(code);
    switch (result.kind) {
      case 'unknown-code':
        throw new Problem(404, 'CODE_UNKNOWN', 'Nothing can be paid with this code; a newer one may have replaced it.');
      case 'expired-code':
        throw new Problem(410, 'CODE_EXPIRED', 'This code is too old; ask the shop for a new one.');
      case 'order':
        return result.order;
    }
  }

  private validUntil(order: Order): number {
    return Math.min(order.expiresOn, order.codeExpiresOn);
  }

  private calendar(line: number): string {
    return new Date(this.clock.messageTimeOf(line)).toISOString();
  }
}

const tryView = ({ at, attempt, status, replied, accepted }: NoticeTry): object => ({
  at,
  attempt,
  status,
  replied,
  accepted,
});
