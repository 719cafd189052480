import type { MigrationInterface, QueryRunner } from 'typeorm';
import { widenMessages } from '#platform';

/** Messages hold every character, whatever the schema was made for. */
export class WideMessages1764400000000 implements MigrationInterface {
  readonly name = 'WideMessages1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await widenMessages(runner);
  }

  async down(): Promise<void> {
    // What has room for every character has room for fewer.
  }
}
