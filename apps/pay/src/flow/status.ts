// Answers where an order stands; asks WeChat first when ours is not final, once per order in 5 s over all instances.
// "paid" is said only when the order is PAID. Next: the page shows it, or settle if WeChat knows more.
import { Injectable } from '@nestjs/common';
import { isOpen, usableCode } from '../domain/attempt.ts';
import { leadingAttempt, statusView, type StatusView } from '../domain/view.ts';
import { Ask } from './ask.ts';
import { atMost } from './at-most.ts';
import { type Found, LookUp } from './look-up.ts';
import { Checks, PendingOrders, Refunds, type Standing } from './ports.ts';

export type StatusAnswer =
  { kind: 'status'; view: StatusView; codeUrl: string | undefined } | Exclude<Found, { kind: 'found' }>;

const ASK_EVERY_MS = 5_000;
const ASK_WITHIN_MS = 1_500;

@Injectable()
export class Status {
  constructor(
    private readonly lookUp: LookUp,
    private readonly ask: Ask,
    private readonly checks: Checks,
    private readonly pending: PendingOrders,
    private readonly refunds: Refunds,
  ) {}

  /** What MySQL knows; costs WeChat nothing. */
  async read(number: string): Promise<StatusAnswer> {
    const found = await this.lookUp.find(number);
    return found.kind === 'found' ? this.answer(found.standing) : found;
  }

  /** The same, but an open attempt is asked about first, for at most 1.5 s, writing the answer down included. */
  async query(number: string): Promise<StatusAnswer> {
    const found = await this.lookUp.find(number);
    if (found.kind !== 'found') return found;
    const { payable, attempts } = found.standing;
    const leading = leadingAttempt(attempts);
    const unclear = leading && isOpen(leading) && payable.orderStatus === 'WAIT_PAY';
    if (!unclear || !(await this.mayAsk(payable.orderNo))) return this.answer(found.standing);
    await atMost<unknown>(ASK_WITHIN_MS, this.ask.about(leading, 'query', ASK_WITHIN_MS), () => undefined);
    return this.read(number);
  }

  /** An order that waits for money has no refunds, and is what is asked about most. */
  private async answer({ payable, attempts, now }: Standing): Promise<StatusAnswer> {
    const refund = payable.orderStatus === 'WAIT_PAY' ? null : await this.refunds.stateOf(payable.orderNo);
    const leading = leadingAttempt(attempts);
    const view = statusView(payable, attempts, refund, now);
    const shown = view.phase === 'waiting' && leading ? usableCode(leading, now) : undefined;
    return { kind: 'status', view, codeUrl: shown };
  }

  private async mayAsk(orderNo: string): Promise<boolean> {
    return (await this.pending.mayAsk(orderNo, ASK_EVERY_MS)) ?? (await this.checks.mayAsk(orderNo, ASK_EVERY_MS));
  }
}
