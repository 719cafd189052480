import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { execute, transact } from '#platform';
import { type DueListing, RefundListings } from '../../flow/ports.ts';
import type { RefundListingRow } from './refund-listing.row.ts';
import { forThisOne, fromNow, micros } from './rows.ts';

@Injectable()
export class RefundListingsMysql extends RefundListings {
  constructor(private readonly db: DataSource) {
    super();
  }

  override claim(limit: number, leaseMs: number): Promise<DueListing[]> {
    return transact(this.db, async (em) => {
      const rows = await em.query<RefundListingRow[]>(
        `SELECT * FROM refund_listing WHERE due_at <= UTC_TIMESTAMP(3) ORDER BY due_at LIMIT ? ${forThisOne}`,
        [limit],
      );
      if (rows.length > 0) {
        await em.query(`UPDATE refund_listing SET due_at = ${fromNow}, tries = tries + 1 WHERE transaction_id IN (?)`, [
          micros(leaseMs),
          rows.map((row) => row.transaction_id),
        ]);
      }
      return rows.map((row) => ({ transactionId: row.transaction_id, tries: row.tries }));
    });
  }

  override async done(transactionId: string): Promise<void> {
    await execute(this.db, 'DELETE FROM refund_listing WHERE transaction_id = ?', [transactionId]);
  }

  override async later(transactionId: string, inMs: number): Promise<void> {
    await execute(this.db, `UPDATE refund_listing SET due_at = ${fromNow} WHERE transaction_id = ?`, [
      micros(inMs),
      transactionId,
    ]);
  }
}
