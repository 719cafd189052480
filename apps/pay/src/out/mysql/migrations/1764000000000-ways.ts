import type { MigrationInterface, QueryRunner } from 'typeorm';

const ascii = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin NULL`;

/**
 * What JSAPI and MWEB are told and answered. Old processes leave the new columns NULL; an attempt made in one of these
 * ways has no code for them to show, and without its parameters they send WeChat nothing.
 */
export class Ways1764000000000 implements MigrationInterface {
  readonly name = 'Ways1764000000000';

  /** All columns come in one statement, so that a run that was killed finds all of them or none. */
  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn('attempt', 'mweb_url')) return;
    await runner.query(
      `ALTER TABLE attempt ADD COLUMN payer_openid ${ascii(128)}, ADD COLUMN wap_url ${ascii(256)},
         ADD COLUMN wap_name VARCHAR(64) NULL, ADD COLUMN mweb_url ${ascii(2048)}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE attempt DROP COLUMN payer_openid, DROP COLUMN wap_url, DROP COLUMN wap_name, DROP COLUMN mweb_url',
    );
  }
}
