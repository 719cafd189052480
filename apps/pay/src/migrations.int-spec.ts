import { describe, expect, it } from '@jest/globals';
import {
  migrateAtOnce,
  migrateThroughDeaths,
  narrowColumns,
  tablesOf,
} from '../../../test/support/killed-migrations.ts';
import { freshSchema } from '../../../test/support/services.ts';
import { paySchema } from './out/mysql/schema.ts';

describe('migrations whose process is killed, H4 of the fault matrix', () => {
  it('are taken up after every statement, and end as those of a process that lives', async () => {
    const [killed, whole] = [await freshSchema('pay'), await freshSchema('pay')];
    try {
      expect(await migrateThroughDeaths(killed.url, paySchema)).toBeGreaterThan(paySchema.migrations.length);
      await migrateAtOnce(whole.url, paySchema);
      expect(await tablesOf(killed.url)).toEqual(await tablesOf(whole.url));
    } finally {
      await Promise.all([killed.drop(), whole.drop()]);
    }
  });
});

describe('migrations of a schema that was made for another language', () => {
  it('make room for every character', async () => {
    const schema = await freshSchema('pay', 'latin1');
    try {
      await migrateAtOnce(schema.url, paySchema);
      expect(await narrowColumns(schema.url)).toEqual([]);
    } finally {
      await schema.drop();
    }
  });
});
