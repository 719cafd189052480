/** A typed client of the simulator's /control, for tests. */
import type { z } from 'zod';
import type {
  endRefundBody,
  faultsBody,
  payBody,
  rulesBody,
} from '../../apps/wechat-simulator/src/in/control.schemas.ts';
import type {
  aboutView,
  callsView,
  clockView,
  OrderView,
  PayView,
  RefundView,
} from '../../apps/wechat-simulator/src/in/control.views.ts';
import type { LedgerEntry } from '../../apps/wechat-simulator/src/domain/ledger-entry.ts';
import type { Faults } from '../../apps/wechat-simulator/src/domain/faults.ts';
import type { Rules } from '../../apps/wechat-simulator/src/domain/rules.ts';

/** problem+json instead of an answer. */
export class ControlRefused extends Error {
  constructor(
    readonly status: number,
    readonly problem: { code?: string; detail?: string; errors?: { path: string; message: string }[] },
  ) {
    super(`HTTP ${status} ${problem.code ?? ''}: ${problem.detail ?? ''}`);
  }
}

/** A move as JSON has it. */
type Move = { advanceMs: number } | { setTo: string } | { freezeAt: string } | { reset: true };
type EntryOf<K extends LedgerEntry['kind']> = Extract<LedgerEntry, { kind: K }>;

export class SimulatorControl {
  /** @param url of the simulator, for example `http://127.0.0.1:3003` */
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  about(): Promise<z.infer<typeof aboutView>> {
    return this.#ask('GET', 'about');
  }

  /** The entries of this kind since the last reset, oldest first. */
  async ledger<K extends LedgerEntry['kind']>(kind: K): Promise<EntryOf<K>[]> {
    const { entries } = await this.#ask<{ entries: LedgerEntry[] }>('GET', 'ledger');
    return entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);
  }

  clock(): Promise<z.infer<typeof clockView>> {
    return this.#ask('GET', 'clock');
  }

  /** Resolves when everything that became due has run. */
  move(move: Move): Promise<z.infer<typeof clockView>> {
    return this.#ask('PUT', 'clock', move);
  }

  /** Ends with everything that is under way, and runs what becomes due. */
  async advance(advanceMs: number): Promise<void> {
    await this.move({ advanceMs });
  }

  faults(plan: z.input<typeof faultsBody>): Promise<Faults> {
    return this.#ask('PUT', 'faults', plan);
  }

  clearFaults(): Promise<void> {
    return this.#ask('DELETE', 'faults');
  }

  rules(changes: z.input<typeof rulesBody> = {}): Promise<Rules> {
    return this.#ask('PUT', 'rules', changes);
  }

  reset(): Promise<void> {
    return this.#ask('POST', 'reset');
  }

  /** How often each call named each number. */
  async calls(): Promise<z.infer<typeof callsView>['calls']> {
    return (await this.#ask<z.infer<typeof callsView>>('GET', 'calls')).calls;
  }

  order(outTradeNo: string): Promise<OrderView> {
    return this.#ask('GET', `orders/${encodeURIComponent(outTradeNo)}`);
  }

  pay(outTradeNo: string, how?: z.input<typeof payBody>): Promise<PayView> {
    return this.#ask('POST', `orders/${encodeURIComponent(outTradeNo)}/pay`, how ?? undefined);
  }

  /** WeChat closes it before its time. */
  closeOrder(outTradeNo: string): Promise<OrderView> {
    return this.#ask('POST', `orders/${encodeURIComponent(outTradeNo)}/close`);
  }

  scan(code: string): Promise<OrderView> {
    return this.#ask('POST', 'scan', { code });
  }

  refund(outRefundNo: string): Promise<RefundView> {
    return this.#ask('GET', `refunds/${encodeURIComponent(outRefundNo)}`);
  }

  endRefund(outRefundNo: string, status: z.input<typeof endRefundBody>['status']): Promise<RefundView> {
    return this.#ask('POST', `refunds/${encodeURIComponent(outRefundNo)}/end`, { status });
  }

  /** @throws ControlRefused */
  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/control/${path}`, {
      method,
      headers: {
        'x-control-token': this.token,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new ControlRefused(response.status, value as ControlRefused['problem']);
    return value as T;
  }
}
