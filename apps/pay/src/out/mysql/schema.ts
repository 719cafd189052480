import { AuditRow, OutboxRow, ParkedMessageRow } from '#platform';
import { AnomalyRow } from './anomaly.row.ts';
import { AttemptRow } from './attempt.row.ts';
import { Payments1763700000000 } from './migrations/1763700000000-payments.ts';
import { Refunds1763800000000 } from './migrations/1763800000000-refunds.ts';
import { Audit1763900000000 } from './migrations/1763900000000-audit.ts';
import { Operators1764100000000 } from './migrations/1764100000000-operators.ts';
import { Ways1764000000000 } from './migrations/1764000000000-ways.ts';
import { RefundList1764200000000 } from './migrations/1764200000000-refund-list.ts';
import { RefusedCalls1764300000000 } from './migrations/1764300000000-refused-calls.ts';
import { WideMessages1764400000000 } from './migrations/1764400000000-wide-messages.ts';
import { NoticeRow } from './notice.row.ts';
import { PayableRow } from './payable.row.ts';
import { RefundListingRow } from './refund-listing.row.ts';
import { RefundRow } from './refund.row.ts';

/** The schema as the app expects it. */
export const paySchema = {
  entities: [
    PayableRow,
    AttemptRow,
    NoticeRow,
    AnomalyRow,
    RefundRow,
    RefundListingRow,
    OutboxRow,
    ParkedMessageRow,
    AuditRow,
  ],
  migrations: [
    Payments1763700000000,
    Refunds1763800000000,
    Audit1763900000000,
    Ways1764000000000,
    Operators1764100000000,
    RefundList1764200000000,
    RefusedCalls1764300000000,
    WideMessages1764400000000,
  ],
};
