import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentBuyer, OperatorGuard } from '../auth/guards.ts';
import type { Identity } from '../auth/tokens.ts';
import { documented, Refuses } from '../http/documented.ts';
import { Problem } from '../http/problem.ts';
import { zodPipe } from '../http/zod-pipe.ts';
import { AnomalyDesk } from './anomaly-desk.ts';
import { plainText, rowId } from './input.ts';
import type { Page, Row } from './list-page.ts';
import { anomaliesView, anomalyView } from './operator.views.ts';

const state = z.enum(['OPEN', 'DONE']).optional();
const closeBody = z.strictObject({ note: plainText(255).min(1) });
const noStore = ['cache-control', 'no-store'] as const;

/** Money and refunds that do not fit: what happened, what was done, what is open, what to do. */
@ApiTags('operator')
@ApiBearerAuth()
@Refuses({ 400: 'INVALID_INPUT', 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' })
@Controller('operator/anomalies')
@UseGuards(OperatorGuard)
export class AnomalyController {
  constructor(private readonly desk: AnomalyDesk) {}

  @Get()
  @ApiQuery({ name: 'state', required: false, enum: ['OPEN', 'DONE'] })
  @ApiQuery({ name: 'cursor', required: false, description: '`next` of the page before' })
  @ApiOperation({ summary: 'Money and refunds that do not fit, newest first' })
  @ApiOkResponse(documented(anomaliesView))
  @Header(...noStore)
  list(
    @Query('cursor', zodPipe(rowId.optional())) from: string | undefined,
    @Query('state', zodPipe(state)) only: string | undefined,
  ): Promise<Page> {
    return this.desk.list(from, only);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One anomaly: what happened, what was done, what is open, what to do' })
  @ApiOkResponse(documented(anomalyView))
  @Refuses({ 404: 'ANOMALY_NOT_FOUND' })
  @Header(...noStore)
  async show(@Param('id', zodPipe(rowId)) anomaly: string): Promise<Row> {
    const row = await this.desk.show(anomaly);
    if (!row) throw notFound();
    return row;
  }

  @Post(':id/close')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Close an anomaly that was settled outside',
    description:
      'Refused while it waits for a decision or a refund that closes it by itself. The note says how it was settled. ' +
      'Other anomalies about the same money are closed with it.',
  })
  @ApiNoContentResponse()
  @Refuses({ 404: 'ANOMALY_NOT_FOUND', 409: 'ANOMALY_CLOSED, ANOMALY_HELD' })
  async close(
    @Param('id', zodPipe(rowId)) anomaly: string,
    @CurrentBuyer() { sub }: Identity,
    @Body(zodPipe(closeBody)) { note }: z.infer<typeof closeBody>,
  ): Promise<void> {
    const outcome = await this.desk.close(anomaly, sub, note);
    if (outcome.kind === 'not-found') throw notFound();
    if (outcome.kind === 'closed-before')
      throw new Problem(409, 'ANOMALY_CLOSED', 'Nothing is open about this anomaly.');
    if (outcome.kind === 'held') throw new Problem(409, 'ANOMALY_HELD', `It cannot be closed by hand: ${outcome.why}.`);
  }
}

const notFound = (): Problem => new Problem(404, 'ANOMALY_NOT_FOUND', 'There is no such anomaly.');
