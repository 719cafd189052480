// Asks WeChat about every attempt of an order because an operator wants to know: money goes the way of all money, refunds
// made elsewhere are taken over, and what was settled is told to `order` again. Next: settle.
import { Injectable } from '@nestjs/common';
import type { StatusView } from '../domain/view.ts';
import { Ask } from './ask.ts';
import { Attempts, Audits, Payments } from './ports.ts';
import { Status } from './status.ts';

const ASK_WITHIN_MS = 3_000;

@Injectable()
export class SettleNow {
  constructor(
    private readonly attempts: Attempts,
    private readonly payments: Payments,
    private readonly ask: Ask,
    private readonly status: Status,
    private readonly audits: Audits,
  ) {}

  /** Answers how the order stands then, or undefined for an order that is not known here. */
  async order(number: string, actor: string): Promise<StatusView | undefined> {
    const standing = await this.attempts.find(number);
    if (!standing) return undefined;
    const { orderNo } = standing.payable;
    const before = await this.view(orderNo);
    for (const attempt of standing.attempts) await this.ask.about(attempt, 'query', ASK_WITHIN_MS);
    const paid = standing.attempts.filter(({ state }) => state === 'SUCCESS').map(({ outTradeNo }) => outTradeNo);
    if (paid.length > 0) await this.payments.tellAgain(paid);
    const after = await this.view(orderNo);
    await this.audits.write({ actor, action: 'order.settle', subject: orderNo, before, after });
    return after;
  }

  private async view(orderNo: string): Promise<StatusView | undefined> {
    const answer = await this.status.read(orderNo);
    return answer.kind === 'status' ? answer.view : undefined;
  }
}
