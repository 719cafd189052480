import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { execute, transact } from '#platform';
import {
  type Attempt,
  attemptMachine,
  handed,
  isOpen,
  MAX_ATTEMPTS,
  outTradeNoOf,
  timeExpireOf,
} from '../../domain/attempt.ts';
import { wechatBody } from '../../domain/body.ts';
import { type NewPayable, orderStatusMachine, prepayRefusal } from '../../domain/payable.ts';
import { appidOf, isSameWay } from '../../domain/way.ts';
import {
  Attempts,
  type AttemptWish,
  type BegunPrepay,
  type OrderNews,
  type PreparedAtWechat,
  type Standing,
} from '../../flow/ports.ts';
import { closeAccepted } from './anomaly-ends.ts';
import type { AttemptRow } from './attempt.row.ts';
import { Merchant } from './merchant.ts';
import type { PayableRow } from './payable.row.ts';
import { fromNow, grouped, type LockedOrder, lockOrders, micros, toAttempt, toPayable, type Written } from './rows.ts';

/** A call's lease outlives its deadline by this, so that its answer can still be stored under it. */
const LEASE_REST_MS = 1_000;
const FIRST_CHECK_MS = 5_000;
/** A call whose answer never came is looked into after this. */
const UNANSWERED_CHECK_MS = 15_000;

@Injectable()
export class AttemptsMysql extends Attempts {
  constructor(
    private readonly db: DataSource,
    private readonly merchant: Merchant,
  ) {
    super();
  }

  override async find(number: string): Promise<Standing | undefined> {
    const [row] = await this.db.query<(PayableRow & { now: Date })[]>(
      `SELECT p.*, UTC_TIMESTAMP(3) AS now FROM payable p
        WHERE p.order_no = COALESCE((SELECT a.order_no FROM attempt a WHERE a.out_trade_no = ?), ?)`,
      [number, number],
    );
    if (!row) return undefined;
    const attempts = await this.db.query<AttemptRow[]>('SELECT * FROM attempt WHERE order_no = ? ORDER BY seq', [
      row.order_no,
    ]);
    return { payable: toPayable(row), attempts: attempts.map(toAttempt), now: row.now };
  }

  override async place(payables: readonly NewPayable[]): Promise<void> {
    if (payables.length === 0) return;
    const { mchId, appid } = this.merchant;
    await execute(
      this.db,
      `INSERT INTO payable
         (order_no, mch_id, appid, total_fee, title, expires_at, state, order_status, created_at, updated_at)
       VALUES ${payables.map(() => "(?, ?, ?, ?, ?, ?, 'OPEN', 'WAIT_PAY', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))").join(', ')}
       ON DUPLICATE KEY UPDATE order_no = order_no`,
      payables.flatMap(({ orderNo, totalFee, title, expiresAt }) => [
        orderNo,
        mchId,
        appid,
        totalFee,
        title,
        expiresAt,
      ]),
    );
  }

  override begin(orderNo: string, wish: AttemptWish): Promise<BegunPrepay> {
    return transact(this.db, async (em): Promise<BegunPrepay> => {
      const order = (await lockOrders(em, [orderNo])).get(orderNo);
      if (!order) return { kind: 'unknown-order' };
      const { payable, attempts, now } = order;
      const paid = attempts.some(({ state }) => state === 'SUCCESS');
      const reason = prepayRefusal(payable, paid, now);
      if (reason) return { kind: 'refused', reason };
      const open = attempts.find(isOpen);
      const same = open !== undefined && isSameWay(open, wish.way, payable);
      if (!same && attempts.length >= MAX_ATTEMPTS) return { kind: 'refused', reason: 'TOO_MANY_ATTEMPTS' };
      if (!open) return { kind: 'call', attempt: await insert(em, order, wish) };
      if (same && handed(open, now)) return { kind: 'ready', attempt: open };
      if (open.callingUntil !== null && open.callingUntil > now) return { kind: 'busy' };
      if (!same) return { kind: 'other-way', attempt: open };
      await em.query(
        `UPDATE attempt SET prepay_seq = prepay_seq + 1, called_at = ${fromNow}, calling_until = ${fromNow},
                updated_at = UTC_TIMESTAMP(3)
          WHERE out_trade_no = ?`,
        [micros(wish.callMs), micros(wish.callMs + LEASE_REST_MS), open.outTradeNo],
      );
      return { kind: 'call', attempt: { ...open, prepaySeq: open.prepaySeq + 1 } };
    });
  }

  override storePrepared(
    { orderNo, outTradeNo, prepaySeq }: Attempt,
    { prepayId, codeUrl, mwebUrl }: PreparedAtWechat,
  ): Promise<'stored' | 'stale' | 'over'> {
    return transact(this.db, async (em) => {
      const order = (await lockOrders(em, [orderNo])).get(orderNo);
      const attempt = order?.attempts.find((one) => one.outTradeNo === outTradeNo);
      if (!order || !attempt || !isOpen(attempt) || order.payable.state !== 'OPEN') return 'over';
      const stored = await em.query<Written>(
        `UPDATE attempt SET state = 'NOTPAY', prepay_id = ?, code_url = ?, mweb_url = ?,
                code_url_at = UTC_TIMESTAMP(3), calling_until = NULL, next_check_at = ${fromNow}, check_tries = 0, updated_at = UTC_TIMESTAMP(3)
          WHERE out_trade_no = ? AND prepay_seq = ? AND state IN ('CREATED', 'NOTPAY')`,
        [prepayId, codeUrl, mwebUrl, micros(FIRST_CHECK_MS), outTradeNo, prepaySeq],
      );
      if (stored.affectedRows === 1) return 'stored';
      // A newer call has run meanwhile. Which of the two answers WeChat gave last is not known, so neither is handed
      // out: the next prepay fetches a fresh one.
      await em.query(
        `UPDATE attempt SET prepay_id = NULL, code_url = NULL, mweb_url = NULL, code_url_at = NULL, updated_at = UTC_TIMESTAMP(3)
          WHERE out_trade_no = ? AND state IN ('CREATED', 'NOTPAY')
            AND (calling_until IS NULL OR calling_until <= UTC_TIMESTAMP(3))`,
        [outTradeNo],
      );
      return 'stale';
    });
  }

