import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { outboxTable, parkedMessageTable } from '#platform';

const table = (name: string, ...parts: string[]) =>
  `CREATE TABLE IF NOT EXISTS ${name} (${parts.join(', ')}) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4`;
const ascii = (length: number) => `varchar(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * Numbers and names that are compared by machines are ascii_bin: `abc` is not `ABC`. Money is fen in bigint, times are
 * UTC to the millisecond. What must never happen twice has a unique key; what must never go below zero has a check.
 */
const tables = [
  table(
    'product',
    `product_id ${ascii(64)} NOT NULL`,
    'title varchar(200) NOT NULL',
    'price_fen bigint NOT NULL',
    'stock int NOT NULL',
    'PRIMARY KEY (product_id)',
    'CONSTRAINT ck_product_price CHECK (price_fen >= 1)',
    'CONSTRAINT ck_product_stock CHECK (stock >= 0)',
  ),
  table(
    'orders',
    `order_no ${ascii(26)} NOT NULL`,
    `buyer_id ${ascii(128)} NOT NULL`,
    `status ${ascii(16)} NOT NULL`,
    `closing_reason ${ascii(16)} NULL`,
    'total_fee bigint NOT NULL',
    'title varchar(255) NOT NULL',
    'expires_at datetime(3) NOT NULL',
    'close_sent_at datetime(3) NULL',
    'paid_at datetime(3) NULL',
    'created_at datetime(3) NOT NULL',
    'updated_at datetime(3) NOT NULL',
    'PRIMARY KEY (order_no)',
    'KEY ix_orders_buyer (buyer_id, order_no)',
    'KEY ix_orders_expiry (status, expires_at)',
    'KEY ix_orders_close_sent (status, close_sent_at)',
    'CONSTRAINT ck_orders_total_fee CHECK (total_fee >= 1)',
    "CONSTRAINT ck_orders_closing CHECK (status <> 'CLOSING' OR (closing_reason IS NOT NULL AND close_sent_at IS NOT NULL))",
    "CONSTRAINT ck_orders_paid CHECK (status <> 'PAID' OR paid_at IS NOT NULL)",
  ),
  table(
    'order_item',
    `order_no ${ascii(26)} NOT NULL`,
    `product_id ${ascii(64)} NOT NULL`,
    'title varchar(200) NOT NULL',
    'quantity int NOT NULL',
    'price_fen bigint NOT NULL',
    'PRIMARY KEY (order_no, product_id)',
    'CONSTRAINT ck_order_item_quantity CHECK (quantity >= 1)',
  ),
  table(
    'reservation',
    `order_no ${ascii(26)} NOT NULL`,
    `product_id ${ascii(64)} NOT NULL`,
    'quantity int NOT NULL',
    `state ${ascii(16)} NOT NULL`,
    'PRIMARY KEY (order_no, product_id)',
    'CONSTRAINT ck_reservation_quantity CHECK (quantity >= 1)',
  ),
  table(
    'order_log',
    'log_id bigint NOT NULL AUTO_INCREMENT',
    `order_no ${ascii(26)} NOT NULL`,
    `from_status ${ascii(16)} NULL`,
    `to_status ${ascii(16)} NOT NULL`,
    `reason ${ascii(64)} NOT NULL`,
    '`at` datetime(3) NOT NULL',
    'PRIMARY KEY (log_id)',
    'KEY ix_order_log_order (order_no)',
  ),
  table(
    'order_payment',
    `transaction_id ${ascii(32)} NOT NULL`,
    `order_no ${ascii(26)} NOT NULL`,
    `out_trade_no ${ascii(32)} NOT NULL`,
    `role ${ascii(8)} NOT NULL`,
    'total_fee bigint NOT NULL',
    'paid_at datetime(3) NOT NULL',
    `source ${ascii(16)} NOT NULL`,
    'booked_at datetime(3) NOT NULL',
    'PRIMARY KEY (transaction_id)',
    'KEY ix_order_payment_order (order_no)',
    'CONSTRAINT ck_order_payment_total_fee CHECK (total_fee >= 1)',
  ),
  table(
    'point_ledger',
    `order_no ${ascii(26)} NOT NULL`,
    `reason ${ascii(16)} NOT NULL`,
    `buyer_id ${ascii(128)} NOT NULL`,
    'points bigint NOT NULL',
    'PRIMARY KEY (order_no, reason)',
    'KEY ix_point_ledger_buyer (buyer_id)',
  ),
  table(
    'anomaly',
    'anomaly_id bigint NOT NULL AUTO_INCREMENT',
    `kind ${ascii(16)} NOT NULL`,
    `order_no ${ascii(26)} NOT NULL`,
    `transaction_id ${ascii(32)} NOT NULL`,
    'detail varchar(255) NOT NULL',
    `state ${ascii(16)} NOT NULL`,
    'opened_at datetime(3) NOT NULL',
    'PRIMARY KEY (anomaly_id)',
    'UNIQUE KEY uq_anomaly_once (kind, transaction_id)',
    'KEY ix_anomaly_state (state)',
  ),
  table(
    'idempotency',
    `buyer_id ${ascii(128)} NOT NULL`,
    `idem_key ${ascii(128)} NOT NULL`,
    'fingerprint char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL',
    'status smallint NOT NULL',
    'body text NOT NULL',
    'created_at datetime(3) NOT NULL',
    'PRIMARY KEY (buyer_id, idem_key)',
    'KEY ix_idempotency_created (created_at)',
  ),
  outboxTable,
  parkedMessageTable,
];

export class CreateOrderTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateOrderTables1795000000000';

  /** DDL commits as it goes: a run that was killed half-way is taken up again where it stopped. */
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of tables) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of [...tables].reverse()) {
      const name = /^\s*CREATE TABLE IF NOT EXISTS (\w+)/i.exec(sql)?.[1];
      if (name) await runner.query(`DROP TABLE IF EXISTS ${name}`);
    }
  }
}
