import { Controller, Get, Header, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CurrentBuyer, OperatorGuard } from '../auth/guards.ts';
import type { Identity } from '../auth/tokens.ts';
import { documented, Refuses } from '../http/documented.ts';
import { Problem } from '../http/problem.ts';
import { zodPipe } from '../http/zod-pipe.ts';
import { rowId } from './input.ts';
import type { Page } from './list-page.ts';
import { OperatorDesk } from './operator-desk.ts';
import { auditView, outboxView, parkedView } from './operator.views.ts';

const cursor = rowId.optional();
const noStore = ['cache-control', 'no-store'] as const;

/** What this app could not finish by itself, and the means to repair it. */
@ApiTags('operator')
@ApiBearerAuth()
@Refuses({ 400: 'INVALID_INPUT', 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' })
@Controller('operator')
@UseGuards(OperatorGuard)
export class OperatorController {
  constructor(private readonly desk: OperatorDesk) {}

  @Get('parked')
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOperation({ summary: 'Messages that could not be handled' })
  @ApiOkResponse(documented(parkedView))
  @Header(...noStore)
  parked(@Query('cursor', zodPipe(cursor)) from: string | undefined): Promise<Page> {
    return this.desk.parked(from);
  }

  @Get('outbox')
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOperation({ summary: 'Events that were committed and are not sent yet' })
  @ApiOkResponse(documented(outboxView))
  @Header(...noStore)
  outbox(@Query('cursor', zodPipe(cursor)) from: string | undefined): Promise<Page> {
    return this.desk.outbox(from);
  }

  @Get('audit')
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOperation({ summary: 'What operators did' })
  @ApiOkResponse(documented(auditView))
  @Header(...noStore)
  audit(@Query('cursor', zodPipe(cursor)) from: string | undefined): Promise<Page> {
    return this.desk.audit(from);
  }

  @Post('parked/:id/replay')
  @HttpCode(204)
  @ApiOperation({ summary: 'Put a parked message back into its inbox' })
  @ApiNoContentResponse()
  @Refuses({ 404: 'ROW_NOT_FOUND', 409: 'ROW_BUSY', 503: 'BROKER_AWAY' })
  async replay(@Param('id', zodPipe(rowId)) row: string, @CurrentBuyer() { sub }: Identity): Promise<void> {
    const outcome = await this.desk.replay(row, sub);
    if (outcome === 'broker-away') {
      throw new Problem(
        503,
        'BROKER_AWAY',
        'The broker has not taken the message: it stays parked; try again shortly.',
        {
          retryAfterSeconds: 5,
        },
      );
    }
    if (outcome !== 'done') throw notThere[outcome]();
  }

  @Post('parked/:id/discard')
  @HttpCode(204)
  @ApiOperation({ summary: 'Forget a parked message that nothing needs any more' })
  @ApiNoContentResponse()
  @Refuses({ 404: 'ROW_NOT_FOUND', 409: 'MESSAGE_NEEDED, ROW_BUSY' })
  async discard(@Param('id', zodPipe(rowId)) row: string, @CurrentBuyer() { sub }: Identity): Promise<void> {
    const outcome = await this.desk.discard(row, sub);
    if (outcome === 'still-needed') {
      throw new Problem(
        409,
        'MESSAGE_NEEDED',
        'What this message says is not written down yet, and its order or refund needs it: replay it.',
      );
    }
    if (outcome !== 'done') throw notThere[outcome]();
  }

  @Post('outbox/:id/resend')
  @HttpCode(204)
  @ApiOperation({ summary: 'Send an unsent event now' })
  @ApiNoContentResponse()
  @Refuses({ 404: 'ROW_NOT_FOUND' })
  async resend(@Param('id', zodPipe(rowId)) row: string, @CurrentBuyer() { sub }: Identity): Promise<void> {
    if ((await this.desk.resend(row, sub)) === 'not-found') throw notThere['not-found']();
  }
}

const notThere = {
  'not-found': () => new Problem(404, 'ROW_NOT_FOUND', 'There is no such row.'),
  busy: () =>
    new Problem(409, 'ROW_BUSY', 'Somebody else is working on this row at this moment.', { retryAfterSeconds: 3 }),
};
