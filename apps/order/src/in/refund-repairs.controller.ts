import { Body, Controller, Get, Header, Headers, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentBuyer, documented, OperatorGuard, Problem, Refuses, rowId, zodPipe, type Identity } from '#platform';
import { refundStates, type RefundState } from '../domain/refund.ts';
import { type AnewPlacement } from '../flow/ports.ts';
import { RepairRefunds, type AdvisedRefund } from '../flow/repair.ts';
import {
  anewBody,
  buyerIdOf,
  fingerprint,
  keyRefused,
  readIdempotencyKey,
  readOutRefundNo,
  refundCursorQuery,
  refundNotFound,
  refundStateQuery,
  repaidBody,
  type AnewBody,
  type RepaidBody,
} from './input.ts';
import { anewView, refundsView, refundView } from './views.ts';

/** Refunds that did not end with the money at the buyer's, and the means to repair them. */
@ApiTags('operator')
@ApiBearerAuth()
@Refuses({ 400: 'INVALID_INPUT', 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' })
@Controller('operator')
@UseGuards(OperatorGuard)
export class RefundRepairsController {
  constructor(private readonly repairRefunds: RepairRefunds) {}

  @Get('refunds')
  @ApiQuery({ name: 'state', required: false, enum: refundStates })
  @ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' })
  @ApiOperation({ summary: 'Refunds, newest first, each with what to do about it' })
  @ApiOkResponse(documented(refundsView))
  @Header('cache-control', 'no-store')
  list(
    @Query('state', zodPipe(refundStateQuery)) state: RefundState | undefined,
    @Query('cursor', zodPipe(refundCursorQuery)) before: string | undefined,
  ): Promise<{ refunds: AdvisedRefund[]; next: string | null }> {
    return this.repairRefunds.list({
      ...(state !== undefined && { state }),
      ...(before !== undefined && { before }),
    });
  }

  @Get('refunds/:outRefundNo')
  @ApiOperation({ summary: 'One refund with what to do about it' })
  @ApiOkResponse(documented(refundView))
  @Refuses({ 404: 'REFUND_NOT_FOUND' })
  @Header('cache-control', 'no-store')
  async show(@Param('outRefundNo') text: string): Promise<AdvisedRefund> {
    const refund = await this.repairRefunds.find(readOutRefundNo(text));
    if (!refund) throw refundNotFound();
    return refund;
  }

  @Post('refunds/:outRefundNo/repaid')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Record how the buyer got the money of an ABNORMAL refund after all',
    description:
      'The amount that was set aside counts as given back. The same recorded again answers the same; anything else is ' +
      'refused, because the buyer may have been paid twice then.',
  })
  @ApiOkResponse(documented(refundView))
  @Refuses({ 404: 'REFUND_NOT_FOUND', 409: 'REFUND_NOT_ABNORMAL, REFUND_REPAID, REFUND_EXCEEDS_PAID' })
  @Header('cache-control', 'no-store')
  async repaid(
    @CurrentBuyer() identity: Identity,
    @Param('outRefundNo') text: string,
    @Body(zodPipe(repaidBody)) body: RepaidBody,
  ): Promise<AdvisedRefund> {
    const outRefundNo = readOutRefundNo(text);
    const repaid = await this.repairRefunds.recordRepaid({ outRefundNo, ...body, operator: buyerIdOf(identity) });
    switch (repaid.kind) {
      case 'repaid':
        return repaid.refund;
      case 'unknown-refund':
        throw refundNotFound();
      case 'repaid-otherwise':
        throw repaidOtherwise(repaid.refund);
      case 'exceeds-paid':
        throw new Problem(409, 'REFUND_EXCEEDS_PAID', 'Other refunds have given this money back: close the anomaly.');
      case 'not-abnormal':
        throw new Problem(
          409,
          'REFUND_NOT_ABNORMAL',
          `Only an ABNORMAL refund can be repaid; this one is ${repaid.state}.`,
        );
    }
  }

  @Post('anomalies/:id/refund')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Request the money of an anomaly under a new number',
    description:
      'What is left of money that did not fit (LATE, DOUBLE, AMOUNT), or the amount of a refund that WeChat refused or ' +
      'closed. The same Idempotency-Key is the same refund.',
  })
  @ApiAcceptedResponse(documented(anewView))
  @Refuses({
    404: 'ANOMALY_NOT_FOUND',
    409:
      'ANOMALY_CLOSED, ORDER_IN_REVIEW, REFUND_UNDER_WAY, NOTHING_LEFT, NOT_BY_REFUND, REFUND_EXCEEDS_PAID, ' +
      'TOO_MANY_REFUNDS, IDEMPOTENCY_KEY_BUSY',
    422: 'IDEMPOTENCY_KEY_REUSED',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: '1 to 128 printable ASCII characters' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  async anew(
    @CurrentBuyer() identity: Identity,
    @Param('id', zodPipe(rowId)) id: string,
    @Headers('idempotency-key') header: string | undefined,
    @Body(zodPipe(anewBody)) { reason }: AnewBody,
  ): Promise<string> {
    const placement = await this.repairRefunds.requestAnew({
      anomalyId: id,
      reason,
      operator: buyerIdOf(identity),
      key: readIdempotencyKey(header),
      fingerprint: fingerprint('anew', id, reason),
    });
    return answerOf(placement);
  }
}

/** Somebody else has paid the buyer, or the same repayment was told in other words: only people can tell. */
const repaidOtherwise = ({ repaidHow, note, endedAt }: AdvisedRefund): Problem =>
  new Problem(
    409,
    'REFUND_REPAID',
    `It was recorded as repaid (${repaidHow}, ${endedAt?.toISOString()}: ${note}). If the buyer got the money twice, settle it with the buyer.`,
  );

/** @throws Problem for every refusal */
function answerOf(placement: AnewPlacement): string {
  switch (placement.kind) {
    case 'requested':
    case 'replayed':
      return placement.body;
    case 'key-reused':
    case 'key-busy':
      throw keyRefused(placement.kind);
    case 'unknown-anomaly':
      throw new Problem(404, 'ANOMALY_NOT_FOUND', 'There is no such anomaly.');
    case 'anomaly-closed':
      throw new Problem(409, 'ANOMALY_CLOSED', 'Nothing is open about this anomaly.');
    case 'in-review':
      throw new Problem(
        409,
        'ORDER_IN_REVIEW',
        'The order waits for a decision: POST /operator/orders/:orderNo/review.',
      );
    case 'under-way':
      throw new Problem(409, 'REFUND_UNDER_WAY', 'A refund of this money is under way, or waits to be repaid.');
    case 'nothing-left':
      throw new Problem(409, 'NOTHING_LEFT', 'All of this money is given back.');
    case 'not-by-refund':
      throw new Problem(
        409,
        'NOT_BY_REFUND',
        'A refund cannot settle this: GET /operator/anomalies/:id says what can.',
      );
    case 'exceeds-paid':
      throw new Problem(409, 'REFUND_EXCEEDS_PAID', 'More than what was paid and is not given back yet.');
    case 'too-many-refunds':
      throw new Problem(409, 'TOO_MANY_REFUNDS', 'WeChat Pay takes at most 50 refunds of one payment.');
  }
}
