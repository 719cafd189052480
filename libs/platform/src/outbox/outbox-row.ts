import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * An event that was committed and is not yet confirmed by the broker. The row is leased to the process that publishes
 * it; an expired lease may be taken by anyone. Confirmed rows are deleted, so the table is empty when all is well.
 */
@Entity('outbox')
@Index('uq_outbox_message', ['messageId'], { unique: true })
export class OutboxRow {
  @PrimaryGeneratedColumn({ type: 'bigint', unsigned: true })
  id!: string;

  @Column({ type: 'varchar', name: 'message_id', length: 128, charset: 'ascii', collation: 'ascii_bin' })
  messageId!: string;

  @Column({ type: 'varchar', length: 64, charset: 'ascii', collation: 'ascii_bin' })
  type!: string;

  /** The message as it is sent, JSON. */
  @Column('mediumtext')
  body!: string;

  /** 1: someone must receive it. 0: a notice, sent to whoever listens. */
  @Column('tinyint', { unsigned: true })
  required!: number;

  @Column('datetime', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column({ type: 'varchar', name: 'locked_by', length: 64, charset: 'ascii', collation: 'ascii_bin' })
  lockedBy!: string;

  @Column('datetime', { name: 'locked_until', precision: 3 })
  lockedUntil!: Date;

  @Column('int', { unsigned: true })
  attempts!: number;

  /** Why the last try failed; empty before the first failure. */
  @Column({ type: 'varchar', name: 'last_error', length: 255 })
  lastError!: string;
}

/** For the migration that creates {@link OutboxRow}'s table. Runs on MySQL 8.4 and MariaDB 10.11. */
export const outboxTable = `CREATE TABLE IF NOT EXISTS outbox (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body mediumtext NOT NULL,
  required tinyint unsigned NOT NULL,
  created_at datetime(3) NOT NULL,
  locked_by varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  locked_until datetime(3) NOT NULL,
  attempts int unsigned NOT NULL,
  last_error varchar(255) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_outbox_message (message_id)
) ENGINE=InnoDB`;
