import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { CloseReason, OrderStatus, PayableState } from '../../domain/payable.ts';
import { ascii, count, fen, time } from './columns.ts';

/** One order that can be paid. Prepay, settle and close lock this row before any attempt of the order. */
@Entity('payable')
@Index('payable_close_due', ['close_due_at'])
export class PayableRow {
  @PrimaryColumn(ascii(32))
  order_no!: string;
  @Column(ascii(32))
  mch_id!: string;
  @Column(ascii(32))
  appid!: string;
  @Column(fen)
  total_fee!: string;
  @Column({ type: 'varchar', length: '255' })
  title!: string;
  @Column(time)
  expires_at!: Date;
  @Column(ascii(8))
  state!: PayableState;
  @Column(ascii(16))
  order_status!: OrderStatus;
  @Column({ ...ascii(16), nullable: true })
  close_reason!: CloseReason | null;
  /** Counts the commands that were answered separately. */
  @Column({ ...count, default: 0 })
  close_seq!: number;
  @Column({ ...time, nullable: true })
  close_due_at!: Date | null;
  @Column({ ...time, nullable: true })
  close_locked_until!: Date | null;
  @Column({ ...count, default: 0 })
  close_tries!: number;
  /** When a buyer's query last asked WeChat, while Redis was away. */
  @Column({ ...time, nullable: true })
  asked_at!: Date | null;
  @Column(time)
  created_at!: Date;
  @Column(time)
  updated_at!: Date;
}
