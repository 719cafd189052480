import { type MigrationInterface, type QueryRunner } from 'typeorm';

const ascii = (length: number) => `varchar(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** What was given back of each payment, what is on its way back, and the requests for it. */
export class Refunds1795100000000 implements MigrationInterface {
  readonly name = 'Refunds1795100000000';

  /** Columns and their check come in one statement, so that a run that was killed finds all of them or none. */
  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn('order_payment', 'reserved_fen'))) {
      await runner.query(`ALTER TABLE order_payment
        ADD COLUMN refunded_fen bigint NOT NULL DEFAULT 0,
        ADD COLUMN reserved_fen bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT ck_order_payment_refunds
          CHECK (refunded_fen >= 0 AND reserved_fen >= 0 AND refunded_fen <= total_fee)`);
    }
    await runner.query(`CREATE TABLE IF NOT EXISTS refund_request (
      out_refund_no ${ascii(64)} NOT NULL,
      order_no ${ascii(26)} NOT NULL,
      transaction_id ${ascii(32)} NOT NULL,
      amount_fen bigint NOT NULL,
      reason varchar(80) NOT NULL,
      restock tinyint unsigned NOT NULL,
      origin ${ascii(8)} NOT NULL,
      state ${ascii(16)} NOT NULL,
      refund_id ${ascii(32)} NULL,
      requested_by ${ascii(128)} NOT NULL,
      requested_at datetime(3) NOT NULL,
      sent_at datetime(3) NOT NULL,
      ended_at datetime(3) NULL,
      PRIMARY KEY (out_refund_no),
      KEY ix_refund_request_order (order_no),
      KEY ix_refund_request_transaction (transaction_id),
      KEY ix_refund_request_sent (state, sent_at),
      CONSTRAINT ck_refund_request_amount CHECK (amount_fen >= 1)
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS refund_request');
    if (await runner.hasColumn('order_payment', 'reserved_fen')) {
      await runner.query(`ALTER TABLE order_payment DROP CONSTRAINT ck_order_payment_refunds,
        DROP COLUMN refunded_fen, DROP COLUMN reserved_fen`);
    }
  }
}
