// Begins anew for the next test: no orders, no faults, the rules of the start, the machine's time. The ledger keeps what was;
// its readers start at the reset.
import { Injectable } from '@nestjs/common';
import { CallCounts } from '../domain/call-counts.ts';
import { FaultPlan } from '../domain/fault-plan.ts';
import { RuleBook } from '../domain/rules.ts';
import { TimeKeeper } from './keep-time.ts';
import { Recorder } from './record.ts';

@Injectable()
export class Reset {
  constructor(
    private readonly faults: FaultPlan,
    private readonly rules: RuleBook,
    private readonly keeper: TimeKeeper,
    private readonly recorder: Recorder,
    private readonly calls: CallCounts,
  ) {}

  async run(): Promise<void> {
    this.faults.clear();
    this.calls.clear();
    this.rules.reset();
    this.keeper.forget();
    await this.keeper.move({ reset: true });
    this.keeper.forget();
    await this.recorder.record({ kind: 'reset' }, true);
  }
}
