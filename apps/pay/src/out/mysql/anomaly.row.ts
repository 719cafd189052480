import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { ascii, time } from './columns.ts';

/** Money that does not fit: AMOUNT differs from what was asked, UNKNOWN belongs to nothing of ours. One per transaction. */
@Entity('anomaly')
@Index('anomaly_transaction', ['kind', 'transaction_id'], { unique: true })
@Index('anomaly_order', ['order_no'])
export class AnomalyRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;
  @Column(ascii(8))
  kind!: 'AMOUNT' | 'UNKNOWN';
  @Column({ ...ascii(32), nullable: true })
  order_no!: string | null;
  @Column(ascii(32))
  out_trade_no!: string;
  @Column(ascii(32))
  transaction_id!: string;
  /** JSON: what came and what was expected. */
  @Column({ type: 'text' })
  detail!: string;
  @Column(ascii(8))
  state!: 'OPEN' | 'DONE';
  @Column(time)
  created_at!: Date;
  @Column({ ...time, nullable: true })
  closed_at!: Date | null;
  /** The operator who closed it; null when it closed by itself. */
  @Column({ type: 'varchar', length: '128', nullable: true })
  closed_by!: string | null;
  /** Why nothing is open any more. */
  @Column({ type: 'varchar', length: '255', nullable: true })
  note!: string | null;
}
