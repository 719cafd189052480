import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Event } from '#contract';
import { protection } from '#platform';
import { type Attempt, attemptMachine, isOpen } from '../../domain/attempt.ts';
import { orderStatusMachine, payableMachine } from '../../domain/payable.ts';
import { anomalyOf, judge, type Payment, type PaymentResult, type SettleOutcome } from '../../domain/payment.ts';
import { tellAgainMs } from '../../domain/schedule.ts';
import type { Settled } from '../../flow/ports.ts';
import { failed, mismatched, succeeded } from './events.ts';
import { fromNow, grouped, type LockedOrder, micros, type Written } from './rows.ts';

const comparesAmounts = protection('amount-check');

interface Judged {
  result: PaymentResult;
  order: LockedOrder | undefined;
  attempt: Attempt | undefined;
  outcome: SettleOutcome;
}

/**
 * Judges results against locked orders and writes everything that follows: a handful of statements however many results
 * there are. The same attempt may appear twice: the second result sees what the first has done.
 */
export async function settleBatch(
  em: EntityManager,
  orders: ReadonlyMap<string, LockedOrder>,
  results: readonly PaymentResult[],
): Promise<{ settled: Settled[]; events: Event[] }> {
  const known = new Map<string, { order: LockedOrder; attempt: Attempt }>();
  for (const order of orders.values()) {
    for (const attempt of order.attempts) known.set(attempt.outTradeNo, { order, attempt });
  }
  const judged = results.map((result): Judged => {
    const { order, attempt } = known.get(result.outTradeNo) ?? {};
    const totalFee = attempt?.totalFee ?? 0;
    const outcome = judge(comparesAmounts || result.kind === 'failed' ? result : { ...result, totalFee }, attempt);
    if (outcome === 'settled' && result.kind === 'paid' && attempt) {
      attempt.state = 'SUCCESS';
      attempt.transactionId = result.transactionId;
    }
    // WeChat has taken money for it, so it can be paid no more; what was asked for has not come.
    if (outcome === 'amount-mismatch' && attempt && isOpen(attempt)) attempt.state = 'FAILED';
    return { result, order, attempt, outcome };
  });
  await writeSuccesses(em, judged);
  await writeMispaid(em, judged);
  await writeListings(em, judged);
  await writePayables(em, judged);
  await writeAnomalies(em, judged);
  await writeNotices(
    em,
    judged.map(({ result, outcome }) => ({ result, outcome })),
  );
  return {
    settled: judged.map(({ outcome, attempt }) => ({ outcome, orderNo: attempt?.orderNo })),
    events: judged.flatMap(eventsOf),
  };
}

async function writeSuccesses(em: EntityManager, judged: readonly Judged[]): Promise<void> {
  const paid = judged.flatMap(({ outcome, result }) =>
    outcome === 'settled' && result.kind === 'paid' ? [result] : [],
  );
  if (paid.length === 0) return;
  const whens = paid.map(() => 'WHEN ? THEN ?').join(' ');
  const pick = (value: (payment: Payment) => unknown): unknown[] => paid.flatMap((one) => [one.outTradeNo, value(one)]);
  const written = await em.query<Written>(
    `UPDATE attempt SET state = 'SUCCESS', open_slot = NULL, calling_until = NULL, check_tries = 0,
            transaction_id = CASE out_trade_no ${whens} END, paid_at = CASE out_trade_no ${whens} END,
            openid = CASE out_trade_no ${whens} END, bank_type = CASE out_trade_no ${whens} END,
            settle_source = CASE out_trade_no ${whens} END,
            next_check_at = ${fromNow}, updated_at = UTC_TIMESTAMP(3)
      WHERE out_trade_no IN (?) AND state IN (?)`,
    [
      ...pick((one) => one.transactionId),
      ...pick((one) => one.paidAt),
      ...pick((one) => one.openid ?? null),
      ...pick((one) => one.bankType ?? null),
      ...pick((one) => one.source),
      micros(tellAgainMs(0)),
      paid.map((one) => one.outTradeNo),
      attemptMachine.sources('SUCCESS'),
    ],
  );
  if (written.affectedRows !== paid.length) throw new Error('attempts changed although they were locked');
}

/**
 * Ends attempts that were paid with another amount, and has WeChat asked about them again: each answer tells `order` once
 * more, until it has decided. What is asked about already keeps its pace.
 */
async function writeMispaid(em: EntityManager, judged: readonly Judged[]): Promise<void> {
  const numbers = judged.flatMap(({ outcome, attempt }) =>
    outcome === 'amount-mismatch' && attempt ? [attempt.outTradeNo] : [],
  );
  if (numbers.length === 0) return;
  // Assignments run from left to right: the state must be the old one until its own turn.
  const isNew = `state IN ('CREATED', 'NOTPAY') OR next_check_at IS NULL`;
  await em.query(
    `UPDATE attempt SET check_tries = IF(${isNew}, 0, check_tries),
            next_check_at = IF(${isNew}, ${fromNow}, next_check_at),
            state = IF(state IN ('CREATED', 'NOTPAY'), 'FAILED', state),
            open_slot = NULL, calling_until = NULL, updated_at = UTC_TIMESTAMP(3)
      WHERE out_trade_no IN (?) AND state <> 'SUCCESS'`,
    [micros(tellAgainMs(0)), numbers],
  );
}

/** Somebody else may ask WeChat at once; whoever comes later finds it here. */
const LIST_WITHIN_MS = 10_000;

