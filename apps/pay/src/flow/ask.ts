// Asks WeChat about one attempt and writes down what it says; money ends in settle, an end at WeChat ends the attempt.
// An unknown answer changes nothing. Used by requery, status, close and prepay.
import { Injectable } from '@nestjs/common';
import type { Attempt } from '../domain/attempt.ts';
import { Attempts, Gateway } from './ports.ts';
import { Settle } from './settle.ts';
import { TakeOver } from './take-over.ts';

/** `paid`: settled, or kept as an anomaly; `final`: can never be paid; `absent`: WeChat knows no such number. */
export type Asked = 'paid' | 'open' | 'failed' | 'final' | 'absent' | 'unknown';

@Injectable()
export class Ask {
  constructor(
    private readonly gateway: Gateway,
    private readonly attempts: Attempts,
    private readonly settle: Settle,
    private readonly takeOver: TakeOver,
  ) {}

  async about(attempt: Attempt, source: 'query' | 'close', deadlineMs: number): Promise<Asked> {
    const answer = await this.gateway.query(attempt, source, deadlineMs);
    switch (answer.kind) {
      case 'paid':
        await this.settle.settle([answer.refunded ? { ...answer.payment, refunded: true } : answer.payment]);
        if (answer.refunded) await this.takeOver.of(answer.payment.transactionId);
        return 'paid';
      case 'unpaid':
        if (attempt.state === 'CREATED') await this.attempts.seen(attempt.outTradeNo);
        return 'open';
      case 'failed':
        await this.settle.settle([answer.failure]);
        return 'failed';
      case 'revoked':
        await this.settle.settle([answer.failure]);
        await this.attempts.finish(attempt.outTradeNo, 'FAILED');
        return 'final';
      case 'closed':
        await this.attempts.finish(attempt.outTradeNo, 'CLOSED');
        return 'final';
      case 'absent':
      case 'unknown':
        return answer.kind;
    }
  }
}
