import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { auditTable } from '#platform';

/** What operators did. */
export class Audit1763900000000 implements MigrationInterface {
  readonly name = 'Audit1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(auditTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS audit');
  }
}
