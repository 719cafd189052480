// Refunds as the specs of the steps see them: one map that moves by the real table, and a WeChat that a spec lays out.
import { isWechatsEnd, type Refund, type RefundAtWechat, type RefundEnd, refundMachine } from '../domain/refund.ts';
import {
  type DueListing,
  type RefundAccepted,
  type RefundCommand,
  RefundGateway,
  RefundListings,
  type RefundQueried,
  type RefundRecorded,
  Refunds,
  type Repayment,
  type RepaymentRecorded,
} from './ports.ts';

export const TRANSACTION = '4200000478201912254663157927';
export const command: RefundCommand = {
  orderNo: 'TEST0000000000000000AA',
  transactionId: TRANSACTION,
  outRefundNo: 'R1',
  amountFen: 60,
  reason: 'broken cup',
};

/** Payments whose refunds have still to be listed, by how often that was tried. */
export class ListingsInMemory extends RefundListings {
  readonly due = new Map<string, number>();
  readonly laterMs: number[] = [];

  override claim(): Promise<DueListing[]> {
    return Promise.resolve([...this.due].map(([transactionId, tries]) => ({ transactionId, tries })));
  }
  override done(transactionId: string): Promise<void> {
    this.due.delete(transactionId);
    return Promise.resolve();
  }
  override later(transactionId: string, inMs: number): Promise<void> {
    this.due.set(transactionId, (this.due.get(transactionId) ?? 0) + 1);
    this.laterMs.push(inMs);
    return Promise.resolve();
  }
}

export class RefundsInMemory extends Refunds {
  readonly rows = new Map<string, Refund>();
  readonly told: string[] = [];
  readonly dueIn = new Map<string, number | undefined>();
  apart: 'call' | 'later' = 'call';
  /** Whether calls made before reach WeChat no more. */
  areCallsSettled = false;

  override record(one: RefundCommand): Promise<RefundRecorded> {
    const known = this.rows.get(one.outRefundNo);
    if (known) {
      if (known.amountFen !== one.amountFen) return Promise.resolve('other');
      if (isWechatsEnd(known.state)) this.told.push(`${known.state} ${known.outRefundNo}`);
      return Promise.resolve('known');
    }
    if (one.transactionId !== TRANSACTION) return Promise.resolve('unknown-payment');
    this.add({ ...one, origin: 'COMMAND', state: 'REQUESTED', refundId: null });
    return Promise.resolve('recorded');
  }
  override find(outRefundNo: string): Promise<Refund | undefined> {
    return Promise.resolve(structuredClone(this.rows.get(outRefundNo)));
  }
  override stateOf(): Promise<Refund['state'] | null> {
    return Promise.resolve([...this.rows.values()].at(-1)?.state ?? null);
  }
  override claim(): Promise<Refund[]> {
    const due = [...this.rows.values()].filter(({ outRefundNo }) => this.dueIn.get(outRefundNo) === 0);
    for (const { outRefundNo } of due) this.dueIn.set(outRefundNo, undefined);
    return Promise.resolve(structuredClone(due));
  }
  override begin({ outRefundNo }: Refund): Promise<'call' | 'again' | 'later'> {
    if (this.apart === 'later') return Promise.resolve('later');
    const row = this.row(outRefundNo);
    const isAgain = row.calledAt !== null && !this.areCallsSettled;
    row.calledAt = new Date();
    return Promise.resolve(isAgain ? 'again' : 'call');
  }
  override accepted(outRefundNo: string, refundId: string): Promise<void> {
    const row = this.row(outRefundNo);
    if (refundMachine.may(row.state, 'PROCESSING')) Object.assign(row, { state: 'PROCESSING', refundId, tries: 0 });
    return Promise.resolve();
  }
  override conclude(outRefundNo: string, end: RefundEnd, refundId?: string): Promise<boolean> {
    const row = this.row(outRefundNo);
    if (!refundMachine.may(row.state, end)) return Promise.resolve(false);
    Object.assign(row, { state: end, refundId: refundId ?? row.refundId, tries: 0 });
    if (end === 'ABNORMAL' || row.origin === 'CONSOLE') this.dueIn.set(outRefundNo, 60_000);
    this.told.push(`${end} ${outRefundNo}`);
    return Promise.resolve(true);
  }
  override repaid({ outRefundNo, amountFen }: Repayment): Promise<RepaymentRecorded> {
    const row = this.rows.get(outRefundNo);
    if (!row) return Promise.resolve('unknown-refund');
    if (row.amountFen !== amountFen) return Promise.resolve('other');
    if (!refundMachine.may(row.state, 'REPAID')) return Promise.resolve('known');
    row.state = 'REPAID';
    this.dueIn.set(outRefundNo, undefined);
    return Promise.resolve('recorded');
  }
  override later(outRefundNo: string, inMs: number | undefined): Promise<void> {
    this.dueIn.set(outRefundNo, inMs);
    return Promise.resolve();
  }
  override tellAgain(outRefundNo: string): Promise<void> {
    const { state } = this.row(outRefundNo);
    if (isWechatsEnd(state)) this.told.push(`${state} ${outRefundNo}`);
    return Promise.resolve();
  }
  override hurry(outRefundNo: string): Promise<void> {
    this.dueIn.set(outRefundNo, 0);
    return Promise.resolve();
  }
  override takeOver(seen: RefundAtWechat): Promise<boolean | 'unknown-payment'> {
    if (seen.transactionId !== TRANSACTION) return Promise.resolve('unknown-payment');
    if (this.rows.has(seen.outRefundNo)) return Promise.resolve(false);
    const { outRefundNo, amountFen, refundId } = seen;
    this.add({
      ...command,
      outRefundNo,
      amountFen,
      reason: 'merchant console',
      origin: 'CONSOLE',
      state: 'PROCESSING',
      refundId,
    });
    return Promise.resolve(true);
  }

