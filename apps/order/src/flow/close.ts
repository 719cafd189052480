// Ends orders without money: only when WeChat has confirmed the close, stock goes back exactly once. Ends the story.
import { Injectable } from '@nestjs/common';
import { whenClosedAtWechat, whenPaymentFailed } from '../domain/closing.ts';
import { OrderChanges, PendingOrders, type Moved } from './ports.ts';

export type CloseOutcome = 'moved' | 'nothing-to-do' | 'unknown-order';

@Injectable()
export class CloseOrders {
  constructor(
    private readonly changes: OrderChanges,
    private readonly pending: PendingOrders,
  ) {}

  /** Every attempt of these orders is final at WeChat: CANCELLED or PAY_FAILED, by the reason they were closing for. */
  async closed(orderNos: readonly string[]): Promise<CloseOutcome[]> {
    const moved = await this.changes.move(orderNos, whenClosedAtWechat);
    const ended = moved.filter(({ to }) => to !== undefined).map(({ orderNo }) => orderNo);
    if (ended.length > 0) this.pending.ended(ended);
    // Told again by somebody who has not heard how the order ended: that news was lost, and nobody else would repeat it.
    const again = moved.filter(({ from, to }) => from !== undefined && to === undefined).map(({ orderNo }) => orderNo);
    if (again.length > 0) await this.changes.tellEnds(again);
    return moved.map(outcomeOf);
  }

  /** WeChat reported a final failure of an attempt: close the order there before believing it. */
  async failed(orderNos: readonly string[]): Promise<CloseOutcome[]> {
    const moved = await this.changes.move(orderNos, whenPaymentFailed);
    const closing = moved.filter(({ to }) => to !== undefined).map(({ orderNo }) => orderNo);
    if (closing.length > 0) this.pending.closing(closing);
    return moved.map(outcomeOf);
  }
}

function outcomeOf({ from, to }: Moved): CloseOutcome {
  if (from === undefined) return 'unknown-order';
  return to ? 'moved' : 'nothing-to-do';
}
