import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Post,
  Put,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { documented, zodPipe } from '#platform';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { CallCounts } from '../domain/call-counts.ts';
import { SettableClock } from '../domain/clock.ts';
import { FaultPlan } from '../domain/fault-plan.ts';
import type { Faults } from '../domain/faults.ts';
import { RuleBook, type Rules } from '../domain/rules.ts';
import { ChangeRules } from '../flow/change-rules.ts';
import { TimeKeeper, type ClockMove } from '../flow/keep-time.ts';
import { Ledger, Merchant, TlsIdentity } from '../flow/ports.ts';
import { Reset } from '../flow/reset.ts';
import { ControlTokenGuard } from './control-token.guard.ts';
import { clockBody, faultsBody, rulesBody } from './control.schemas.ts';
import { aboutView, callsView, clockView, ledgerView } from './control.views.ts';
import { LocalGuard } from './local.guard.ts';
import { OwnPort } from './own-port.ts';
import { SecureGateway } from './secure-gateway.ts';

const NDJSON = 'application/x-ndjson';

/** For tests: what happened, what time it is, what goes wrong. */
@ApiTags('control')
@ApiHeader({ name: 'X-Control-Token', required: true, description: 'SIMULATOR_CONTROL_TOKEN' })
@Controller('control')
@UseGuards(LocalGuard, ControlTokenGuard)
export class ControlController {
  constructor(
    private readonly port: OwnPort,
    private readonly merchant: Merchant,
    private readonly identity: TlsIdentity,
    private readonly secure: SecureGateway,
    private readonly settableClock: SettableClock,
    private readonly keeper: TimeKeeper,
    private readonly plan: FaultPlan,
    private readonly ruleBook: RuleBook,
    private readonly newRules: ChangeRules,
    private readonly ledgerFile: Ledger,
    private readonly newBeginning: Reset,
    private readonly callCounts: CallCounts,
  ) {}

  @Get('about')
  @ApiOperation({ summary: 'Where the gateway is, for which merchant, and with which certificates' })
  @ApiOkResponse(documented(aboutView))
  about(): z.infer<typeof aboutView> {
    const { appid, mchId } = this.merchant;
    return {
      ...{ appid, mchId },
      url: this.port.url,
      secureUrl: this.secure.url,
      caCertificate: this.identity.caCertificate,
      certificatesFolder: this.identity.folder,
    };
  }

  @Get('ledger')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Everything since the last reset, oldest first; one JSON text per line by Accept' })
  @ApiProduces('application/json', NDJSON)
  @ApiOkResponse(documented(ledgerView))
  ledger(@Headers('accept') accept: string | undefined): StreamableFile {
    if (accept?.includes(NDJSON)) return this.ledgerLines();
    return new StreamableFile(Readable.from(jsonOf(this.ledgerFile.linesSinceReset())), { type: 'application/json' });
  }

  @Get('ledger.ndjson')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The same, one JSON text per line' })
  @ApiProduces(NDJSON)
  @ApiOkResponse({ schema: { type: 'string' } })
  ledgerLines(): StreamableFile {
    return new StreamableFile(Readable.from(linesOf(this.ledgerFile.linesSinceReset())), { type: NDJSON });
  }

  @Get('calls')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'How often each call named each number, and how many of them ran at the same time' })
  @ApiOkResponse(documented(callsView))
  calls(): z.infer<typeof callsView> {
    return { calls: this.callCounts.list() };
  }

  @Get('clock')
  @ApiOperation({ summary: 'What the clock shows' })
  @ApiOkResponse(documented(clockView))
  clock(): z.infer<typeof clockView> {
    return { now: new Date(this.settableClock.shown()).toISOString(), frozen: this.settableClock.frozen };
  }

  @Put('clock')
  @ApiOperation({ summary: 'Moves, sets, freezes or resets the clock; answers when what became due has run' })
  @ApiOkResponse(documented(clockView))
  async moveClock(@Body(zodPipe(clockBody)) move: ClockMove): Promise<z.infer<typeof clockView>> {
    await this.keeper.move(move);
    return this.clock();
  }

  @Get('faults')
  @ApiOperation({ summary: 'The plan of faults, with what is left of every `times`' })
  @ApiOkResponse(documented(faultsBody))
  faults(): Faults {
    return this.plan.current();
  }

  @Put('faults')
  @ApiOperation({ summary: 'Replaces the whole plan of faults' })
  @ApiOkResponse(documented(faultsBody))
  setFaults(@Body(zodPipe(faultsBody)) faults: z.infer<typeof faultsBody>): Faults {
    this.plan.set(withoutUndefined(faults) as Faults);
    return this.plan.current();
  }

  @Delete('faults')
  @HttpCode(204)
  @ApiOperation({ summary: 'No more faults' })
  @ApiNoContentResponse()
  clearFaults(): void {
    this.plan.clear();
  }

  @Get('rules')
  @ApiOperation({ summary: 'What the merchant set in the console, and how the gateway chooses where it may' })
  @ApiOkResponse(documented(rulesBody.required()))
  rules(): Readonly<Rules> {
    return this.ruleBook.now;
  }

  @Put('rules')
  @ApiOperation({ summary: 'Changes some of the rules, until the next reset' })
  @ApiOkResponse(documented(rulesBody.required()))
  changeRules(@Body(zodPipe(rulesBody)) changes: z.infer<typeof rulesBody>): Promise<Readonly<Rules>> {
    return this.newRules.change(withoutUndefined(changes) as Partial<Rules>);
  }

  @Post('reset')
  @HttpCode(204)
  @ApiOperation({ summary: 'A new beginning: no orders, no faults, the rules of the start, the time of the machine' })
  @ApiNoContentResponse()
  async reset(): Promise<void> {
    await this.newBeginning.run();
  }
}

/** A member that is there but undefined would hide what it stands before. */
const withoutUndefined = (value: object): unknown => JSON.parse(JSON.stringify(value));

async function* linesOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

async function* jsonOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let separator = '{"entries":[\n';
  for await (const line of lines) {
    yield separator + line;
    separator = ',\n';
  }
  yield separator.startsWith('{') ? '{"entries":[]}' : '\n]}';
}
