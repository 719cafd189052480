// Finds the order behind a number; a buyer who is faster than `order.placed` makes us ask `order` itself. The amount is
// always the order's own. From here: prepay or status.
import { Injectable } from '@nestjs/common';
import { orderNo as orderNoSchema } from '#contract';
import { Attempts, Orders, type Standing } from './ports.ts';

export type Found = { kind: 'found'; standing: Standing } | { kind: 'unknown-order' } | { kind: 'order-unreachable' };

@Injectable()
export class LookUp {
  constructor(
    private readonly attempts: Attempts,
    private readonly orders: Orders,
  ) {}

  /** @param number an order number or the number of one of its attempts */
  async find(number: string): Promise<Found> {
    const known = await this.attempts.find(number);
    if (known) return { kind: 'found', standing: known };
    if (!orderNoSchema.safeParse(number).success) return { kind: 'unknown-order' };
    const payable = await this.orders.payable(number);
    if (payable === 'unknown') return { kind: 'unknown-order' };
    if (payable === 'unreachable') return { kind: 'order-unreachable' };
    await this.attempts.place([payable]);
    const standing = await this.attempts.find(number);
    return standing ? { kind: 'found', standing } : { kind: 'unknown-order' };
  }
}
