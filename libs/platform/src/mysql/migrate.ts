import { createHash } from 'node:crypto';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { createMigrationSource } from './data-source.ts';
import { DatabaseAway } from './trouble.ts';

const LOCK_WITHIN_SECONDS = 120;

/** One migration could not be run; `cause` says why. Those before it stand. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';

  constructor(migration: string, cause: unknown) {
    super(`migration ${migration} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Brings the schema up to date, one process at a time: the others wait for the server's named lock and then find
 * nothing left to do. The lock ends with its connection, so a killed process holds up nobody.
 *
 * @returns names of the migrations that were run
 * @throws MigrationFailed, DatabaseAway when another process does not come to an end, or what the server says
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const source = await createMigrationSource(dataSource).initialize();
  source.migrations.forEach(nameFailure);
  try {
    const guard = source.createQueryRunner();
    const lock = lockName(String(dataSource.options.database));
    try {
      await takeLock(guard, lock);
      const done = await source.runMigrations({ transaction: 'each' });
      await guard.query('DO RELEASE_LOCK(?)', [lock]);
      return done.map(({ name }) => name);
    } finally {
      await guard.release();
    }
  } finally {
    await source.destroy();
  }
}

function nameFailure(migration: MigrationInterface): void {
  const up = migration.up.bind(migration);
  migration.up = async (runner) => {
    try {
      await up(runner);
    } catch (error) {
      throw new MigrationFailed(migration.name ?? migration.constructor.name, error);
    }
  };
}

/** At most 64 characters, which is MySQL's bound; locks are the server's, not the schema's. */
const lockName = (database: string): string =>
  `paypair.migrate.${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;

async function takeLock(runner: QueryRunner, name: string): Promise<void> {
  const rows = (await runner.query('SELECT GET_LOCK(?, ?) AS taken', [name, LOCK_WITHIN_SECONDS])) as {
    taken: unknown;
  }[];
  if (Number(rows[0]?.taken) !== 1) throw new DatabaseAway('another process holds the migration lock');
}
