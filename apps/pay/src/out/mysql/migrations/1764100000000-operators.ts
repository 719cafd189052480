import type { MigrationInterface, QueryRunner } from 'typeorm';

const ascii = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/** How anomalies end, and payments whose refunds have still to be listed at WeChat. */
export class Operators1764100000000 implements MigrationInterface {
  readonly name = 'Operators1764100000000';

  /** Columns come in one statement, so that a run that was killed finds all of them or none. */
  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn('anomaly', 'closed_at'))) {
      await runner.query(`ALTER TABLE anomaly
        ADD COLUMN closed_at DATETIME(3) NULL,
        ADD COLUMN closed_by VARCHAR(128) NULL,
        ADD COLUMN note VARCHAR(255) NULL`);
    }
    await runner.query(`
      CREATE TABLE IF NOT EXISTS refund_listing (
        transaction_id ${ascii(32)} NOT NULL,
        due_at DATETIME(3) NOT NULL,
        tries INT UNSIGNED NOT NULL DEFAULT 0,
        PRIMARY KEY (transaction_id),
        KEY refund_listing_due (due_at)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS refund_listing');
    if (await runner.hasColumn('anomaly', 'closed_at')) {
      await runner.query('ALTER TABLE anomaly DROP COLUMN closed_at, DROP COLUMN closed_by, DROP COLUMN note');
    }
  }
}
