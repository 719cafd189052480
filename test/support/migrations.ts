/** What must hold of the migrations of every app. MySQL commits DDL as it goes, so one that is killed leaves half of its work. */
import { describe, expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { freshSchema } from './services.ts';
import { type DatabaseOptions, migrate, MigrationFailed, openDataSource } from '#platform';

type Migration = new () => MigrationInterface;
interface Schema extends Pick<DatabaseOptions, 'entities'> {
  migrations: Migration[];
}

class Killed extends Error {}

/** Declares the tests. @param name of the schemas, before something random */
export function testMigrations(name: string, schema: Schema): void {
  describe('migrations whose process is killed, H4 of the fault matrix', () => {
    it('are taken up after every statement, and end as those of a process that lives', async () => {
      const [killed, whole] = [await freshSchema(name), await freshSchema(name)];
      try {
        expect(await migrateThroughDeaths(killed.url, schema)).toBeGreaterThan(schema.migrations.length);
        await migrateAtOnce(whole.url, schema);
        expect(await tablesOf(killed.url)).toEqual(await tablesOf(whole.url));
      } finally {
        await Promise.all([killed.drop(), whole.drop()]);
      }
    });
  });

  describe('migrations of a schema that was made for another language', () => {
    it('make room for every character', async () => {
      const latin = await freshSchema(name, 'latin1');
      try {
        await migrateAtOnce(latin.url, schema);
        expect(await narrowColumns(latin.url)).toEqual([]);
      } finally {
        await latin.drop();
      }
    });
  });
}

/**
 * Migrates an empty schema by processes that die: of each migration the first try after its first statement, the second
 * one after its second, and so on, each taking up what the one before has left, until one comes to the end.
 * @returns how many have died
 */
async function migrateThroughDeaths(url: string, schema: Schema): Promise<number> {
  const tries = new Map<Migration, number>();
  const migrations = schema.migrations.map((migration) => mortal(migration, tries));
  for (let deaths = 0; ; deaths += 1) {
    const source = await openDataSource({ url, ...schema, migrations });
    try {
      await migrate(source);
      return deaths;
    } catch (error) {
      if (!(error instanceof MigrationFailed && error.cause instanceof Killed)) throw error;
    } finally {
      await source.destroy();
    }
  }
}

/** Migrates an empty schema in one go. */
async function migrateAtOnce(url: string, schema: Schema): Promise<void> {
  const source = await openDataSource({ url, ...schema });
  await migrate(source).finally(() => source.destroy());
}

/** Every table as the server would create it. */
async function tablesOf(url: string): Promise<string[]> {
  const source = await openDataSource({ url });
  try {
    const tables = await source.query<Record<string, string>[]>('SHOW TABLES');
    const created: string[] = [];
    for (const table of tables) {
      const [row] = await source.query<Record<string, string>[]>(`SHOW CREATE TABLE ${Object.values(table)[0] ?? ''}`);
      created.push((row?.['Create Table'] ?? '').replace(/ AUTO_INCREMENT=\d+/, ''));
    }
    return created.sort();
  } finally {
    await source.destroy();
  }
}

/** Columns whose text is neither what machines compare (ascii) nor what people write (utf8mb4). */
async function narrowColumns(url: string): Promise<string[]> {
  const source = await openDataSource({ url });
  try {
    const rows = await source.query<{ name: string }[]>(
      `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'migrations'
          AND CHARACTER_SET_NAME NOT IN ('ascii', 'utf8mb4')`,
    );
    return rows.map(({ name }) => name).sort();
  } finally {
    await source.destroy();
  }
}

/** Dies after a statement, or at its end, before anybody has noted that it is done. */
function mortal(Original: Migration, tries: Map<Migration, number>): Migration {
  class Mortal {
    readonly #original = new Original();
    readonly name = this.#original.name ?? Original.name;

    async up(runner: QueryRunner): Promise<void> {
      let left = 1 + (tries.get(Original) ?? 0);
      tries.set(Original, left);
      const step = (): void => {
        left -= 1;
        if (left === 0) throw new Killed();
      };
      await this.#original.up(counting(runner, step));
      step();
    }

    down(runner: QueryRunner): Promise<void> {
      return this.#original.down(runner);
    }
  }
  return Mortal;
}

const counting = (runner: QueryRunner, step: () => void): QueryRunner =>
  new Proxy(runner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'query') return member.bind(target) as unknown;
      return async (sql: string, parameters?: unknown[]) => {
        const answer: unknown = await target.query(sql, parameters);
        step();
        return answer;
      };
    },
  });
