// Changes what the merchant set in the console, or how the gateway chooses where the documentation leaves it open; kept
// in the ledger until the next reset. What was ordered or accepted before goes on as it began.
import { Injectable } from '@nestjs/common';
import { RuleBook, type Rules } from '../domain/rules.ts';
import { Recorder } from './record.ts';

@Injectable()
export class ChangeRules {
  constructor(
    private readonly rules: RuleBook,
    private readonly recorder: Recorder,
  ) {}

  async change(changes: Partial<Rules>): Promise<Readonly<Rules>> {
    this.rules.change(changes);
    await this.recorder.record({ kind: 'rules', changes });
    return this.rules.now;
  }
}
