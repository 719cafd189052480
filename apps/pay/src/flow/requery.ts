// Asks WeChat about attempts that are due, so that a lost notification costs seconds: claimed from Redis, from MySQL when
// Redis is away, each by one instance at a time. Next: settle, as for a notification.
import { Injectable, Logger } from '@nestjs/common';
import type { Attempt } from '../domain/attempt.ts';
import { abreast } from './abreast.ts';
import { Ask } from './ask.ts';
import { Checks, Payments, PendingOrders } from './ports.ts';

const CLAIM = 100;
/** A tick takes what falls due before the middle of the next pause, so that no check waits for a whole one. */
const DUE_WITHIN_MS = 2_500;
const ABREAST = 25;
const QUERY_MS = 5_000;
/** Longer than one claim's work can take: 100 attempts, 25 at a time, 5 s each. */
const LEASE_MS = 30_000;
/** A tick stops claiming after this long; the next one goes on. */
const TICK_MS = 4_000;
/** What MySQL knows to be overdue by this much, Redis has forgotten. */
const FORGOTTEN_MS = 20_000;
const PAGE = 1_000;

@Injectable()
export class Requery {
  private readonly logger = new Logger('requery');

  constructor(
    private readonly checks: Checks,
    private readonly pending: PendingOrders,
    private readonly ask: Ask,
    private readonly payments: Payments,
  ) {}

  /** One round over what is due now. */
  async tick(): Promise<void> {
    const end = performance.now() + TICK_MS;
    for (let more = true; more && performance.now() < end;) more = (await this.round()) === CLAIM;
  }

  /** What Redis has lost is found in MySQL. */
  async sweep(): Promise<void> {
    await this.check(await this.checks.claim(CLAIM, -FORGOTTEN_MS, LEASE_MS));
  }

  /** Fills the set in Redis from MySQL when it is not known to be complete. */
  async rebuild(): Promise<void> {
    if ((await this.pending.isComplete()) !== false) return;
    let count = 0;
    for (let after = ''; ;) {
      const page = await this.checks.page(after, PAGE);
      if (page.length > 0 && (await this.pending.schedule(page)) === undefined) return;
      count += page.length;
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      after = last.orderNo;
    }
    await this.pending.markComplete();
    this.logger.log({ orders: count }, 'the set of pending orders was rebuilt from MySQL');
  }

  /** Answers how many orders were claimed. */
  private async round(): Promise<number> {
    const orderNos = await this.pending.claim(CLAIM, DUE_WITHIN_MS, LEASE_MS);
    if (orderNos === undefined) {
      const due = await this.checks.claim(CLAIM, DUE_WITHIN_MS, LEASE_MS);
      await this.check(due);
      return due.length;
    }
    if (orderNos.length === 0) return 0;
    const due = await this.checks.claimOf(orderNos, DUE_WITHIN_MS, LEASE_MS);
    const claimed = new Set(due.map(({ orderNo }) => orderNo));
    await this.moveOn(orderNos.filter((orderNo) => !claimed.has(orderNo)));
    await this.check(due);
    return orderNos.length;
  }

  private async check(due: readonly Attempt[]): Promise<void> {
    if (due.length === 0) return;
    const paid = due.filter(({ state }) => state === 'SUCCESS').map(({ outTradeNo }) => outTradeNo);
    if (paid.length > 0) await this.payments.tellAgain(paid);
    await abreast(
      due.filter(({ state }) => state !== 'SUCCESS'),
      ABREAST,
      async (attempt) => {
        const asked = await this.ask.about(attempt, 'query', QUERY_MS);
        if (asked === 'unknown') this.logger.warn({ outTradeNo: attempt.outTradeNo }, 'WeChat gave no clear answer');
      },
      (error) => this.logger.error(error instanceof Error ? error : new Error(String(error)), 'a check failed'),
    );
    await this.checks.reschedule(due.map(({ outTradeNo }) => outTradeNo));
    await this.moveOn([...new Set(due.map(({ orderNo }) => orderNo))]);
  }

  /** Moves orders to their next check in Redis; one without any leaves the set. Costs WeChat nothing. */
  private async moveOn(orderNos: readonly string[]): Promise<void> {
    if (orderNos.length === 0) return;
    const ahead = await this.checks.dueIn(orderNos);
    await this.pending.schedule(ahead);
    const kept = new Set(ahead.map(({ orderNo }) => orderNo));
    const gone = orderNos.filter((orderNo) => !kept.has(orderNo));
    if (gone.length > 0) await this.pending.remove(gone);
  }
}
