import { Body, Controller, Get, Header, Headers, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import {
  BuyerGuard,
  counter,
  CurrentBuyer,
  documented,
  failPoint,
  isOperator,
  Problem,
  Refuses,
  zodPipe,
  type Identity,
} from '#platform';
import { orderStatuses, type OrderStatus } from '../domain/order-states.ts';
import { CancelOrder } from '../flow/cancel.ts';
import { PlaceOrder } from '../flow/place.ts';
import { type OrderSummary, type Placement } from '../flow/ports.ts';
import { ReadOrders, type Reader } from '../flow/read.ts';
import {
  buyerIdOf,
  cursorQuery,
  fingerprintOf,
  orderNotFound,
  placeOrderBody,
  keyRefused,
  readIdempotencyKey,
  readOrderNo,
  statusQuery,
  type PlaceOrderBody,
} from './input.ts';
import { cancelView, orderView, ordersView, placedView } from './views.ts';

const placements = counter('paypair_order_placements_total', 'Requests to place an order by outcome', ['outcome']);

@ApiTags('orders')
@ApiBearerAuth()
@Refuses({ 401: 'UNAUTHENTICATED', 403: 'BUYER_NOT_SUPPORTED' })
@Controller('orders')
@UseGuards(BuyerGuard)
export class OrdersController {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly cancelOrder: CancelOrder,
    private readonly readOrders: ReadOrders,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Place an order; the same Idempotency-Key answers the same, byte for byte' })
  @ApiCreatedResponse(documented(placedView))
  @Refuses({
    400: 'INVALID_INPUT, UNKNOWN_PRODUCT, AMOUNT_TOO_LARGE',
    409: 'OUT_OF_STOCK, IDEMPOTENCY_KEY_BUSY',
    422: 'IDEMPOTENCY_KEY_REUSED',
    503: 'BUSY, UNAVAILABLE',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: '1 to 128 printable ASCII characters' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  async place(
    @CurrentBuyer() identity: Identity,
    @Headers('idempotency-key') header: string | undefined,
    @Body(zodPipe(placeOrderBody)) body: PlaceOrderBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const placement = await this.placeOrder.place({
      buyerId: buyerIdOf(identity),
      key: readIdempotencyKey(header),
      fingerprint: fingerprintOf(body),
      wishes: body.items,
    });
    failPoint('place.before-answer', placement);
    placements.inc({ outcome: placement.kind });
    const answer = answerOf(placement);
    void reply.code(answer.status);
    return answer.body;
  }

  @Get()
  @ApiQuery({ name: 'status', required: false, enum: orderStatuses })
  @ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' })
  @ApiOperation({ summary: 'Orders newest first: the buyer’s own, or all of them for an operator' })
  @ApiOkResponse(documented(ordersView))
  @Refuses({ 400: 'INVALID_INPUT' })
  @Header('cache-control', 'no-store')
  async list(
    @CurrentBuyer() identity: Identity,
    @Query('status', zodPipe(statusQuery)) status: OrderStatus | undefined,
    @Query('cursor', zodPipe(cursorQuery)) cursor: string | undefined,
  ) {
    const reader = readerOf(identity);
    const { orders, next } = await this.readOrders.list(reader, {
      ...(status !== undefined && { status }),
      ...(cursor !== undefined && { before: cursor }),
    });
    return {
      orders: orders.map((order) => ({ ...summaryOf(order), payUrl: this.readOrders.payUrl(order, reader) })),
      next,
    };
  }

  @Get(':orderNo')
  @ApiOperation({ summary: 'One order with items, log, payments, refunds and points' })
  @ApiOkResponse(documented(orderView))
  @Refuses({ 404: 'ORDER_NOT_FOUND' })
  @Header('cache-control', 'no-store')
  async show(@CurrentBuyer() identity: Identity, @Param('orderNo') orderNo: string) {
    const reader = readerOf(identity);
    const order = await this.readOrders.order(readOrderNo(orderNo), reader);
    if (!order) throw orderNotFound();
    const { items, log, payments, refunds, points } = order;
    const payUrl = this.readOrders.payUrl(order, reader);
    return { ...summaryOf(order), payUrl, items, log, payments, refunds, points };
  }

  @Post(':orderNo/cancel')
  @ApiOperation({ summary: 'Ask for the end of an order; it ends CANCELLED, or PAID when the money was faster' })
  @ApiAcceptedResponse(documented(cancelView))
  @Refuses({ 404: 'ORDER_NOT_FOUND', 409: 'ORDER_PAID, ORDER_IN_REVIEW' })
  @HttpCode(202)
  async cancel(@CurrentBuyer() identity: Identity, @Param('orderNo') orderNo: string) {
    const outcome = await this.cancelOrder.cancel(readOrderNo(orderNo), buyerIdOf(identity));
    switch (outcome.kind) {
      case 'accepted':
        return { orderNo, status: outcome.status };
      case 'paid':
        throw new Problem(409, 'ORDER_PAID', 'The order is paid.');
      case 'in-review':
        throw new Problem(409, 'ORDER_IN_REVIEW', 'A payment for the order is being checked.');
      case 'unknown-order':
        throw orderNotFound();
    }
  }
}

function readerOf(identity: Identity): Reader {
  return { buyerId: buyerIdOf(identity), operator: isOperator(identity) };
}

/** What a reader sees of every order; who bought it is not theirs to see. */
function summaryOf({ orderNo, status, totalFee, title, expiresAt, createdAt, paidAt }: OrderSummary) {
  return { orderNo, status, totalFee, currency: 'CNY', title, expiresAt, createdAt, paidAt };
}

/** @throws Problem for every refusal */
function answerOf(placement: Placement): { status: number; body: string } {
  switch (placement.kind) {
    case 'placed':
      return { status: 201, body: placement.body };
    case 'replayed':
      return { status: placement.status, body: placement.body };
    case 'key-reused':
    case 'key-busy':
      throw keyRefused(placement.kind);
    case 'shop-busy':
      throw new Problem(503, 'BUSY', 'Too many orders for the same products at this moment; try again shortly.', {
        retryAfterSeconds: 1,
      });
    case 'unknown-product':
      throw new Problem(400, 'UNKNOWN_PRODUCT', `There is no product ${placement.productId}.`, {
        errors: [{ path: `items[${placement.at}].productId`, message: 'is not sold here' }],
      });
    case 'out-of-stock':
      throw new Problem(409, 'OUT_OF_STOCK', `Not enough of ${placement.productId} is left.`, {
        errors: [{ path: `items[${placement.at}].quantity`, message: `not enough of ${placement.productId} is left` }],
      });
    case 'too-expensive':
      throw new Problem(400, 'AMOUNT_TOO_LARGE', 'The order is more than one payment may be.', {
        errors: [{ path: 'items', message: 'the total is more than 9999999999 fen' }],
      });
  }
}
