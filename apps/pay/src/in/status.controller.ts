import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { documented, zodPipe } from '#platform';
import type { StatusView } from '../domain/view.ts';
import { Status } from '../flow/status.ts';
import { problemOf } from './answers.ts';
import { clientIp, numberInput } from './input.ts';
import { PayAccess } from './pay-access.ts';
import { StatusStreams } from './status-streams.ts';
import { statusView } from './views.ts';

@ApiTags('payments')
@Controller('weixin/pay/status')
export class StatusController {
  constructor(
    private readonly status: Status,
    private readonly streams: StatusStreams,
    private readonly access: PayAccess,
  ) {}

  @Get('query')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Where an order stands; WeChat is asked when that is not final' })
  @ApiOkResponse(documented(statusView))
  async query(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<StatusView> {
    const answer = await this.status.query(await this.access.orderOf(request, number));
    if (answer.kind !== 'status') throw problemOf(answer);
    return answer.view;
  }

  @Get('stream')
  @ApiOperation({ summary: 'The same as server-sent events: one now, then one at each change' })
  async stream(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const orderNo = await this.access.orderOf(request, number);
    await this.streams.open(orderNo, clientIp(request), reply);
  }
}
