import { AuditRow, OutboxRow, ParkedMessageRow } from '#platform';
import { CreateOrderTables1795000000000 } from './migrations/1795000000000-create-order-tables.ts';
import { Refunds1795100000000 } from './migrations/1795100000000-refunds.ts';
import { Audit1795200000000 } from './migrations/1795200000000-audit.ts';
import { Operators1795300000000 } from './migrations/1795300000000-operators.ts';
import { WideMessages1795400000000 } from './migrations/1795400000000-wide-messages.ts';
import { orderRows } from './rows.ts';

/** The schema as the app expects it. */
export const orderSchema = {
  entities: [...orderRows, OutboxRow, ParkedMessageRow, AuditRow],
  migrations: [
    CreateOrderTables1795000000000,
    Refunds1795100000000,
    Audit1795200000000,
    Operators1795300000000,
    WideMessages1795400000000,
  ],
};
