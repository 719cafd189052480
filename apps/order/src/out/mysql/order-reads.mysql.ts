import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Line, type Product } from '../../domain/basket.ts';
import { type OrderState } from '../../domain/order-states.ts';
import { OrderReads, type OrderQuery, type OrderSummary, type OrderView, type RefundView } from '../../flow/ports.ts';

/** A row whose BIGINT columns arrive as text. */
type Texts<T, K extends keyof T> = Omit<T, K> & Record<K, string>;

const summary = `order_no AS orderNo, buyer_id AS buyerId, status, total_fee AS totalFee, title,
  expires_at AS expiresAt, created_at AS createdAt, paid_at AS paidAt`;

/** Reads of orders and products in MySQL. */
@Injectable()
export class MysqlOrderReads extends OrderReads {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async products(): Promise<Product[]> {
    const rows = await this.dataSource.query<Texts<Product, 'priceFen'>[]>(
      'SELECT product_id AS productId, title, price_fen AS priceFen, stock FROM product ORDER BY product_id LIMIT 500',
    );
    return rows.map((row) => ({ ...row, priceFen: Number(row.priceFen) }));
  }

  override async state(orderNo: string): Promise<(OrderState & { title: string }) | undefined> {
    const [row] = await this.dataSource.query<Texts<OrderState & { title: string }, 'totalFee'>[]>(
      `SELECT order_no AS orderNo, buyer_id AS buyerId, status, closing_reason AS closingReason, total_fee AS totalFee,
         title, expires_at AS expiresAt FROM orders WHERE order_no = ?`,
      [orderNo],
    );
    return row && { ...row, totalFee: Number(row.totalFee) };
  }

  override async order(orderNo: string): Promise<OrderView | undefined> {
    const [row] = await this.dataSource.query<Texts<OrderSummary, 'totalFee'>[]>(
      `SELECT ${summary} FROM orders WHERE order_no = ?`,
      [orderNo],
    );
    if (!row) return undefined;
    const [items, log, payments, refunds, points] = await Promise.all([
      this.dataSource.query<Texts<Line, 'priceFen'>[]>(
        `SELECT product_id AS productId, title, quantity, price_fen AS priceFen FROM order_item
         WHERE order_no = ? ORDER BY product_id`,
        [orderNo],
      ),
      this.dataSource.query<OrderView['log']>(
        'SELECT `at`, from_status AS `from`, to_status AS `to`, reason FROM order_log WHERE order_no = ? ORDER BY log_id',
        [orderNo],
      ),
      this.dataSource.query<Texts<OrderView['payments'][number], 'totalFee' | 'refundedFen'>[]>(
        `SELECT transaction_id AS transactionId, role, total_fee AS totalFee, paid_at AS paidAt,
           refunded_fen AS refundedFen FROM order_payment
         WHERE order_no = ? ORDER BY booked_at, transaction_id`,
        [orderNo],
      ),
      this.dataSource.query<Texts<RefundView, 'amountFen'>[]>(
        `SELECT out_refund_no AS outRefundNo, transaction_id AS transactionId, amount_fen AS amountFen, reason, origin,
           state AS status, requested_at AS requestedAt, ended_at AS endedAt
         FROM refund_request WHERE order_no = ? ORDER BY requested_at, out_refund_no`,
        [orderNo],
      ),
      this.dataSource.query<{ points: string | null }[]>(
        'SELECT SUM(points) AS points FROM point_ledger WHERE order_no = ?',
        [orderNo],
      ),
    ]);
    return {
      ...row,
      totalFee: Number(row.totalFee),
      items: items.map((item) => ({ ...item, priceFen: Number(item.priceFen) })),
      log,
      payments: payments.map((payment) => ({
        ...payment,
        totalFee: Number(payment.totalFee),
        refundedFen: Number(payment.refundedFen),
      })),
      refunds: refunds.map((refund) => ({ ...refund, amountFen: Number(refund.amountFen) })),
      points: Number(points[0]?.points ?? 0),
    };
  }

  override async list({ buyerId, status, before, limit }: OrderQuery): Promise<OrderSummary[]> {
    const where: string[] = ['1 = 1'];
    const values: unknown[] = [];
    for (const [condition, value] of [
      ['buyer_id = ?', buyerId],
      ['status = ?', status],
      ['order_no < ?', before],
    ] as const) {
      if (value === undefined) continue;
      where.push(condition);
      values.push(value);
    }
    const rows = await this.dataSource.query<Texts<OrderSummary, 'totalFee'>[]>(
      `SELECT ${summary} FROM orders WHERE ${where.join(' AND ')} ORDER BY order_no DESC LIMIT ?`,
      [...values, limit],
    );
    return rows.map((row) => ({ ...row, totalFee: Number(row.totalFee) }));
  }
}
