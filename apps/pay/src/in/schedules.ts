import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Database, OneAtATime, protection, Shutdown } from '#platform';
import { Close } from '../flow/close.ts';
import { RefundMoney } from '../flow/refund.ts';
import { Requery } from '../flow/requery.ts';
import { TakeOver } from '../flow/take-over.ts';

const doubtsRedis = protection('redis-hint');

/**
 * What `pay` does by the clock. Any number of instances may tick: each piece of work is leased to one of them. A tick
 * never overlaps itself, and a stop waits for it.
 */
@Injectable()
export class Schedules {
  private readonly requerying: OneAtATime;
  private readonly sweeping: OneAtATime;
  private readonly closing: OneAtATime;
  private readonly refunding: OneAtATime;
  private readonly listing: OneAtATime;

  constructor(
    requery: Requery,
    close: Close,
    refundMoney: RefundMoney,
    takeOver: TakeOver,
    shutdown: Shutdown,
    private readonly database: Database,
  ) {
    this.requerying = new OneAtATime('requery', async () => {
      if (doubtsRedis) await requery.rebuild();
      await requery.tick();
    });
    this.sweeping = new OneAtATime('requery sweep', async () => {
      if (doubtsRedis) await requery.sweep();
    });
    this.closing = new OneAtATime('close', () => close.tick());
    this.refunding = new OneAtATime('refund', () => refundMoney.tick());
    this.listing = new OneAtATime('refund listing', () => takeOver.tick());
    for (const job of [this.requerying, this.sweeping, this.closing, this.refunding, this.listing]) {
      shutdown.on('intake', 'schedules', () => job.stop());
    }
  }

  @Interval(5_000)
  requery(): Promise<void> | undefined {
    return this.whenOpen(this.requerying);
  }

  @Interval(30_000)
  sweep(): Promise<void> | undefined {
    return this.whenOpen(this.sweeping);
  }

  @Interval(1_000)
  close(): Promise<void> | undefined {
    return this.whenOpen(this.closing);
  }

  @Interval(1_000)
  refund(): Promise<void> | undefined {
    return this.whenOpen(this.refunding);
  }

  @Interval(5_000)
  list(): Promise<void> | undefined {
    return this.whenOpen(this.listing);
  }

  /** Before the first migration there is nothing to look at. */
  private whenOpen(job: OneAtATime): Promise<void> | undefined {
    return this.database.isOpen ? job.run() : undefined;
  }
}
