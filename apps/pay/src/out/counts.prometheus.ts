import { Injectable } from '@nestjs/common';
import { counter } from '#platform';
import { Counts } from '../flow/ports.ts';

@Injectable()
export class CountsPrometheus extends Counts {
  private readonly notices = counter('paypair_pay_notices_total', 'Notifications by what became of them', ['outcome']);
  private readonly settles = counter('paypair_pay_settles_total', 'Settled results by source and outcome', [
    'source',
    'outcome',
  ]);
  private readonly prepays = counter('paypair_pay_prepays_total', 'Prepays by what was answered', ['outcome']);

  private readonly waits = counter('paypair_pay_refund_waits_total', 'Refunds put off, by what they wait for', [
    'what',
  ]);

  override notice(outcome: string): void {
    this.notices.inc({ outcome });
  }

  override settled(source: string, outcome: string): void {
    this.settles.inc({ source, outcome });
  }

  override prepay(outcome: string): void {
    this.prepays.inc({ outcome });
  }

  override refundWaits(what: 'time' | 'somebody'): void {
    this.waits.inc({ what });
  }
}
