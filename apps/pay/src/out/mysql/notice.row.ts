import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { ascii, time } from './columns.ts';

/** A verified notification, byte by byte; the same bytes again cost no second row. */
@Entity('notice')
@Index('notice_digest', ['digest'], { unique: true })
@Index('notice_out_trade_no', ['out_trade_no'])
export class NoticeRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;
  @Column(ascii(8))
  kind!: 'paid' | 'failed';
  @Column(ascii(32))
  out_trade_no!: string;
  @Column({ ...ascii(32), nullable: true })
  transaction_id!: string | null;
  /** SHA-256 of `raw`. */
  @Column({ type: 'binary', length: 32 })
  digest!: Buffer;
  @Column({ type: 'mediumblob' })
  raw!: Buffer;
  /** What settling made of it; `unclear` until a query has confirmed it. */
  @Column(ascii(24))
  outcome!: string;
  @Column(ascii(45))
  remote_ip!: string;
  @Column(time)
  received_at!: Date;
}
