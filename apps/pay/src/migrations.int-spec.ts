import { testMigrations } from '../../../test/support/migrations.ts';
import { paySchema } from './out/mysql/schema.ts';

testMigrations('pay', paySchema);
