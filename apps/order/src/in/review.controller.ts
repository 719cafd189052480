import { Body, Controller, Header, Headers, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentBuyer, documented, OperatorGuard, Problem, Refuses, zodPipe, type Identity } from '#platform';
import { type ReviewPlacement } from '../flow/ports.ts';
import { ReviewOrders } from '../flow/review.ts';
import {
  buyerIdOf,
  fingerprint,
  orderNotFound,
  keyRefused,
  readIdempotencyKey,
  readOrderNo,
  reviewBody,
  type ReviewBody,
} from './input.ts';
import { reviewedView } from './views.ts';

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/orders')
@UseGuards(OperatorGuard)
export class ReviewController {
  constructor(private readonly reviewOrders: ReviewOrders) {}

  @Post(':orderNo/review')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Decide about money of another amount: accept it for the order, or give it back',
    description:
      'Only for orders in REVIEW. `accept` makes the order PAID when the money is enough; what is more than the order ' +
      'costs goes back by itself. `refund` gives all of it back and ends the order as CANCELLED, with its goods on the ' +
      'shelf again. The same Idempotency-Key is the same decision.',
  })
  @ApiOkResponse(documented(reviewedView))
  @Refuses({
    400: 'INVALID_INPUT',
    401: 'UNAUTHENTICATED',
    403: 'FORBIDDEN',
    404: 'ORDER_NOT_FOUND',
    409: 'ORDER_NOT_IN_REVIEW, NO_MONEY_TO_ACCEPT, AMOUNT_TOO_SMALL, IDEMPOTENCY_KEY_BUSY',
    422: 'IDEMPOTENCY_KEY_REUSED',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: '1 to 128 printable ASCII characters' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  async review(
    @CurrentBuyer() identity: Identity,
    @Param('orderNo') orderNoText: string,
    @Headers('idempotency-key') header: string | undefined,
    @Body(zodPipe(reviewBody)) { decision, note }: ReviewBody,
  ): Promise<string> {
    const orderNo = readOrderNo(orderNoText);
    const placement = await this.reviewOrders.decide({
      orderNo,
      decision,
      note,
      operator: buyerIdOf(identity),
      key: readIdempotencyKey(header),
      fingerprint: fingerprint('review', orderNo, decision, note),
    });
    return answerOf(placement);
  }
}

/** @throws Problem for every refusal */
function answerOf(placement: ReviewPlacement): string {
  switch (placement.kind) {
    case 'decided':
    case 'replayed':
      return placement.body;
    case 'key-reused':
    case 'key-busy':
      throw keyRefused(placement.kind);
    case 'unknown-order':
      throw orderNotFound();
    case 'not-in-review':
      throw new Problem(409, 'ORDER_NOT_IN_REVIEW', 'The order does not wait for a decision.');
    case 'nothing-booked':
      throw new Problem(409, 'NO_MONEY_TO_ACCEPT', 'No money is booked for the order: it can only be given up.');
    case 'too-little':
      throw new Problem(
        409,
        'AMOUNT_TOO_SMALL',
        'What is left of the money is less than the order costs: give it back.',
      );
  }
}
