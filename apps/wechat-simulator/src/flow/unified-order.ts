// Takes an order and gives out its code; one number is one order with one content, and only its newest code works.
// Next: pay.ts when somebody scans the code, close.ts when nobody does.
import { Injectable } from '@nestjs/common';
import { SettableClock } from '../domain/clock.ts';
import { newCodeUrl, newPrepayId } from '../domain/identifiers.ts';
import type { CodeFacts } from '../domain/ledger-entry.ts';
import { OrderBook } from '../domain/order-book.ts';
import { CODE_LIVES_MS, UNPAID_ORDER_LIVES_MS, type Order, type OrderFacts, type SignType } from '../domain/order.ts';
import { Close } from './close.ts';
import { Entropy, GatewayRules } from './ports.ts';
import { Recorder } from './record.ts';

/** `timeExpire`: epoch milliseconds by the merchant's clock. */
export interface OrderRequest extends OrderFacts {
  signType: SignType;
  timeExpire?: number | undefined;
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
    private readonly rules: GatewayRules,
  ) {}

  /**
   * What `unifiedorder` does with a well-formed request (protocol:
   * pay.weixin.qq.com/wiki/doc/api/native.php?chapter=9_1). A repeat with the same content gets a fresh code, and the
   * one before is dead; `time_expire` counts from the first request only.
   */
  async order(request: OrderRequest): Promise<OrderAnswer> {
    const known = this.book.byNumber(request.outTradeNo);
    if (known) return this.#again(known, request);

    const { signType, timeExpire, ...facts } = request;
    const now = this.clock.messageTime();
    if (timeExpire !== undefined && timeExpire - now < this.rules.minExpireMs) return { kind: 'expires-too-soon' };
    const createdOn = this.clock.line();
    const livesMs = timeExpire === undefined ? UNPAID_ORDER_LIVES_MS : timeExpire - now;
    const code = this.#newCode(signType);
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
      const kind = order.state === 'SUCCESS' ? 'paid' : 'closed';
      await this.recorder.stored(order.outTradeNo);
      return { kind };
    }
    if (order.content !== request.content) return { kind: 'other-content' };
    const code = this.#newCode(request.signType);
    await this.recorder.record({ kind: 'ordered-again', outTradeNo: order.outTradeNo, ...code });
    return { kind: 'ordered', prepayId: code.prepayId, codeUrl: code.codeUrl };
  }

  #newCode(signType: SignType): CodeFacts {
    const random = (count: number, alphabet: string): string => this.entropy.text(count, alphabet);
    return {
      signType,
      prepayId: newPrepayId(this.clock.messageTime(), random),
      codeUrl: newCodeUrl(random),
      codeExpiresOn: this.clock.line() + CODE_LIVES_MS,
    };
  }
}
