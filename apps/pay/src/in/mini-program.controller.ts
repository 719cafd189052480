import { Body, Controller, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AnswerWithin, BackendGuard, zodPipe } from '#platform';
import type { JsapiCashier } from '../flow/ports.ts';
import { Prepay } from '../flow/prepay.ts';
import { CODE_WITHIN_MS, type Created, created, made, Refusals } from './created.ts';
import { addressIn, numberInput } from './input.ts';

const payer = z.strictObject({
  openid: z.string().regex(/^[0-9A-Za-z_-]{1,128}$/, 'is not an openid'),
  payerIp: z.union([z.ipv4(), z.ipv6()], 'is not an IP address'),
});

/** For the server behind a mini-program, which has the openid from `jscode2session` and vouches for it. */
@ApiTags('payments')
@ApiBearerAuth()
@Refusals()
@AnswerWithin(CODE_WITHIN_MS)
@Controller('weixin/pay/create')
@UseGuards(BackendGuard)
export class MiniProgramController {
  constructor(private readonly prepay: Prepay) {}

  @Post('mini')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What a mini-program hands to wx.requestPayment; called by its server, with a token of the role backend',
    description: 'The openid is of WECHAT_MINI_APPID; payerIp is the address of the device.',
  })
  async mini(
    @Query('outtradeno', zodPipe(numberInput)) number: string,
    @Body(zodPipe(payer)) { openid, payerIp }: z.infer<typeof payer>,
  ): Promise<Created & JsapiCashier> {
    const answer = made(await this.prepay.mini(number, addressIn(payerIp) ?? payerIp, openid));
    return { ...answer.cashier, ...created(answer) };
  }
}