  private row(outRefundNo: string): Refund {
    const row = this.rows.get(outRefundNo);
    if (!row) throw new Error(`no refund ${outRefundNo}`);
    return row;
  }
  private add(one: RefundCommand & Pick<Refund, 'origin' | 'state' | 'refundId'>): void {
    const { orderNo: outTradeNo } = one;
    this.rows.set(one.outRefundNo, {
      ...one,
      appid: 'wx8888888888888888',
      outTradeNo,
      totalFee: 100,
      calledAt: null,
      tries: 0,
    });
    this.dueIn.set(one.outRefundNo, 0);
  }
}

/** A WeChat that knows what a spec says; each call is noted. */
export class RefundWechat extends RefundGateway {
  readonly calls: string[] = [];
  readonly known = new Map<string, RefundAtWechat>();
  onRefund: (outRefundNo: string) => RefundAccepted = (outRefundNo) => ({
    kind: 'accepted',
    refundId: `50${outRefundNo}`,
  });
  onQuery: ((outRefundNo: string) => RefundQueried) | undefined;
  notice: RefundAtWechat | undefined;
  listed: RefundAtWechat[] | undefined = [];

  override refund({ outRefundNo }: { outRefundNo: string }): Promise<RefundAccepted> {
    this.calls.push(`refund ${outRefundNo}`);
    return Promise.resolve(this.onRefund(outRefundNo));
  }
  override query(outRefundNo: string): Promise<RefundQueried> {
    this.calls.push(`query ${outRefundNo}`);
    const refund = this.known.get(outRefundNo);
    const usual: RefundQueried = refund ? { kind: 'found', refund } : { kind: 'absent' };
    return Promise.resolve(this.onQuery?.(outRefundNo) ?? usual);
  }
  override list(): Promise<RefundAtWechat[] | undefined> {
    return Promise.resolve(this.listed);
  }
  override openNotice(): RefundAtWechat | undefined {
    return this.notice;
  }
}

/** The refund of {@link command} as WeChat shows it. */
export const atWechat = (over: Partial<RefundAtWechat> = {}): RefundAtWechat => ({
  ...{ outRefundNo: 'R1', refundId: '50R1', transactionId: TRANSACTION, outTradeNo: command.orderNo },
  ...{ totalFee: 100, amountFen: 60, state: 'SUCCESS' },
  ...over,
});
