import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { freshSchema } from '../../../../test/support/services.ts';
import { openDataSource } from './data-source.ts';
import { migrate } from './migrate.ts';
import { isInfrastructureTrouble } from './trouble.ts';

class Sound1763700000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE shelf (id int PRIMARY KEY)');
  }
  async down(): Promise<void> {
    // Never undone here.
  }
}

class Broken1763700000002 extends Sound1763700000001 {}

let schema: Awaited<ReturnType<typeof freshSchema>>;
beforeAll(async () => {
  schema = await freshSchema('migrate');
});
afterAll(() => schema.drop());

describe('a migration that cannot be run', () => {
  it('is named with its reason, by the error alone; the ones before it stand', async () => {
    const spoken = (['log', 'info', 'warn', 'error'] as const).map((name) => jest.spyOn(console, name));
    const source = await openDataSource({ url: schema.url, migrations: [Sound1763700000001, Broken1763700000002] });
    try {
      const failure = await migrate(source).catch((error: unknown) => error);
      expect(String(failure)).toMatch(
        /^MigrationFailed: migration Broken1763700000002 failed: .*'shelf' already exists/,
      );
      expect(isInfrastructureTrouble(failure)).toBe(false);
      expect(await source.query('SELECT name FROM migrations')).toEqual([{ name: 'Sound1763700000001' }]);
      expect(spoken.flatMap((one) => one.mock.calls)).toEqual([]);
    } finally {
      for (const one of spoken) one.mockRestore();
      await source.destroy();
    }
  });
});
