import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { zodPipe } from '#platform';
import { Prepay } from '../flow/prepay.ts';
import { problemOf } from './answers.ts';
import { clientIp, numberInput } from './input.ts';
import { PayAccess } from './pay-access.ts';

@ApiTags('payments')
@Controller('weixin/pay/create')
export class PrepayController {
  constructor(
    private readonly prepay: Prepay,
    private readonly access: PayAccess,
  ) {}

  @Post('native')
  @HttpCode(200)
  @ApiOperation({ summary: 'The code to pay an order by scanning; asked again, the same open code' })
  async native(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Req() request: FastifyRequest,
  ): Promise<{ code_url: string; out_trade_no: string; total_fee: number; expires_at: string }> {
    const orderNo = await this.access.orderOf(request, number);
    const answer = await this.prepay.native(orderNo, clientIp(request));
    if (answer.kind !== 'ready') throw problemOf(answer);
    return {
      code_url: answer.codeUrl,
      out_trade_no: answer.outTradeNo,
      total_fee: answer.totalFee,
      expires_at: answer.expiresAt.toISOString(),
    };
  }
}
