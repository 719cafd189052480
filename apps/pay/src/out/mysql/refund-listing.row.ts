import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii, count, time } from './columns.ts';

/** A payment that WeChat knows refunds of, which are not all known here. Written with the settlement that saw it. */
@Entity('refund_listing')
@Index('refund_listing_due', ['due_at'])
export class RefundListingRow {
  @PrimaryColumn(ascii(32))
  transaction_id!: string;
  /** When WeChat is asked; while somebody asks, when the lease ends. */
  @Column(time)
  due_at!: Date;
  @Column({ ...count, default: 0 })
  tries!: number;
}
