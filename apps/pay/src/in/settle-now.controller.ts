import { Controller, Header, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentBuyer, type Identity, OperatorGuard, Problem, zodPipe } from '#platform';
import type { StatusView } from '../domain/view.ts';
import { SettleNow } from '../flow/settle-now.ts';
import { numberInput } from './input.ts';

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/orders')
@UseGuards(OperatorGuard)
export class SettleNowController {
  constructor(private readonly settleNow: SettleNow) {}

  @Post(':number/settle')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Ask WeChat about every attempt of an order now, and settle what it says' })
  async settle(
    @Param('number', zodPipe(numberInput)) number: string,
    @CurrentBuyer() { sub }: Identity,
  ): Promise<StatusView> {
    const view = await this.settleNow.order(number, sub);
    if (!view) throw new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
    return view;
  }
}