/** Refunds that WeChat knows of money of ours are listed, whatever happens to who has seen that there are some. */
async function writeListings(em: EntityManager, judged: readonly Judged[]): Promise<void> {
  const ours: readonly SettleOutcome[] = ['settled', 'already-settled', 'amount-mismatch'];
  const transactionIds = judged.flatMap(({ outcome, result }) =>
    result.kind === 'paid' && result.refunded && ours.includes(outcome) ? [result.transactionId] : [],
  );
  if (transactionIds.length === 0) return;
  await em.query(
    `INSERT INTO refund_listing (transaction_id, due_at) VALUES ${transactionIds.map(() => `(?, ${fromNow})`).join(', ')}
     ON DUPLICATE KEY UPDATE tries = tries`,
    transactionIds.flatMap((transactionId) => [transactionId, micros(LIST_WITHIN_MS)]),
  );
}

/** An order with money is done, unless another attempt of it is still open at WeChat: that one is closed first. */
async function writePayables(em: EntityManager, judged: readonly Judged[]): Promise<void> {
  const paid = judged.flatMap(({ outcome, order }) =>
    (outcome === 'settled' || outcome === 'amount-mismatch') && order ? [order] : [],
  );
  const alsoOpen = paid.filter(({ attempts }) => attempts.some(isOpen)).map(({ payable }) => payable.orderNo);
  const done = paid.map(({ payable }) => payable.orderNo).filter((orderNo) => !alsoOpen.includes(orderNo));
  if (done.length > 0) {
    await em.query(
      "UPDATE payable SET state = 'DONE', updated_at = UTC_TIMESTAMP(3) WHERE order_no IN (?) AND state = 'OPEN'",
      [done],
    );
  }
  if (alsoOpen.length > 0) {
    await em.query(
      `UPDATE payable SET state = 'CLOSING', close_reason = 'paid', close_seq = close_seq + 1,
              close_due_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)
        WHERE order_no IN (?) AND state IN (?)`,
      [alsoOpen, payableMachine.sources('CLOSING')],
    );
  }
  const review = judged.flatMap(({ outcome, order }) =>
    outcome === 'amount-mismatch' && order ? [order.payable.orderNo] : [],
  );
  if (review.length > 0) {
    await em.query(
      `UPDATE payable SET order_status = 'REVIEW', updated_at = UTC_TIMESTAMP(3)
        WHERE order_no IN (?) AND order_status IN (?)`,
      [review, orderStatusMachine.sources('REVIEW')],
    );
  }
}

/** One row per transaction, however often it is told. */
export async function writeAnomalies(
  em: EntityManager,
  judged: readonly Pick<Judged, 'result' | 'attempt' | 'outcome'>[],
): Promise<void> {
  const rows = judged.flatMap(({ result, attempt, outcome }) => {
    const kind = anomalyOf[outcome];
    if (kind === undefined || result.transactionId === undefined) return [];
    const detail = {
      outcome,
      source: result.source,
      totalFee: result.kind === 'paid' ? result.totalFee : null,
      expectedFee: attempt?.totalFee ?? null,
      settledTransaction: attempt?.transactionId ?? null,
      paidAt: result.kind === 'paid' ? result.paidAt : null,
      mchId: result.mchId,
      appid: result.appid,
    };
    return [[kind, attempt?.orderNo ?? null, result.outTradeNo, result.transactionId, JSON.stringify(detail)]];
  });
  if (rows.length === 0) return;
  await em.query(
    `INSERT INTO anomaly (kind, order_no, out_trade_no, transaction_id, detail, state, created_at)
     VALUES ${rows.map(() => "(?, ?, ?, ?, ?, 'OPEN', UTC_TIMESTAMP(3))").join(', ')}
     ON DUPLICATE KEY UPDATE id = id`,
    rows.flat(),
  );
}

/** Keeps the bytes of notifications. Bytes kept before get an outcome if they had none that counts. */
export async function writeNotices(
  em: EntityManager,
  notices: readonly { result: PaymentResult; outcome: SettleOutcome | 'unclear' }[],
): Promise<void> {
  for (const [outcome, those] of grouped(notices, (one) => one.outcome)) {
    const rows = those.flatMap(({ result: { kind, outTradeNo, transactionId, notice } }) =>
      notice
        ? [[kind, outTradeNo, transactionId ?? null, sha256(notice.raw), notice.raw, outcome, notice.remoteIp]]
        : [],
    );
    if (rows.length === 0) continue;
    await em.query(
      `INSERT INTO notice (kind, out_trade_no, transaction_id, digest, raw, outcome, remote_ip, received_at)
       VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}
       ON DUPLICATE KEY UPDATE outcome = IF(outcome = 'unclear', ?, outcome)`,
      [...rows.flat(), outcome],
    );
  }
}

const sha256 = (raw: Buffer): Buffer => createHash('sha256').update(raw).digest();

/** What `order` is told: of all money, and of failures only while the order may still be waiting. */
function eventsOf({ result, order, attempt, outcome }: Judged): Event[] {
  if (!order || !attempt) return [];
  const { orderNo, state, orderStatus } = order.payable;
  if (outcome === 'settled' && result.kind === 'paid') return [succeeded(orderNo, result)];
  if (outcome === 'amount-mismatch' && result.kind === 'paid') return [mismatched(orderNo, result, attempt.totalFee)];
  if (outcome === 'failure-stored' && result.kind === 'failed') {
    return state === 'OPEN' && orderStatus === 'WAIT_PAY' ? [failed(attempt, result)] : [];
  }
  return [];
}
