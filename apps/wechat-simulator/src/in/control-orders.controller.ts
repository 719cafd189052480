import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { documented, Problem, zodPipe } from '#platform';
import type { z } from 'zod';
import { OrderBook } from '../domain/order-book.ts';
import type { Order } from '../domain/order.ts';
import type { Refund } from '../domain/refund.ts';
import { Close } from '../flow/close.ts';
import { Pay } from '../flow/pay.ts';
import { RefundOrder } from '../flow/refund.ts';
import { ControlTokenGuard } from './control-token.guard.ts';
import { endRefundBody, payBody, scanBody } from './control.schemas.ts';
import {
  orderView as orderSchema,
  payView as paySchema,
  refundView as refundSchema,
  type OrderView,
  type PayView,
  type RefundView,
} from './control.views.ts';
import { LocalGuard } from './local.guard.ts';
import { orderView, payView, refundView } from './order-views.ts';
import { Scanner } from './scanner.ts';

/** For tests: what a user or a bank would do. */
@ApiTags('control')
@ApiHeader({ name: 'X-Control-Token', required: true, description: 'SIMULATOR_CONTROL_TOKEN' })
@Controller('control')
@UseGuards(LocalGuard, ControlTokenGuard)
export class ControlOrdersController {
  constructor(
    private readonly book: OrderBook,
    private readonly phone: Pay,
    private readonly closing: Close,
    private readonly scanner: Scanner,
    private readonly refunds: RefundOrder,
  ) {}

  @Get('orders/:outTradeNo')
  @ApiOperation({ summary: 'One order with its payment, refunds and notifications' })
  @ApiOkResponse(documented(orderSchema))
  order(@Param('outTradeNo') outTradeNo: string): OrderView {
    return orderView(this.known(outTradeNo));
  }

  @Post('orders/:outTradeNo/pay')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pays without a phone; a closed order cannot be paid, as at WeChat, but with `althoughClosed`',
  })
  @ApiOkResponse(documented(paySchema))
  async pay(
    @Param('outTradeNo') outTradeNo: string,
    @Body(zodPipe(payBody)) { outcome, ...taken }: z.infer<typeof payBody>,
  ): Promise<PayView> {
    return payView(await this.phone.pay(this.known(outTradeNo), outcome, taken));
  }

  @Post('orders/:outTradeNo/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Closes an unpaid order before its time; the merchant learns of it by his query' })
  @ApiOkResponse(documented(orderSchema))
  async closeOrder(@Param('outTradeNo') outTradeNo: string): Promise<OrderView> {
    const order = this.known(outTradeNo);
    if (!(await this.closing.byWechat(order))) {
      throw new Problem(409, 'ORDER_ENDED', `This order is ${order.state}: there is nothing to close.`);
    }
    return orderView(order);
  }

  @Post('scan')
  @HttpCode(200)
  @ApiOperation({ summary: 'Scans a code as the phone does: also short codes, product codes and signed parameters' })
  @ApiOkResponse(documented(orderSchema))
  async scan(@Body(zodPipe(scanBody)) { code }: z.infer<typeof scanBody>): Promise<OrderView> {
    return orderView(await this.scanner.open(code));
  }

  @Get('refunds/:outRefundNo')
  @ApiOperation({ summary: 'One refund with its notifications' })
  @ApiOkResponse(documented(refundSchema))
  refund(@Param('outRefundNo') outRefundNo: string): RefundView {
    const { order, refund } = this.knownRefund(outRefundNo);
    return refundView(order, refund);
  }

  @Post('refunds/:outRefundNo/end')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a refund that is PROCESSING, now and in this way' })
  @ApiOkResponse(documented(refundSchema))
  async endRefund(
    @Param('outRefundNo') outRefundNo: string,
    @Body(zodPipe(endRefundBody)) { status }: z.infer<typeof endRefundBody>,
  ): Promise<RefundView> {
    const { order, refund } = this.knownRefund(outRefundNo);
    if (!(await this.refunds.end(order, refund, status))) {
      throw new Problem(409, 'REFUND_ENDED', `This refund has ended as ${refund.status}.`);
    }
    return refundView(order, refund);
  }

  private known(outTradeNo: string): Order {
    const order = this.book.byNumber(outTradeNo);
    if (!order) throw new Problem(404, 'ORDER_NOT_FOUND', 'There is no order with this out_trade_no.');
    return order;
  }

  private knownRefund(outRefundNo: string): { order: Order; refund: Refund } {
    const known = this.book.byRefund(outRefundNo);
    if (!known) throw new Problem(404, 'REFUND_NOT_FOUND', 'There is no refund with this out_refund_no.');
    return known;
  }
}
