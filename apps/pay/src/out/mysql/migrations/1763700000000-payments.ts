import type { MigrationInterface, QueryRunner } from 'typeorm';
import { outboxTable, parkedMessageTable } from '#platform';

const ascii = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
const table = 'ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

/** Payables, attempts, notices, anomalies; outbox and parked messages. */
export class Payments1763700000000 implements MigrationInterface {
  name = 'Payments1763700000000';

  /** DDL commits as it goes: a run that was killed half-way is taken up again where it stopped. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS payable (
        order_no ${ascii(32)} NOT NULL,
        mch_id ${ascii(32)} NOT NULL,
        appid ${ascii(32)} NOT NULL,
        total_fee BIGINT UNSIGNED NOT NULL,
        title VARCHAR(255) NOT NULL,
        expires_at DATETIME(3) NOT NULL,
        state ${ascii(8)} NOT NULL,
        order_status ${ascii(16)} NOT NULL,
        close_reason ${ascii(16)} NULL,
        close_seq INT UNSIGNED NOT NULL DEFAULT 0,
        close_due_at DATETIME(3) NULL,
        close_locked_until DATETIME(3) NULL,
        close_tries INT UNSIGNED NOT NULL DEFAULT 0,
        asked_at DATETIME(3) NULL,
        created_at DATETIME(3) NOT NULL,
        updated_at DATETIME(3) NOT NULL,
        PRIMARY KEY (order_no),
        KEY payable_close_due (close_due_at)
      ) ${table}`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS attempt (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        order_no ${ascii(32)} NOT NULL,
        seq INT UNSIGNED NOT NULL,
        out_trade_no ${ascii(32)} NOT NULL,
        mch_id ${ascii(32)} NOT NULL,
        appid ${ascii(32)} NOT NULL,
        trade_type ${ascii(16)} NOT NULL,
        sign_type ${ascii(16)} NOT NULL,
        total_fee BIGINT UNSIGNED NOT NULL,
        body VARCHAR(127) NOT NULL,
        product_id ${ascii(32)} NOT NULL,
        notify_url ${ascii(256)} NOT NULL,
        spbill_create_ip ${ascii(45)} NOT NULL,
        time_start DATETIME(3) NOT NULL,
        time_expire DATETIME(3) NOT NULL,
        prepay_seq INT UNSIGNED NOT NULL,
        state ${ascii(8)} NOT NULL,
        open_slot TINYINT UNSIGNED NULL,
        prepay_id ${ascii(64)} NULL,
        code_url ${ascii(512)} NULL,
        code_url_at DATETIME(3) NULL,
        called_at DATETIME(3) NOT NULL,
        calling_until DATETIME(3) NULL,
        transaction_id ${ascii(32)} NULL,
        paid_at DATETIME(3) NULL,
        openid ${ascii(128)} NULL,
        bank_type ${ascii(32)} NULL,
        settle_source ${ascii(8)} NULL,
        next_check_at DATETIME(3) NULL,
        check_tries INT UNSIGNED NOT NULL DEFAULT 0,
        created_at DATETIME(3) NOT NULL,
        updated_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id),
        UNIQUE KEY attempt_out_trade_no (out_trade_no),
        UNIQUE KEY attempt_open_slot (order_no, open_slot),
        UNIQUE KEY attempt_transaction (transaction_id),
        KEY attempt_next_check (next_check_at)
      ) ${table}`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS notice (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        kind ${ascii(8)} NOT NULL,
        out_trade_no ${ascii(32)} NOT NULL,
        transaction_id ${ascii(32)} NULL,
        digest BINARY(32) NOT NULL,
        raw MEDIUMBLOB NOT NULL,
        outcome ${ascii(24)} NOT NULL,
        remote_ip ${ascii(45)} NOT NULL,
        received_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id),
        UNIQUE KEY notice_digest (digest),
        KEY notice_out_trade_no (out_trade_no)
      ) ${table}`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS anomaly (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        kind ${ascii(8)} NOT NULL,
        order_no ${ascii(32)} NULL,
        out_trade_no ${ascii(32)} NOT NULL,
        transaction_id ${ascii(32)} NOT NULL,
        detail TEXT NOT NULL,
        state ${ascii(8)} NOT NULL,
        created_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id),
        UNIQUE KEY anomaly_transaction (kind, transaction_id),
        KEY anomaly_order (order_no)
      ) ${table}`);
    await runner.query(outboxTable);
    await runner.query(parkedMessageTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['parked_message', 'outbox', 'anomaly', 'notice', 'attempt', 'payable']) {
      await runner.query(`DROP TABLE ${name}`);
    }
  }
}
