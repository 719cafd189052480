import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { AttemptState, SettleSource, SignType } from '../../domain/attempt.ts';
import type { TradeType } from '../../domain/way.ts';
import { ascii, count, fen, time } from './columns.ts';

/** One order at WeChat, with every parameter it was made with. */
@Entity('attempt')
@Index('attempt_out_trade_no', ['out_trade_no'], { unique: true })
@Index('attempt_open_slot', ['order_no', 'open_slot'], { unique: true })
@Index('attempt_transaction', ['transaction_id'], { unique: true })
@Index('attempt_next_check', ['next_check_at'])
export class AttemptRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;
  @Column(ascii(32))
  order_no!: string;
  @Column(count)
  seq!: number;
  @Column(ascii(32))
  out_trade_no!: string;
  @Column(ascii(32))
  mch_id!: string;
  @Column(ascii(32))
  appid!: string;
  @Column(ascii(16))
  trade_type!: TradeType;
  @Column(ascii(16))
  sign_type!: SignType;
  @Column(fen)
  total_fee!: string;
  @Column({ type: 'varchar', length: '127' })
  body!: string;
  @Column(ascii(32))
  product_id!: string;
  @Column(ascii(256))
  notify_url!: string;
  @Column(ascii(45))
  spbill_create_ip!: string;
  /** JSAPI: who is to pay; `openid` is who paid. */
  @Column({ ...ascii(128), nullable: true })
  payer_openid!: string | null;
  @Column({ ...ascii(256), nullable: true })
  wap_url!: string | null;
  @Column({ type: 'varchar', length: '64', nullable: true })
  wap_name!: string | null;
  @Column(time)
  time_start!: Date;
  @Column(time)
  time_expire!: Date;
  @Column(count)
  prepay_seq!: number;
  /** Equal to `prepay_seq` while every call of unifiedorder was refused: then nothing of it is under way. */
  @Column({ ...count, default: 0 })
  refused_seq!: number;
  @Column(ascii(8))
  state!: AttemptState;
  /** 1 while open, NULL after: the unique index allows one open attempt per order. */
  @Column({ type: 'tinyint', unsigned: true, nullable: true })
  open_slot!: number | null;
  @Column({ ...ascii(64), nullable: true })
  prepay_id!: string | null;
  @Column({ ...ascii(512), nullable: true })
  code_url!: string | null;
  @Column({ ...ascii(2048), nullable: true })
  mweb_url!: string | null;
  /** When WeChat gave the newest prepay_id, and the code_url or mweb_url with it. */
  @Column({ ...time, nullable: true })
  code_url_at!: Date | null;
  /** Deadline of the newest unifiedorder call. */
  @Column(time)
  called_at!: Date;
  @Column({ ...time, nullable: true })
  calling_until!: Date | null;
  @Column({ ...ascii(32), nullable: true })
  transaction_id!: string | null;
  @Column({ ...time, nullable: true })
  paid_at!: Date | null;
  @Column({ ...ascii(128), nullable: true })
  openid!: string | null;
  @Column({ ...ascii(32), nullable: true })
  bank_type!: string | null;
  @Column({ ...ascii(8), nullable: true })
  settle_source!: SettleSource | null;
  @Column({ ...time, nullable: true })
  next_check_at!: Date | null;
  @Column({ ...count, default: 0 })
  check_tries!: number;
  @Column(time)
  created_at!: Date;
  @Column(time)
  updated_at!: Date;
}
