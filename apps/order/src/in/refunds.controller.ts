import { Body, Controller, Header, Headers, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentBuyer, documented, OperatorGuard, Problem, Refuses, zodPipe, type Identity } from '#platform';
import { type RefundPlacement } from '../flow/ports.ts';
import { RefundOrders } from '../flow/refund.ts';
import {
  buyerIdOf,
  orderNotFound,
  keyRefused,
  readIdempotencyKey,
  readOrderNo,
  refundBody,
  refundFingerprintOf,
  type RefundBody,
} from './input.ts';
import { refundRequestedView } from './views.ts';

@ApiTags('refunds')
@ApiBearerAuth()
@Controller('orders/:orderNo/refunds')
@UseGuards(OperatorGuard)
export class RefundsController {
  constructor(private readonly refundOrders: RefundOrders) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Give money of a paid order back; the same Idempotency-Key is the same refund' })
  @ApiAcceptedResponse(documented(refundRequestedView))
  @Refuses({
    400: 'INVALID_INPUT',
    401: 'UNAUTHENTICATED',
    403: 'FORBIDDEN',
    404: 'ORDER_NOT_FOUND',
    409: 'ORDER_NOT_PAID, REFUND_EXCEEDS_PAID, TOO_MANY_REFUNDS, IDEMPOTENCY_KEY_BUSY',
    422: 'IDEMPOTENCY_KEY_REUSED',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: '1 to 128 printable ASCII characters' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  async request(
    @CurrentBuyer() identity: Identity,
    @Param('orderNo') orderNoText: string,
    @Headers('idempotency-key') header: string | undefined,
    @Body(zodPipe(refundBody)) body: RefundBody,
  ): Promise<string> {
    const orderNo = readOrderNo(orderNoText);
    const placement = await this.refundOrders.request({
      orderNo,
      ...body,
      operator: buyerIdOf(identity),
      key: readIdempotencyKey(header),
      fingerprint: refundFingerprintOf(orderNo, body),
    });
    return answerOf(placement);
  }
}

/** @throws Problem for every refusal */
function answerOf(placement: RefundPlacement): string {
  switch (placement.kind) {
    case 'requested':
    case 'replayed':
      return placement.body;
    case 'key-reused':
    case 'key-busy':
      throw keyRefused(placement.kind);
    case 'unknown-order':
      throw orderNotFound();
    case 'order-not-paid':
      throw new Problem(409, 'ORDER_NOT_PAID', 'The order is not paid, so there is nothing to give back.');
    case 'exceeds-paid':
      throw new Problem(409, 'REFUND_EXCEEDS_PAID', 'More than what was paid and is not given back yet.', {
        errors: [{ path: 'amountFen', message: 'is more than what is left' }],
      });
    case 'too-many-refunds':
      throw new Problem(409, 'TOO_MANY_REFUNDS', 'WeChat Pay takes at most 50 refunds of one payment.');
  }
}
