import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Refunds are listed for operators, newest first. */
export class RefundList1764200000000 implements MigrationInterface {
  readonly name = 'RefundList1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    const [known] = (await runner.query("SHOW INDEX FROM refund WHERE Key_name = 'refund_created'")) as unknown[];
    if (known === undefined) {
      await runner.query('ALTER TABLE refund ADD KEY refund_created (created_at, out_refund_no)');
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE refund DROP KEY refund_created');
  }
}
