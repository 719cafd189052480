import { type MigrationInterface, type QueryRunner } from 'typeorm';

const ascii = (length: number) => `varchar(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * What operators decide: how anomalies end, which refund took the place of another, how money was repaid without WeChat;
 * and how often a request was told. An anomaly about a refund names it: each refund of a payment has its own.
 */
export class Operators1795300000000 implements MigrationInterface {
  readonly name = 'Operators1795300000000';

  /** All of one table comes in one statement, so that a run that was killed finds all of it or none. */
  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn('anomaly', 'out_refund_no'))) {
      await runner.query(`ALTER TABLE anomaly
        ADD COLUMN out_refund_no ${ascii(64)} NOT NULL DEFAULT '',
        ADD COLUMN closed_at datetime(3) NULL,
        ADD COLUMN closed_by varchar(128) NULL,
        ADD COLUMN note varchar(255) NULL,
        DROP KEY uq_anomaly_once,
        ADD UNIQUE KEY uq_anomaly_once (kind, transaction_id, out_refund_no),
        ADD KEY ix_anomaly_transaction (transaction_id)`);
    }
    if (!(await runner.hasColumn('refund_request', 'replaces'))) {
      await runner.query(`ALTER TABLE refund_request
        ADD COLUMN replaces ${ascii(64)} NULL,
        ADD COLUMN repaid_how ${ascii(32)} NULL,
        ADD COLUMN note varchar(255) NULL,
        ADD COLUMN sends int unsigned NOT NULL DEFAULT 0,
        ADD KEY ix_refund_request_requested (requested_at, out_refund_no)`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn('refund_request', 'replaces')) {
      await runner.query(
        `ALTER TABLE refund_request DROP KEY ix_refund_request_requested, DROP COLUMN replaces, DROP COLUMN repaid_how,
          DROP COLUMN note, DROP COLUMN sends`,
      );
    }
    if (await runner.hasColumn('anomaly', 'out_refund_no')) {
      await runner.query(`ALTER TABLE anomaly DROP KEY uq_anomaly_once, DROP KEY ix_anomaly_transaction,
        DROP COLUMN out_refund_no, DROP COLUMN closed_at, DROP COLUMN closed_by, DROP COLUMN note,
        ADD UNIQUE KEY uq_anomaly_once (kind, transaction_id)`);
    }
  }
}
