import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which calls of unifiedorder WeChat has refused. Old processes leave it 0, which says nothing about a call: what they
 * begin is waited for as before.
 */
export class RefusedCalls1764300000000 implements MigrationInterface {
  readonly name = 'RefusedCalls1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn('attempt', 'refused_seq')) return;
    await runner.query('ALTER TABLE attempt ADD COLUMN refused_seq INT UNSIGNED NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempt DROP COLUMN refused_seq');
  }
}
