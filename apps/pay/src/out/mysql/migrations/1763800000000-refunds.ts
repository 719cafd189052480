import type { MigrationInterface, QueryRunner } from 'typeorm';

const ascii = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** Refunds, as they are carried out at WeChat. */
export class Refunds1763800000000 implements MigrationInterface {
  name = 'Refunds1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS refund (
        out_refund_no ${ascii(64)} NOT NULL,
        order_no ${ascii(32)} NOT NULL,
        out_trade_no ${ascii(32)} NOT NULL,
        transaction_id ${ascii(32)} NOT NULL,
        mch_id ${ascii(32)} NOT NULL,
        appid ${ascii(32)} NOT NULL,
        total_fee BIGINT UNSIGNED NOT NULL,
        amount_fen BIGINT UNSIGNED NOT NULL,
        reason VARCHAR(80) NOT NULL,
        origin ${ascii(8)} NOT NULL,
        state ${ascii(16)} NOT NULL,
        refund_id ${ascii(32)} NULL,
        called_at DATETIME(3) NULL,
        next_try_at DATETIME(3) NULL,
        locked_until DATETIME(3) NULL,
        tries INT UNSIGNED NOT NULL DEFAULT 0,
        last_error VARCHAR(255) NOT NULL,
        created_at DATETIME(3) NOT NULL,
        updated_at DATETIME(3) NOT NULL,
        PRIMARY KEY (out_refund_no),
        KEY refund_transaction (transaction_id),
        KEY refund_order (order_no),
        KEY refund_next_try (next_try_at)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS refund');
  }
}
