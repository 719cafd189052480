// Closes one attempt at WeChat: query, close, read the answer, write it down. An order is never given a new number, nor
// called closed, before this has a clear answer. Used by close, and by prepay when a buyer changes the way to pay.
import { Injectable, Logger } from '@nestjs/common';
import type { Attempt } from '../domain/attempt.ts';
import { ABSENCE_SETTLES_MS } from '../domain/schedule.ts';
import { Ask } from './ask.ts';
import { Attempts, Gateway } from './ports.ts';

/**
 * `over`: nothing more can come of it than is written down now, money included. `refused`: WeChat does not close it yet.
 * `absent`: WeChat does not know it, but a call of ours may still be on its way.
 */
export type CloseAttemptEnd = 'over' | 'refused' | 'absent' | 'unknown';

@Injectable()
export class CloseAttempt {
  private readonly logger = new Logger('close');

  constructor(
    private readonly attempts: Attempts,
    private readonly gateway: Gateway,
    private readonly ask: Ask,
  ) {}

  /** @param callMs for each of at most three calls */
  async now(attempt: Attempt, callMs: number): Promise<CloseAttemptEnd> {
    const asked = await this.ask.about(attempt, 'close', callMs);
    switch (asked) {
      case 'paid':
      case 'final':
        return 'over';
      case 'absent':
        return this.absent(attempt);
      case 'unknown':
        return 'unknown';
      case 'open':
      case 'failed':
        return this.close(attempt, callMs);
    }
  }

  private async close(attempt: Attempt, callMs: number): Promise<CloseAttemptEnd> {
    const { outTradeNo } = attempt;
    const answer = await this.gateway.close(attempt, callMs);
    switch (answer.kind) {
      case 'closed':
        await this.attempts.finish(outTradeNo, 'CLOSED');
        return 'over';
      case 'paid':
        return (await this.ask.about(attempt, 'close', callMs)) === 'paid' ? 'over' : 'unknown';
      case 'absent':
        return this.absent(attempt);
      case 'refused':
        this.logger.warn({ outTradeNo, code: answer.code }, 'WeChat did not close yet');
        return 'refused';
      case 'unknown':
        this.logger.warn({ outTradeNo, reason: answer.reason }, 'WeChat did not close yet');
        return 'unknown';
    }
  }

  /**
   * A call of ours may still be on its way: "does not exist" counts only some time after its deadline, or when WeChat has
   * refused all of them.
   */
  private async absent({ outTradeNo }: Attempt): Promise<CloseAttemptEnd> {
    return (await this.attempts.finish(outTradeNo, 'CLOSED', ABSENCE_SETTLES_MS)) ? 'over' : 'absent';
  }
}
