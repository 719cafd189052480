import { testMigrations } from '../../../test/support/migrations.ts';
import { orderSchema } from './out/mysql/schema.ts';

testMigrations('order', orderSchema);
