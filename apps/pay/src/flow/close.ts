// Closes what is open at WeChat for orders whose time is up: query, close, read the answer, write it down; again with
// back-off and no end until WeChat's answer is clear. Next: `order` hears payment.closed, or payment.succeeded.
import { Injectable, Logger } from '@nestjs/common';
import { type Attempt, isOpen } from '../domain/attempt.ts';
import { ABSENCE_SETTLES_MS } from '../domain/schedule.ts';
import { abreast } from './abreast.ts';
import { Ask } from './ask.ts';
import { Attempts, Closings, Gateway, PendingOrders } from './ports.ts';
import { Watch } from './watch.ts';

const ABREAST = 20;
const CALL_MS = 5_000;
/** Three calls for each of an order's open attempts, of which there is one: a lease that outlives its holder's work. */
const LEASE_MS = 30_000;
/** A tick takes no new commands after this long; the next one goes on. */
const TICK_MS = 4_000;

@Injectable()
export class Close {
  private readonly logger = new Logger('close');

  constructor(
    private readonly closings: Closings,
    private readonly attempts: Attempts,
    private readonly gateway: Gateway,
    private readonly ask: Ask,
    private readonly pending: PendingOrders,
    private readonly watch: Watch,
  ) {}

  /** Works off the commands that are due. */
  async tick(): Promise<void> {
    const end = performance.now() + TICK_MS;
    for (let more = true; more && performance.now() < end;) {
      const orderNos = await this.closings.claim(ABREAST, LEASE_MS);
      await abreast(
        orderNos,
        ABREAST,
        (orderNo) => this.order(orderNo),
        (error) => this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a close failed'),
      );
      more = orderNos.length === ABREAST;
    }
  }

  /** One try for one order: every open attempt, then the answer to the command. */
  async order(orderNo: string): Promise<void> {
    const standing = await this.attempts.find(orderNo);
    try {
      for (const attempt of standing?.attempts.filter(isOpen) ?? []) await this.attempt(attempt);
    } finally {
      const end = await this.closings.conclude(orderNo);
      if (end !== 'later') {
        this.logger.log({ orderNo, end }, 'order closed');
        await this.pending.remove([orderNo]);
      }
      this.watch.changed(orderNo);
    }
  }

  private async attempt(attempt: Attempt): Promise<void> {
    const asked = await this.ask.about(attempt, 'close', CALL_MS);
    if (asked === 'absent') return this.absent(attempt);
    if (asked !== 'open' && asked !== 'failed') return;
    const answer = await this.gateway.close(attempt, CALL_MS);
    switch (answer.kind) {
      case 'closed':
        await this.attempts.finish(attempt.outTradeNo, 'CLOSED');
        return;
      case 'paid':
        await this.ask.about(attempt, 'close', CALL_MS);
        return;
      case 'absent':
        await this.absent(attempt);
        return;
      case 'unknown':
        this.logger.warn({ outTradeNo: attempt.outTradeNo, reason: answer.reason }, 'WeChat did not close yet');
    }
  }

  /** A call of ours may still be on its way: "does not exist" counts only some time after its deadline. */
  private async absent({ outTradeNo }: Attempt): Promise<void> {
    await this.attempts.finish(outTradeNo, 'CLOSED', ABSENCE_SETTLES_MS);
  }
}
