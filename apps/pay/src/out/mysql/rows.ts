import type { EntityManager } from 'typeorm';
import { protection } from '#platform';
import type { Attempt } from '../../domain/attempt.ts';
import type { Payable } from '../../domain/payable.ts';
import type { AttemptRow } from './attempt.row.ts';
import type { PayableRow } from './payable.row.ts';

/** What a write answers; `affectedRows` counts matched rows, so the old state belongs into the WHERE clause. */
export interface Written {
  affectedRows: number;
}

/** SQL for a moment relative to database time; its parameter is {@link micros} of the distance. */
export const fromNow = 'DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND)';
export const micros = (ms: number): number => Math.round(ms * 1000);

/** What rows are claimed with: they are this process's alone, and nobody waits for those of others. */
export const forThisOne = protection('skip-locked') ? 'FOR UPDATE SKIP LOCKED' : '';

/** Items by a key, in order of first appearance. */
export function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

export const toPayable = (row: PayableRow): Payable => ({
  orderNo: row.order_no,
  mchId: row.mch_id,
  appid: row.appid,
  totalFee: Number(row.total_fee),
  title: row.title,
  expiresAt: row.expires_at,
  state: row.state,
  orderStatus: row.order_status,
  closeReason: row.close_reason,
});

export const toAttempt = (row: AttemptRow): Attempt => ({
  orderNo: row.order_no,
  seq: row.seq,
  outTradeNo: row.out_trade_no,
  mchId: row.mch_id,
  appid: row.appid,
  tradeType: row.trade_type,
  signType: row.sign_type,
  totalFee: Number(row.total_fee),
  body: row.body,
  productId: row.product_id,
  notifyUrl: row.notify_url,
  spbillCreateIp: row.spbill_create_ip,
  payerOpenid: row.payer_openid,
  scene: row.wap_url === null || row.wap_name === null ? null : { wapUrl: row.wap_url, wapName: row.wap_name },
  timeStart: row.time_start,
  timeExpire: row.time_expire,
  prepaySeq: row.prepay_seq,
  state: row.state,
  calledAt: row.called_at,
  callingUntil: row.calling_until,
  prepayId: row.prepay_id,
  codeUrl: row.code_url,
  mwebUrl: row.mweb_url,
  preparedAt: row.code_url_at,
  transactionId: row.transaction_id,
  paidAt: row.paid_at,
  openid: row.openid,
  settleSource: row.settle_source,
  nextCheckAt: row.next_check_at,
  checkTries: row.check_tries,
  createdAt: row.created_at,
});

/** A payable with its attempts, locked, as of database time; in this order, which everyone keeps. */
export interface LockedOrder {
  row: PayableRow;
  payable: Payable;
  attempts: Attempt[];
  now: Date;
}

/** Locks payables and then all of their attempts. Orders that are unknown are missing in the answer. */
export async function lockOrders(em: EntityManager, orderNos: readonly string[]): Promise<Map<string, LockedOrder>> {
  const orders = new Map<string, LockedOrder>();
  if (orderNos.length === 0) return orders;
  const payables = await em.query<(PayableRow & { now: Date })[]>(
    'SELECT p.*, UTC_TIMESTAMP(3) AS now FROM payable p WHERE order_no IN (?) ORDER BY order_no FOR UPDATE',
    [orderNos],
  );
  for (const row of payables) orders.set(row.order_no, { row, payable: toPayable(row), attempts: [], now: row.now });
  const attempts = await em.query<AttemptRow[]>(
    'SELECT * FROM attempt WHERE order_no IN (?) ORDER BY out_trade_no FOR UPDATE',
    [orderNos],
  );
  for (const row of attempts) orders.get(row.order_no)?.attempts.push(toAttempt(row));
  return orders;
}
