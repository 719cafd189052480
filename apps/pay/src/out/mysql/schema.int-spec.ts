import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Till } from './till.testing.ts';

// Batches that fall back and a broker that is away are part of these tests.
Logger.overrideLogger(false);

const till = Till.forTests('pay_schema');

describe('the schema', () => {
  it('is what the row classes say', async () => {
    const [server] = await till.db.query<{ version: string }[]>('SELECT VERSION() AS version');
    // The two servers describe a missing default differently; TypeORM has to be told which one it reads.
    const type = server!.version.includes('MariaDB') ? 'mariadb' : 'mysql';
    const reader = await new DataSource({ ...till.db.options, type } as DataSourceOptions).initialize();
    try {
      const { upQueries } = await reader.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await reader.destroy();
    }
  });
});