  override async release({ outTradeNo, prepaySeq }: Attempt): Promise<void> {
    await execute(this.db, 'UPDATE attempt SET calling_until = NULL WHERE out_trade_no = ? AND prepay_seq = ?', [
      outTradeNo,
      prepaySeq,
    ]);
  }

  override async refused({ outTradeNo, prepaySeq }: Attempt): Promise<void> {
    // A call before it whose outcome is unknown leaves it unknown what WeChat knows.
    await execute(
      this.db,
      `UPDATE attempt SET calling_until = NULL,
              refused_seq = IF(state = 'CREATED' AND refused_seq = prepay_seq - 1, prepay_seq, refused_seq)
        WHERE out_trade_no = ? AND prepay_seq = ?`,
      [outTradeNo, prepaySeq],
    );
  }

  override async seen(outTradeNo: string): Promise<void> {
    await execute(
      this.db,
      "UPDATE attempt SET state = 'NOTPAY', updated_at = UTC_TIMESTAMP(3) WHERE out_trade_no = ? AND state IN (?)",
      [outTradeNo, attemptMachine.sources('NOTPAY')],
    );
  }

  override async finish(outTradeNo: string, state: 'CLOSED' | 'FAILED', absentForMs?: number): Promise<boolean> {
    const absent = absentForMs === undefined ? '' : `AND (called_at <= ${fromNow} OR refused_seq = prepay_seq)`;
    const done = await execute(
      this.db,
      `UPDATE attempt SET state = ?, open_slot = NULL, next_check_at = NULL, calling_until = NULL,
              updated_at = UTC_TIMESTAMP(3)
        WHERE out_trade_no = ? AND state IN (?) ${absent}`,
      [state, outTradeNo, attemptMachine.sources(state), ...(absentForMs === undefined ? [] : [micros(-absentForMs)])],
    );
    return done.affectedRows === 1;
  }

  override recordOrderStatus(news: readonly OrderNews[]): Promise<Set<string>> {
    const orderNos = [...new Set(news.map(({ orderNo }) => orderNo))];
    return transact(this.db, async (em) => {
      const orders = await lockOrders(em, orderNos);
      const byStatus = grouped(news, ({ status }) => status);
      for (const [status, those] of byStatus) {
        await em.query(
          `UPDATE payable SET order_status = ?, close_due_at = IF(state = 'DONE', NULL, close_due_at),
                  updated_at = UTC_TIMESTAMP(3)
            WHERE order_no IN (?) AND order_status IN (?)`,
          [status, those.map(({ orderNo }) => orderNo), orderStatusMachine.sources(status)],
        );
      }
      const paid = byStatus.get('PAID')?.map(({ orderNo }) => orderNo);
      if (paid) {
        // `order` has it: nothing is told again.
        await em.query("UPDATE attempt SET next_check_at = NULL WHERE order_no IN (?) AND state = 'SUCCESS'", [paid]);
      }
      await closeAccepted(
        em,
        news.flatMap(({ transactionId }) => transactionId ?? []),
      );
      return new Set(orderNos.filter((orderNo) => !orders.has(orderNo)));
    });
  }
}

async function insert(em: EntityManager, { payable, attempts, now }: LockedOrder, wish: AttemptWish): Promise<Attempt> {
  const seq = 1 + Math.max(0, ...attempts.map((attempt) => attempt.seq));
  const outTradeNo = outTradeNoOf(payable.orderNo, seq);
  const { way } = wish;
  const scene = way.tradeType === 'MWEB' ? way.scene : undefined;
  await em.query(
    `INSERT INTO attempt
       (order_no, seq, out_trade_no, mch_id, appid, trade_type, sign_type, total_fee, body, product_id, notify_url,
        spbill_create_ip, payer_openid, wap_url, wap_name, time_start, time_expire, prepay_seq, state, open_slot,
        called_at, calling_until, next_check_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'CREATED', 1, ${fromNow}, ${fromNow}, ${fromNow}, ?, ?)`,
    [
      payable.orderNo,
      seq,
      outTradeNo,
      payable.mchId,
      appidOf(way, payable.appid),
      way.tradeType,
      wish.signType,
      payable.totalFee,
      wechatBody(payable.title),
      payable.orderNo,
      wish.notifyUrl,
      wish.spbillCreateIp,
      way.tradeType === 'JSAPI' ? way.openid : null,
      scene?.wapUrl ?? null,
      scene?.wapName ?? null,
      new Date(Math.floor(now.getTime() / 1000) * 1000),
      timeExpireOf(payable.expiresAt, now, wish.minExpireSeconds),
      micros(wish.callMs),
      micros(wish.callMs + LEASE_REST_MS),
      micros(UNANSWERED_CHECK_MS),
      now,
      now,
    ],
  );
  const [row] = await em.query<AttemptRow[]>('SELECT * FROM attempt WHERE out_trade_no = ?', [outTradeNo]);
  if (!row) throw new Error('an attempt that was inserted is not there');
  return toAttempt(row);
}
