// Tells the merchant how his order stands; a payment is reported only after the ledger on disk has it.
// It changes nothing, except that an order whose time is up is closed first (close.ts).
import { Injectable } from '@nestjs/common';
import { OrderBook } from '../domain/order-book.ts';
import type { Order, OrderFacts, Payment, TradeState } from '../domain/order.ts';
import { Close } from './close.ts';
import { Recorder } from './record.ts';

/** A picture of the order at one moment. */
export interface OrderStatus {
  facts: OrderFacts;
  state: TradeState;
  payment: Payment | undefined;
}

@Injectable()
export class Query {
  constructor(
    private readonly book: OrderBook,
    private readonly close: Close,
    private readonly recorder: Recorder,
  ) {}

  /** By WeChat's number if it is there, else by the merchant's; undefined when there is no such order. */
  async find(key: {
    transactionId?: string | undefined;
    outTradeNo?: string | undefined;
  }): Promise<OrderStatus | undefined> {
    const order =
      key.transactionId === undefined
        ? this.book.byNumber(key.outTradeNo ?? '')
        : this.book.byTransaction(key.transactionId);
    if (!order) return undefined;
    this.close.expireIfDue(order);
    const status = picture(order);
    await this.recorder.stored(order.outTradeNo);
    return status;
  }
}

const picture = (order: Order): OrderStatus => ({ facts: order, state: order.state, payment: order.payment });
