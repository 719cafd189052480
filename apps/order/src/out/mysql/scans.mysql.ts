import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { execute } from '#platform';
import { Scans } from '../../flow/ports.ts';

/** A scan is remembered like an idempotency key, and forgotten with them. */
const keyOf = (scanId: string): string => `scanned:${scanId}`;

/** Orders of buyers who scanned, in MySQL. */
@Injectable()
export class MysqlScans extends Scans {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async isProduct(productId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('SELECT 1 FROM product WHERE product_id = ?', [productId]);
    return rows.length === 1;
  }

  override async orderOf(buyerId: string, scanId: string): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ body: string }[]>(
      'SELECT body FROM idempotency WHERE buyer_id = ? AND idem_key = ?',
      [buyerId, keyOf(scanId)],
    );
    return row?.body;
  }

  override async newest(
    buyerId: string,
    productId: string,
  ): Promise<{ orderNo: string; isPayable: boolean } | undefined> {
    const [row] = await this.dataSource.query<{ orderNo: string; isPayable: number }[]>(
      `SELECT o.order_no AS orderNo, o.status = 'WAIT_PAY' AND o.expires_at > UTC_TIMESTAMP(3) AS isPayable
       FROM orders o JOIN order_item i ON i.order_no = o.order_no
       WHERE o.buyer_id = ? AND i.product_id = ? ORDER BY o.order_no DESC LIMIT 1`,
      [buyerId, productId],
    );
    return row && { orderNo: row.orderNo, isPayable: row.isPayable === 1 };
  }

  override async remember(buyerId: string, scanId: string, orderNo: string): Promise<void> {
    await execute(
      this.dataSource,
      `INSERT IGNORE INTO idempotency (buyer_id, idem_key, fingerprint, status, body, created_at)
       VALUES (?, ?, '', 201, ?, UTC_TIMESTAMP(3))`,
      [buyerId, keyOf(scanId), orderNo],
    );
  }
}
