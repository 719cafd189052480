// Takes an order and gives out its code; one number is one order with one content, and only its newest code works.
// Next: pay.ts when somebody scans the code, close.ts when nobody does.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { newCodeUrl, newMwebPath, newPrepayId } from '../domain/identifiers.ts';
import type { CodeFacts } from '../domain/ledger-entry.ts';
import { OrderBook } from '../domain/order-book.ts';
import {
  CODE_LIVES_MS,
  UNPAID_ORDER_LIVES_MS,
  type Order,
  type OrderFacts,
  type SignType,
  type TradeType,
} from '../domain/order.ts';
import { RuleBook } from '../domain/rules.ts';
import { Close } from './close.ts';
import { Entropy } from './ports.ts';
import { Recorder } from './record.ts';

/** `timeExpire`: epoch milliseconds by the merchant's clock. */
export interface OrderRequest extends OrderFacts {
  signType: SignType;
  timeExpire?: number | undefined;
  /** Under which address the merchant reached the gateway; the page for MWEB is there as well. */
  gatewayUrl: string;
}

export type OrderAnswer =
  | { kind: 'ordered'; prepayId: string; codeUrl: string }
  | { kind: 'paid' }
  | { kind: 'closed' }
  | { kind: 'other-content' }
  | { kind: 'expires-too-soon' };

@Injectable()
export class UnifiedOrder {
  constructor(
    private readonly book: OrderBook,
    private readonly clock: SettableClock,
    private readonly close: Close,
    private readonly recorder: Recorder,
    private readonly entropy: Entropy,
    private readonly rules: RuleBook,
  ) {}

  /**
   * What `unifiedorder` does with a well-formed request (protocol:
   * pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1). A repeat with the same content gets a fresh code, and the
   * one before is dead; `time_expire` counts from the first request only.
   */
  async order(request: OrderRequest): Promise<OrderAnswer> {
    const known = this.book.byNumber(request.outTradeNo);
    if (known) return this.#again(known, request);

    const { signType, timeExpire, gatewayUrl, ...facts } = request;
    const now = this.clock.messageTime();
    if (timeExpire !== undefined && timeExpire - now < this.rules.now.minExpireMs) return { kind: 'expires-too-soon' };
    const createdOn = this.clock.line();
    const livesMs = timeExpire === undefined ? UNPAID_ORDER_LIVES_MS : timeExpire - now;
    const code = this.#newCode(facts.tradeType, signType, gatewayUrl);
    const written = this.recorder.record({
      kind: 'ordered',
      ...facts,
      ...code,
      createdOn,
      expiresOn: createdOn + livesMs,
    });
    const made = this.book.byNumber(request.outTradeNo);
    if (made) this.close.watch(made);
    await written;
    return { kind: 'ordered', prepayId: code.prepayId, codeUrl: code.codeUrl };
  }

  async #again(order: Order, request: OrderRequest): Promise<OrderAnswer> {
    this.close.expireIfDue(order);
    if (!this.book.allows(order, 'orderAgain')) {
      const kind = order.payment ? 'paid' : 'closed';
      await this.recorder.stored(order.outTradeNo);
      return { kind };
    }
    if (order.content !== request.content) return { kind: 'other-content' };
    const code = this.#newCode(order.tradeType, request.signType, request.gatewayUrl);
    await this.recorder.record({ kind: 'ordered-again', outTradeNo: order.outTradeNo, ...code });
    return { kind: 'ordered', prepayId: code.prepayId, codeUrl: code.codeUrl };
  }

  #newCode(tradeType: TradeType, signType: SignType, gatewayUrl: string): CodeFacts {
    const random = (count: number, alphabet: string): string => this.entropy.text(count, alphabet);
    const prepayId = newPrepayId(this.clock.messageTime(), random);
    const codeUrl = {
      NATIVE: () => newCodeUrl(random),
      MWEB: () => gatewayUrl + newMwebPath(prepayId, random),
      JSAPI: () => `prepay_id=${prepayId}`,
      APP: () => `prepay_id=${prepayId}`,
    }[tradeType]();
    return { signType, prepayId, codeUrl, codeExpiresOn: this.clock.line() + CODE_LIVES_MS[tradeType] };
  }
}
