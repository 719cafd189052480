import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Database, OneAtATime, Shutdown } from '#platform';
import { ExpireOrders } from '../flow/expire.ts';
import { RefundOrders } from '../flow/refund.ts';

/** The guarantee behind time-out messages and commands to `pay`. Runs in every process; rows are claimed one by one. */
@Injectable()
export class SweepSchedule {
  private readonly logger = new Logger(SweepSchedule.name);
  private readonly sweep: OneAtATime;
  private readonly forget: OneAtATime;

  constructor(expireOrders: ExpireOrders, refundOrders: RefundOrders, database: Database, shutdown: Shutdown) {
    this.sweep = new OneAtATime('sweep', async () => {
      if (!database.isOpen) return;
      const { expired, resent } = await expireOrders.sweep();
      const refunds = await refundOrders.resend();
      if (expired + resent + refunds > 0) this.logger.log({ expired, resent, refunds }, 'swept');
    });
    this.forget = new OneAtATime('forget-keys', async () => {
      if (database.isOpen) await expireOrders.forgetKeys();
    });
    shutdown.on('intake', 'sweep', () => Promise.all([this.sweep.stop(), this.forget.stop()]));
  }

  @Interval(10_000)
  runSweep(): Promise<void> {
    return this.sweep.run();
  }

  @Interval(3_600_000)
  runForget(): Promise<void> {
    return this.forget.run();
  }
}
