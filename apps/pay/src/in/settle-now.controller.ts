import { Controller, Header, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  AnswerWithin,
  CurrentBuyer,
  documented,
  type Identity,
  OperatorGuard,
  Problem,
  Refuses,
  zodPipe,
} from '#platform';
import type { StatusView } from '../domain/view.ts';
import { SettleNow } from '../flow/settle-now.ts';
import { numberInput } from './input.ts';
import { statusView } from './views.ts';

/** WeChat is asked about each attempt, one after the other. */
const SETTLED_WITHIN_MS = 14_000;

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/orders')
@UseGuards(OperatorGuard)
export class SettleNowController {
  constructor(private readonly settleNow: SettleNow) {}

  @Post(':number/settle')
  @HttpCode(200)
  @AnswerWithin(SETTLED_WITHIN_MS)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Ask WeChat about every attempt of an order now, and settle what it says' })
  @ApiOkResponse(documented(statusView))
  @Refuses({
    400: 'INVALID_INPUT',
    401: 'UNAUTHENTICATED',
    403: 'FORBIDDEN',
    404: 'ORDER_NOT_FOUND',
  })
  async settle(
    @Param('number', zodPipe(numberInput)) number: string,
    @CurrentBuyer() { sub }: Identity,
  ): Promise<StatusView> {
    const view = await this.settleNow.order(number, sub);
    if (!view) throw new Problem(404, 'ORDER_NOT_FOUND', 'There is no such order.');
    return view;
  }
}
