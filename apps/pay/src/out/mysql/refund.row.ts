import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RefundOrigin, RefundState } from '../../domain/refund.ts';
import { ascii, count, fen, time } from './columns.ts';

/** One refund at WeChat. The row stands before WeChat is called, and keeps its number through every repeat. */
@Entity('refund')
@Index('refund_transaction', ['transaction_id'])
@Index('refund_order', ['order_no'])
@Index('refund_next_try', ['next_try_at'])
@Index('refund_created', ['created_at', 'out_refund_no'])
export class RefundRow {
  @PrimaryColumn(ascii(64))
  out_refund_no!: string;
  @Column(ascii(32))
  order_no!: string;
  @Column(ascii(32))
  out_trade_no!: string;
  @Column(ascii(32))
  transaction_id!: string;
  @Column(ascii(32))
  mch_id!: string;
  @Column(ascii(32))
  appid!: string;
  @Column(fen)
  total_fee!: string;
  @Column(fen)
  amount_fen!: string;
  @Column({ type: 'varchar', length: '80' })
  reason!: string;
  @Column(ascii(8))
  origin!: RefundOrigin;
  @Column(ascii(16))
  state!: RefundState;
  @Column({ ...ascii(32), nullable: true })
  refund_id!: string | null;
  /** When WeChat was last called with it. */
  @Column({ ...time, nullable: true })
  called_at!: Date | null;
  @Column({ ...time, nullable: true })
  next_try_at!: Date | null;
  @Column({ ...time, nullable: true })
  locked_until!: Date | null;
  /** Tries since the last change of state. */
  @Column({ ...count, default: 0 })
  tries!: number;
  /** Why the last try did not end it, or why WeChat refused it. */
  @Column({ type: 'varchar', length: '255' })
  last_error!: string;
  @Column(time)
  created_at!: Date;
  @Column(time)
  updated_at!: Date;
}
