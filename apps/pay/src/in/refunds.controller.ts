import { Controller, Get, Header, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { outRefundNo } from '#contract';
import { documented, OperatorGuard, Refuses, zodPipe } from '#platform';
import { refundAdvice, type RefundState, refundStates } from '../domain/refund.ts';
import { RefundList, type RefundShown } from '../flow/ports.ts';
import { refundsView } from './views.ts';

const PAGE = 50;
const stateQuery = z.enum(refundStates).optional();
const cursorQuery = outRefundNo.optional();

type Advised = RefundShown & { whatToDo: string };

/** Refunds as they stand at WeChat. They are asked for and repaired in `order`. */
@ApiTags('operator')
@ApiBearerAuth()
@Refuses({ 400: 'INVALID_INPUT', 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' })
@Controller('operator/refunds')
@UseGuards(OperatorGuard)
export class RefundsController {
  constructor(private readonly refunds: RefundList) {}

  @Get()
  @ApiQuery({ name: 'state', required: false, enum: refundStates })
  @ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' })
  @ApiOperation({ summary: 'Refunds at WeChat, newest first: where each stands, what keeps it, what to do' })
  @ApiOkResponse(documented(refundsView))
  @Header('cache-control', 'no-store')
  async list(
    @Query('state', zodPipe(stateQuery)) state: RefundState | undefined,
    @Query('cursor', zodPipe(cursorQuery)) before: string | undefined,
  ): Promise<{ refunds: Advised[]; next: string | null }> {
    const rows = await this.refunds.page({
      ...(state !== undefined && { state }),
      ...(before !== undefined && { before }),
      limit: PAGE + 1,
    });
    const page = rows.slice(0, PAGE).map((refund) => ({ ...refund, whatToDo: refundAdvice(refund) }));
    return { refunds: page, next: rows.length > PAGE ? (page.at(-1)?.outRefundNo ?? null) : null };
  }
}
