import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, StreamableFile, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Problem, zodPipe } from '#platform';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { SettableClock } from '../domain/clock.ts';
import { FaultPlan, type Faults } from '../domain/fault-plan.ts';
import { OrderBook } from '../domain/order-book.ts';
import { TimeKeeper, type ClockMove } from '../flow/keep-time.ts';
import { Pay } from '../flow/pay.ts';
import { Ledger } from '../flow/ports.ts';
import { Reset } from '../flow/reset.ts';
import { ControlTokenGuard } from './control-token.guard.ts';
import { clockBody, faultsBody, payBody } from './control.schemas.ts';
import { LocalGuard } from './local.guard.ts';
import { payView, type PayView } from './pay-answer.ts';

interface ClockView {
  now: string;
  frozen: boolean;
}

/** For tests: what happened, what time it is, what goes wrong. */
@ApiExcludeController()
@Controller('control')
@UseGuards(LocalGuard, ControlTokenGuard)
export class ControlController {
  constructor(
    private readonly book: OrderBook,
    private readonly settableClock: SettableClock,
    private readonly keeper: TimeKeeper,
    private readonly plan: FaultPlan,
    private readonly ledgerFile: Ledger,
    private readonly phone: Pay,
    private readonly newBeginning: Reset,
  ) {}

  /** Everything since the last reset, oldest first. */
  @Get('ledger')
  ledger(): StreamableFile {
    return new StreamableFile(Readable.from(jsonOf(this.ledgerFile.linesSinceReset())), { type: 'application/json' });
  }

  @Get('clock')
  clock(): ClockView {
    return { now: new Date(this.settableClock.shown()).toISOString(), frozen: this.settableClock.frozen };
  }

  /** Answers when everything that became due has run. */
  @Put('clock')
  async moveClock(@Body(zodPipe(clockBody)) move: ClockMove): Promise<ClockView> {
    await this.keeper.move(move);
    return this.clock();
  }

  @Get('faults')
  faults(): Faults {
    return this.plan.current();
  }

  /** Replaces the whole plan. */
  @Put('faults')
  setFaults(@Body(zodPipe(faultsBody)) faults: z.infer<typeof faultsBody>): Faults {
    this.plan.set(faults);
    return this.plan.current();
  }

  @Delete('faults')
  @HttpCode(204)
  clearFaults(): void {
    this.plan.clear();
  }

  @Post('reset')
  @HttpCode(204)
  async reset(): Promise<void> {
    await this.newBeginning.run();
  }

  /** Pays without a phone. A closed order cannot be paid, as at WeChat. */
  @Post('orders/:outTradeNo/pay')
  @HttpCode(200)
  async pay(
    @Param('outTradeNo') outTradeNo: string,
    @Body(zodPipe(payBody)) { amountFen, outcome }: z.infer<typeof payBody>,
  ): Promise<PayView> {
    const order = this.book.byNumber(outTradeNo);
    if (!order) throw new Problem(404, 'ORDER_NOT_FOUND', 'There is no order with this out_trade_no.');
    return payView(await this.phone.pay(order, outcome, amountFen));
  }
}

async function* jsonOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let separator = '{"entries":[\n';
  for await (const line of lines) {
    yield separator + line;
    separator = ',\n';
  }
  yield separator.startsWith('{') ? '{"entries":[]}' : '\n]}';
}
